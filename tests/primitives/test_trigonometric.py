"""Ends of domains, the origin of arctan2, complex branches, degrees."""

import numpy as np
import pytest

from autodiff.primitives import trigonometric as t
from autodiff.primitives.exponential import log
from autodiff.primitives.powers import sqrt
from autodiff.primitives.sinc import sinc
from tests.primitives.differentiate import derivative, pull, push, values


def test_arctan2_at_the_origin_and_far_from_one() -> None:
    y, x = np.array([0.0, -0.0, 3e-200, 3e200]), np.array([0.0, -0.0, 4e-200, 4e200])
    dy, dx = pull(t.arctan2, [y, x])
    np.testing.assert_allclose(dy, [0, 0, 0.16e200, 0.16e-200])
    np.testing.assert_allclose(dx, [0, 0, -0.12e200, -0.12e-200])


def test_inverse_functions_keep_their_digits_at_the_ends_of_the_domain() -> None:
    gap = 2.0**-40  # 1 - gap is exact
    root = np.sqrt(gap * (2 - gap))
    assert values(derivative(t.arcsin), 1 - gap) == pytest.approx([1 / root], rel=1e-15)
    assert values(derivative(t.arccos), gap - 1) == pytest.approx([-1 / root], rel=1e-15)
    assert values(derivative(t.arctanh), 1 - gap) == pytest.approx([1 / root**2], rel=1e-15)
    outside = np.sqrt(gap * (2 + gap))
    assert values(derivative(t.arccosh), 1 + gap) == pytest.approx([1 / outside], rel=1e-15)


def test_ends_of_the_domain() -> None:
    assert values(derivative(t.arcsin), 1.0, -1.0) == [np.inf, np.inf]
    assert values(derivative(t.arccosh), 1.0) == [np.inf]
    assert values(derivative(t.arctanh), 1.0) == [np.inf]


def test_inverse_hyperbolic_functions_far_out() -> None:
    assert values(derivative(t.arcsinh), 1e200, -1e200) == pytest.approx([1e-200, 1e-200])
    assert values(derivative(t.arccosh), 1e200) == pytest.approx([1e-200])


@pytest.mark.parametrize(
    "function",
    [t.arcsin, t.arccos, t.arctan, t.arcsinh, t.arccosh, t.arctanh, t.tan, t.tanh, sqrt, log, sinc],
    ids=lambda p: p.name,
)
def test_complex_branches(function) -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(size=40) * 1.5 + 1j * rng.normal(size=40) * 1.5
    for direction in (1, 1j):
        h = 1e-4 * direction
        near = function(z + h) - function(z - h), function(z + 2 * h) - function(z - 2 * h)
        difference = (8 * near[0] - near[1]) / (12 * h)
        got = push(function, [z], [np.ones_like(z)])
        np.testing.assert_allclose(got, difference, rtol=1e-6)


def test_degrees() -> None:
    x = np.array([90.0])
    np.testing.assert_allclose(pull(t.deg2rad, [x])[0], np.pi / 180)
    np.testing.assert_allclose(pull(t.rad2deg, [x])[0], 180 / np.pi)


@pytest.mark.parametrize(
    ("function", "third"),
    [
        (t.sin, lambda x: -np.cos(x)),
        (t.cos, np.sin),
        (t.tan, lambda x: 2 / np.cos(x) ** 2 * (1 / np.cos(x) ** 2 + 2 * np.tan(x) ** 2)),
        (t.tanh, lambda x: 2 / np.cosh(x) ** 2 * (2 * np.tanh(x) ** 2 - 1 / np.cosh(x) ** 2)),
        (t.arctan, lambda x: (6 * x**2 - 2) / (1 + x**2) ** 3),
        (t.arcsin, lambda x: (1 + 2 * x**2) / (1 - x**2) ** 2.5),
    ],
    ids=lambda f: getattr(f, "name", ""),
)
def test_third_derivatives_have_closed_forms(function, third) -> None:
    for x in (0.0, 0.4, -0.7):
        np.testing.assert_allclose(
            values(derivative(function, 3), x), [third(x)], rtol=1e-12, atol=1e-13
        )
