"""Sizes as people write them."""

import numpy as np
import pytest

from autodiff.control.sizes import enough, parse_size, size_text


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("200MB", 200_000_000),
        ("1.5GiB", 1.5 * 2**30),
        ("1.5 gib", 1.5 * 2**30),
        (" 10 kB ", 10_000),
        ("10KiB", 10_240),
        ("3TB", 3 * 10**12),
        ("17", 17),
        (".5MB", 500_000),
        (4096, 4096),
        (1e6, 1_000_000),
        (np.int64(7), 7),
    ],
)
def test_a_size_is_a_number_of_bytes(size, expected):
    found = parse_size(size)
    assert type(found) is int
    assert found == expected


@pytest.mark.parametrize("size", ["", "MB", "200 apples", "-3MB", "1e3MB", 0, -5, "0MB", np.inf])
def test_what_is_no_size(size):
    with pytest.raises(ValueError, match="number"):
        parse_size(size)


@pytest.mark.parametrize("size", [None, True, [1], 1j])
def test_what_is_no_number(size):
    with pytest.raises(TypeError, match="neither a number of bytes nor a text such as '200MB'"):
        parse_size(size)


@pytest.mark.parametrize(
    ("size", "shown", "above"),
    [
        (0, "0 B", "0B"),
        (999, "999 B", "999B"),
        (1000, "1.00 kB", "1.00kB"),
        (12_345, "12.3 kB", "12.4kB"),
        (12_300_000, "12.3 MB", "12.3MB"),
        (12_300_001, "12.3 MB", "12.4MB"),
        (123_400_000, "123 MB", "124MB"),
        (999_999_999, "1000 MB", "1000MB"),
        (1_234_567_890, "1.23 GB", "1.24GB"),
    ],
)
def test_sizes_for_people(size, shown, above):
    assert size_text(size) == shown
    assert enough(size) == above
    if size:
        assert parse_size(enough(size)) >= size


def test_enough_is_enough_and_hardly_more():
    rng = np.random.default_rng(0)
    for size in (10 ** rng.uniform(0, 12, 1000)).astype(int):
        assert size <= parse_size(enough(int(size))) <= 1.01 * size + 1
