"""Calls of the array API standard, compared with `array-api-strict` in each of three modes.

A check is one call on given arrays. It passes in a mode if every result has the oracle's dtype and
shape, and its value up to rounding. (Signs of zeros are among the special cases.)
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import array_api_strict as strict
import numpy as np

import autodiff as ad
import autodiff.numpy as adnp
from autodiff.tracing.record import record

with warnings.catch_warnings():  # that the flag is for this process only
    warnings.simplefilter("ignore")
    strict.set_array_api_strict_flags(api_version="2024.12")

DTYPES = ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8", "c8", "c16")
MODES = ("untraced", "traced", "jit")
TOLERANCE = {"f4": 2e-6, "c8": 2e-6, "f8": 1e-13, "c16": 1e-13}

# What is printed after the tests: how many checks there were, and how many passed, in each mode.
asked: Counter[str] = Counter()
passed: Counter[str] = Counter()


class Check(NamedTuple):
    """One call: `call(xp, *arrays)` gives an array, or a tuple or list of arrays."""

    name: str
    call: Callable[..., Any]
    arrays: tuple[Any, ...]


def data(dtype: str, shape: tuple[int, ...], seed: int = 0) -> Any:
    """Numbers of a dtype, small, of both signs where there are, all different for a few."""
    rng = np.random.default_rng(seed)
    count = int(np.prod(shape))
    x = rng.permutation(max(count, 1))[:count].reshape(shape)
    if dtype == "?":
        return np.asarray(x % 3 == 1)
    if dtype[0] in "iu":
        return np.asarray(x % 100 - (min(count, 100) // 2 if dtype[0] == "i" else 0), dtype)
    real = x * 0.75 - count * 0.3
    return np.asarray(real + (1j * rng.integers(-3, 4, shape) if dtype[0] == "c" else 0), dtype)


def results(returned: Any) -> list[Any]:
    """What a call returned, as a flat list."""
    if not isinstance(returned, tuple | list):
        return [returned]
    return [x for part in returned for x in results(part)]


def oracle(check: Check) -> list[Any] | None:
    """What the strict library gives; None if the standard has no such call for these dtypes."""
    try:
        with quiet():
            given = [strict.asarray(x) if isinstance(x, np.ndarray) else x for x in check.arrays]
            found = results(check.call(strict, *given))
    except (TypeError, ValueError, RuntimeError):
        return None
    return [np.asarray(x._array) if isinstance(x, strict._array_object.Array) else x for x in found]


@contextmanager
def quiet() -> Iterator[None]:
    """Edges of functions warn in NumPy, and so do gradients that nobody asked for."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def run(checks: Sequence[Check], mode: str) -> list[list[Any]]:
    """The results of several calls in one mode: in one trace, or one compiled program."""
    arrays = [x for check in checks for x in check.arrays]

    def calls(xs: Sequence[Any]) -> list[list[Any]]:
        given = iter(xs)
        return [results(c.call(adnp, *[next(given) for _ in c.arrays])) for c in checks]

    if mode == "untraced":
        return calls(arrays)
    if mode == "traced":
        recording = record(calls, arrays, label="a check")
        return recording.output([ad.value_of(x) for x in recording.leaves if ad.is_traced(x)])
    compiled = ad.jit(lambda *xs: calls(xs))
    compiled(*arrays)  # interpreted
    return compiled(*arrays)  # generated code


def difference(found: Sequence[Any], expected: Sequence[Any], rounding: float = 1.0) -> str:
    """What is wrong with the results of a call; nothing if they are right."""
    if len(found) != len(expected):
        return f"{len(found)} results instead of {len(expected)}"
    for x, want in zip(found, expected, strict=True):
        if not isinstance(want, np.ndarray):
            if x != want:
                return f"{x!r} instead of {want!r}"
            continue
        got, want = np.asarray(x), np.asarray(want)
        if (got.dtype, got.shape) != (want.dtype, want.shape):
            return f"{got.dtype}{got.shape} instead of {want.dtype}{want.shape}"
        if not _equal(got, want, rounding):
            return f"{got!r} instead of {want!r}"
    return ""


def _equal(got: Any, want: Any, rounding: float) -> bool:
    tolerance = TOLERANCE.get(want.dtype.str[1:], 0) * rounding
    size = np.max(np.abs(want[np.isfinite(want)]), initial=0)
    near = np.isclose(got, want, rtol=tolerance, atol=tolerance * size, equal_nan=True)
    return bool(np.all(near))


def verify(
    checks: Sequence[Check],
    excused: dict[str, dict[str, str]],
    modes: Sequence[str] = MODES,
    rounding: float = 1.0,
) -> None:
    """All checks that the standard allows, in the modes.

    `excused` says by mode and name which are not asked for, and why. `rounding` is how much worse
    than that of one operation the accuracy of a result may be.
    """
    pairs = [(c, want) for c in checks if (want := oracle(c)) is not None]
    assert pairs, "the oracle takes none of these calls"
    wrong = []
    with quiet():
        for mode in modes:
            known = excused.get(mode, {})
            able = [(c, want) for c, want in pairs if c.name not in known]
            asked[mode] += len(pairs)
            found = run([c for c, _ in able], mode)
            for (check, want), got in zip(able, found, strict=True):
                problem = difference(got, want, rounding)
                passed[mode] += not problem
                if problem:
                    wrong.append(f"{mode}: {check.name}: {problem}")
    assert not wrong, "\n".join(wrong[:10])
