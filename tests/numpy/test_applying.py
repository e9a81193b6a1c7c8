"""Functions that apply functions, and NumPy's functions that take part in no protocol."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from tests.numpy.calls import check_call, check_gradient, sample
from tests.numpy.running import traced

X = sample((3, 4)) - 1.5


def first_and_last(row):
    return np.stack([row[0], row[-1]])


def clipped(row):
    return row if row.sum() > 0 else row * 0.5


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("dtype", ["f8", "f4", "c16", "i8"])
def test_apply_along_axis(axis, dtype):
    x = sample((2, 3, 4), dtype)
    for f in (
        np.sum,
        first_and_last,
        lambda r: np.outer(r, r),
        lambda r: 1,
        lambda r: np.sum(r) > 1,
    ):
        check_call(lambda x, f=f: np.apply_along_axis(f, axis, x), x)


def test_apply_along_axis_of_a_function_that_asks_for_values():
    check_call(lambda x: np.apply_along_axis(clipped, 1, x), X, compiled=False)
    check_gradient(lambda x: np.apply_along_axis(clipped, 1, x), X)
    with pytest.raises(ad.errors.NoValueError):
        ad.jit(lambda x: np.apply_along_axis(clipped, 1, x))(X)


def test_apply_along_axis_is_traced_once():
    calls = []

    def noted(row, scale, *, shift):
        calls.append(row)
        return scale * row + shift

    def f(x):
        return np.apply_along_axis(noted, 0, x, x[0, 0], shift=x[1, 1])

    ad.grad(lambda x: np.sum(f(x) ** 2))(sample((5, 50)))
    assert len(calls) == 1
    check_gradient(f, X)


def test_apply_along_axis_of_nothing():
    for f in (np.apply_along_axis,):
        with pytest.raises(ValueError, match="iteration dimensions"):
            traced(lambda x, f=f: f(np.sum, 0, x), np.zeros((2, 0)))


def test_apply_over_axes():
    for f in (np.sum, np.cumsum, lambda x, axis: np.max(x, axis)):
        check_call(lambda x, f=f: np.apply_over_axes(f, x, [0, -1]), X)
    check_call(lambda x: np.apply_over_axes(np.sum, x, 1), X)
    with pytest.raises(ValueError, match="correct shape"):
        traced(lambda x: np.apply_over_axes(lambda x, axis: np.sum(x), x, [0]), X)


# ---- np.vectorize


def bent(x, slope=2.0):
    return slope * x if x > 0 else x


vectorized = np.vectorize(bent)


def test_vectorize():
    check_call(lambda x: vectorized(x), X, compiled=False)
    check_call(lambda x: vectorized(x, slope=np.array([1.0, 2.0, 3.0, 4.0])), X, compiled=False)
    check_call(lambda x: vectorized(1.5, x), X)
    check_gradient(lambda x: vectorized(x, [1.0, 2.0, 3.0, 4.0]), X)
    assert vectorized(X).shape == X.shape  # outside of a trace it is NumPy's own


def test_vectorize_with_options():
    check_call(lambda x: np.vectorize(lambda a: (a + 1, a * 2))(x), X)
    check_call(lambda x: np.vectorize(lambda a: a * 2, otypes=["f4"])(x), X)
    power = np.vectorize(lambda c, x: sum(v * x**i for i, v in enumerate(c)), excluded=[0])
    check_call(lambda x: power([1.0, 2.0, 3.0], x), X)
    check_call(lambda x: power(np.array([1.0, 2.0]), x=x), X)
    with pytest.raises(TypeError, match=r"ad\.vmap"):
        traced(lambda x: np.vectorize(np.sum, signature="(n)->()")(x), X)
    with pytest.raises(ValueError, match="size 0"):
        traced(lambda x: vectorized(x[:0]), X)


def test_numpy_is_itself_again_after_a_trace():
    own = np.vectorize.__call__
    traced(lambda x: vectorized(x), X)
    assert np.vectorize.__call__ is own


# ---- the others


def test_functions_that_know_no_protocol():
    check_call(lambda x: np.require(x, "f4", ["C", "W"]), X)
    check_call(lambda x: np.fromiter([x[0, 0], 2.0, x[1, 1]], float, 2), X)
    check_call(lambda b: np.kaiser(5, b), np.array(2.0))
    check_call(lambda b: np.kaiser(1, b), np.array(2.0))
    for window in (np.hanning, np.hamming, np.blackman, np.bartlett):
        check_call(lambda x, w=window: x * w(4), X)
    check_call(lambda x: x[tuple(np.indices((3, 4))[:, 1:])] + x[np.mask_indices(3, np.triu)][0], X)


def test_arrays_of_harmless_subclasses_are_arrays(tmp_path):
    stored = np.memmap(tmp_path / "x", float, "w+", shape=(3, 4))
    stored[:] = 2
    for f in (lambda x: x * stored, lambda x: stored - x, lambda x: np.dot(stored.T, x)):
        np.testing.assert_array_equal(traced(f, X), f(X))


def test_questions_about_memory_and_plans():
    def f(x):
        y = x[1:]
        assert np.may_share_memory(x, y)
        assert np.may_share_memory(y, y[::2])
        assert not np.may_share_memory(x, x + 1)
        assert not np.shares_memory(x, x + 1)
        assert np.shares_memory(x, x)
        path, text = np.einsum_path("ij,kj,k->i", x, x, x[:, 0], optimize="optimal")
        assert path[0] == "einsum_path"
        assert "speedup" in text
        with pytest.raises(ad.errors.UnsupportedFunctionError, match="may_share_memory"):
            np.shares_memory(x, y)
        return x

    traced(f, X)
    ad.jit(f)(X)


def test_positions_out_of_bounds():
    i = np.array([0, 7])
    for f in (
        lambda i: np.unravel_index(i, (2, 3)),
        lambda i: np.ravel_multi_index((i, i), (2, 3)),
        lambda i: np.ravel_multi_index((i - 1, i), (9, 9)),
    ):
        for way in (lambda f: f, lambda f: lambda i: traced(f, i)):
            with pytest.raises(ValueError, match=r"out of bounds|invalid entry"):
                way(f)(i)
    # Under jit nobody looks, but what is out of bounds stays so, and an index of it is refused.
    for f in (
        lambda x, i: x[np.unravel_index(i, (3, 4))],
        lambda x, i: x.ravel()[np.ravel_multi_index((i, i), (3, 4))],
    ):
        with pytest.raises(IndexError):
            ad.jit(f)(X, np.array([0, 12]))
        with pytest.raises(IndexError):
            ad.jit(f)(X, np.array([0, -1]))


@pytest.mark.parametrize("x", [-30.0, -2.0, 0.0, 1e-9, 8.0, 19.9, 20.1, 400.0])
def test_i0_and_its_derivatives_against_mpmath(x):
    mpmath = pytest.importorskip("mpmath")
    f = lambda x: np.i0(x)
    for order in range(4):
        with mpmath.workdps(40):
            expected = float(mpmath.diff(lambda z: mpmath.besseli(0, z), mpmath.mpf(x), order).real)
        assert f(x) == pytest.approx(expected, rel=1e-14, abs=1e-18)
        f = ad.grad(f)


def test_positions_may_be_of_booleans_and_an_iterator_gives_numbers():
    mask = np.array([True, False])
    check_call(lambda m: np.unravel_index(m, (2, 3)), mask)
    check_call(lambda m: np.ravel_multi_index((m, m), (2, 3)), mask)
    with pytest.raises(ValueError, match="sequence"):
        traced(lambda x: np.fromiter(x, float), X)
