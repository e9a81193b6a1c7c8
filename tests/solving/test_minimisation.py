"""Newton's method for minima: where it ends."""

import numpy as np
import pytest

import autodiff as ad

FAR = 1e12


@pytest.mark.parametrize(
    ("second", "start", "lowest"),
    [
        (lambda x: (x**2 - 4) ** 2, 7.0, 2.0),
        (lambda x: np.log(np.cosh(x - 4)), 3.0, 4.0),
    ],
)
def test_a_large_unknown_does_not_end_the_search_for_a_small_one(second, start, lowest):
    def f(x):
        return (x[0] / FAR - 1) ** 2 + second(x[1])

    x, info = ad.argmin(f, np.array([FAR, start]), info=True)
    assert info.converged
    np.testing.assert_allclose(x, [FAR, lowest], rtol=1e-9)


@pytest.mark.parametrize("offset", [0.0, 1.0])
def test_a_guess_that_is_the_minimum_but_for_rounding_is_accepted(offset, rng):
    a, x = rng.normal(size=(30, 30)) * np.geomspace(1, 1e-4, 30), rng.normal(size=30)
    guess = x * (1 + 1e-15 * rng.normal(size=30))
    found, info = ad.argmin(lambda y: np.sum((a @ (y - x)) ** 2) + offset, guess, info=True)
    assert info.converged
    assert info.steps <= 10
    np.testing.assert_allclose(found, x, rtol=1e-12)


def test_it_ends_where_rounding_leads_to_and_fro(rng):
    """At the end one point has the lower value, and its neighbour the smaller slope."""
    for _ in range(50):
        a, b = rng.normal(size=(5, 3)), rng.normal(size=5)
        x, info = ad.argmin(lambda x, a=a, b=b: np.sum((a @ x - b) ** 2), np.zeros(3), info=True)
        assert info.converged
        assert info.steps <= 10
        np.testing.assert_allclose(x, np.linalg.lstsq(a, b)[0], rtol=1e-9, atol=1e-12)


def test_no_unknowns():
    assert ad.argmin(lambda x: np.sum(x**2), np.zeros(0)).shape == (0,)
