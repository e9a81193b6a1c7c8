"""Newton's method for equations: where it ends."""

import numpy as np
import pytest

import autodiff as ad

FAR = 1e12


@pytest.mark.parametrize(
    ("second", "start", "root"),
    [
        (lambda x: x**3 - 8, 50.0, 2.0),  # full steps
        (lambda x: np.arctan(x - 3), 40.0, 3.0),  # halved steps
    ],
)
def test_a_large_unknown_does_not_end_the_search_for_a_small_one(second, start, root):
    def f(x):
        return np.stack([x[0] - FAR, second(x[1])])

    x, info = ad.custom_root(f, np.array([FAR, start]), info=True)
    assert info.converged
    np.testing.assert_allclose(x, [FAR, root], rtol=1e-14)


def test_a_guess_that_is_the_root_but_for_rounding_is_accepted(rng):
    a, x = rng.normal(size=(30, 30)) * np.geomspace(1, 1e-5, 30), rng.normal(size=30)
    guess = x * (1 + 1e-15 * rng.normal(size=30))
    found, info = ad.custom_root(lambda y: a @ (y**3 + y) - a @ (x**3 + x), guess, info=True)
    assert info.converged
    assert info.steps <= 10
    np.testing.assert_allclose(found, x, rtol=0, atol=1e-9)


def test_it_does_not_polish_what_is_rounding(rng):
    w, b = rng.normal(size=(50, 50)) / 10, rng.normal(size=50)
    x, info = ad.custom_root(lambda x: np.tanh(w @ x + b) - x, np.zeros(50), info=True)
    assert info.steps <= 7
    np.testing.assert_allclose(np.tanh(w @ x + b), x, atol=1e-15)


@pytest.mark.parametrize("x", [np.zeros(0), (), {"a": np.zeros((0, 3))}])
def test_no_unknowns(x):
    for find in (ad.custom_root, ad.fixed_point):
        found, info = find(lambda x: x, x, info=True)
        assert repr(found) == repr(x)
        assert info.converged
    assert np.shape(ad.linear_solve(lambda x: 2 * x, np.zeros(0))) == (0,)
