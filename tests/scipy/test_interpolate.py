"""`autodiff.scipy.interpolate`: SciPy's values and derivatives, knots, edges, refusals.

That values, derivatives and batches are right is asked row by row in
`tests/surface/rows_interpolate.py`.
"""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from autodiff.errors import ConvergenceError, UnsupportedFunctionError

scipy_interpolate = pytest.importorskip("scipy.interpolate")
interpolate = ad.scipy.interpolate

RNG = np.random.default_rng(0)
X = np.array([0.0, 0.6, 1.0, 2.1, 2.5, 3.3])
Y = RNG.normal(size=6)
AT = np.concatenate([X, [-0.7, 0.2, 1.7, 3.0, 3.9]])
MAKERS = {
    "CubicSpline": {},
    "CubicSpline-natural": {"bc_type": "natural"},
    "PchipInterpolator": {},
    "Akima1DInterpolator": {"extrapolate": True},
    "make_interp_spline": {"k": 3},
    "make_interp_spline-5": {"k": 5},
}


def made(library, name):
    maker = getattr(library, name.partition("-")[0])
    return lambda y: maker(X, y, **MAKERS[name])


@pytest.mark.parametrize("name", MAKERS)
def test_objects_of_plain_arrays_are_scipys(name):
    ours, theirs = made(interpolate, name)(Y), made(scipy_interpolate, name)(Y)
    for nu in (0, 1, 2):
        np.testing.assert_array_equal(ours(AT, nu), theirs(AT, nu))


@pytest.mark.parametrize("name", MAKERS)
def test_derivative_by_the_point_is_scipys(name):
    """Also at the knots, and for a spline that was made outside of the trace."""
    spline, own = made(interpolate, name)(Y), made(scipy_interpolate, name)(Y)
    _, slope = ad.jvp(spline, (AT,), (np.ones_like(AT),))
    np.testing.assert_allclose(slope, own(AT, 1), rtol=1e-11, atol=1e-11)
    first = lambda x: ad.jvp(spline, (x,), (np.ones_like(x),))[1]
    _, curvature = ad.jvp(first, (AT,), (np.ones_like(AT),))
    np.testing.assert_allclose(curvature, own(AT, 2), rtol=1e-10, atol=1e-9)


@pytest.mark.parametrize("name", [n for n in MAKERS if "Pchip" not in n and "Akima" not in n])
def test_splines_are_linear_in_the_values(name):
    """The derivative by a value is the spline through that value alone."""
    jacobian = ad.jacobian(lambda y: made(interpolate, name)(y)(AT))(Y)
    theirs = made(scipy_interpolate, name)(np.eye(6))(AT)
    np.testing.assert_allclose(jacobian, theirs, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 9])
@pytest.mark.parametrize("bc", ["not-a-knot", "natural", "clamped", "periodic"])
@pytest.mark.parametrize("columns", [(), (2,), (2, 0)])
def test_cubic_splines_of_any_size(n, bc, columns):
    x = np.cumsum(RNG.uniform(0.2, 1, n))
    y = RNG.normal(size=(n, *columns))
    y[-1] = y[0] if bc == "periodic" else y[-1]
    at = np.concatenate([x, RNG.uniform(x[0] - 1, x[-1] + 1, 5)])
    for nu in (0, 1, 2, 3, 4):
        found = ad.jit(lambda y, at, n=nu: interpolate.CubicSpline(x, y, bc_type=bc)(at, n))(y, at)
        expected = scipy_interpolate.CubicSpline(x, y, bc_type=bc)(at, nu)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_traced_knots_of_a_cubic_spline():
    """More than is asked: the derivative by where the knots are."""
    f = lambda x: interpolate.CubicSpline(x, Y, bc_type="natural")(1.5)
    steps = 1e-6 * np.eye(6)
    slopes = [(f(X + h) - f(X - h)) / 2e-6 for h in steps]
    np.testing.assert_allclose(ad.grad(f)(X), slopes, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("bounds", [(0.3, 2.2), (2.2, 0.3), (-0.5, 4.0), (-4.0, 9.0)])
@pytest.mark.parametrize("extrapolate", [True, "periodic"])
def test_integrals(bounds, extrapolate):
    spline = lambda y: interpolate.CubicSpline(X, y, extrapolate=extrapolate)
    own = scipy_interpolate.CubicSpline(X, Y, extrapolate=extrapolate)
    found = ad.jit(lambda y, a, b: spline(y).integrate(a, b))(Y, *bounds)
    np.testing.assert_allclose(found, own.integrate(*bounds), rtol=1e-11, atol=1e-12)
    a, b = ad.grad(lambda a, b: spline(Y).integrate(a, b), argnums=(0, 1))(*bounds)
    np.testing.assert_allclose([a, b], [-own(bounds[0]), own(bounds[1])], rtol=1e-10)


def test_many_knots_take_linear_memory():
    x = np.linspace(0, 1, 20001)
    f = lambda y: np.sum(interpolate.CubicSpline(x, y)(x[:-1] + 2e-5) ** 2)
    gradient = ad.grad(f)(np.sin(9 * x))
    assert np.isfinite(gradient).all()


def test_flat_data_has_no_undefined_slopes():
    """PCHIP divides by slopes, Akima by their changes; both are zero here."""
    y = np.array([1.0, 1.0, 1.0, 2.0, 2.0, 1.0])
    for name in ("PchipInterpolator", "Akima1DInterpolator"):
        f = made(interpolate, name)
        with np.errstate(all="ignore"):
            jacobian = ad.jacobian(lambda y, f=f: f(y)(AT))(y)
        assert np.isfinite(jacobian).all()
        own = made(scipy_interpolate, name)(y)
        np.testing.assert_allclose(ad.jit(lambda y, f=f: f(y)(AT))(y), own(AT), atol=1e-13)


def test_outside_without_extrapolation():
    found = ad.jit(lambda y: interpolate.CubicSpline(X, y, extrapolate=False)(AT))(Y)
    np.testing.assert_array_equal(np.isnan(found), (X[0] > AT) | (X[-1] < AT))
    gradient = ad.grad(lambda y: np.nansum(interpolate.CubicSpline(X, y, extrapolate=False)(AT)))(Y)
    assert np.isfinite(gradient).all()


# ---- B-splines


@pytest.mark.parametrize("k", [0, 1, 2, 3, 4, 5])
def test_bsplines_with_repeated_knots(k):
    t = np.concatenate([np.zeros(k + 1), [1.0, 2.0, 2.0, 3.5], np.full(k + 1, 5.0)])
    c = RNG.normal(size=(t.size - k - 1, 2))
    at = np.array([0.0, 0.4, 1.0, 1.7, 2.0, 3.0, 4.9])
    own = scipy_interpolate.BSpline(t, c, k)
    for nu in range(k + 2):
        found = ad.jit(lambda c, at, nu=nu: interpolate.BSpline(t, c, k)(at, nu))(c, at)
        np.testing.assert_allclose(found, own(at, nu), rtol=1e-11, atol=1e-11)
    design = ad.jacobian(lambda c: interpolate.BSpline(t, c, k)(at))(c[:, 0])
    np.testing.assert_allclose(design.sum(axis=1), 1, rtol=1e-13)  # a partition of unity
    assert ((design >= -1e-15).all(axis=1)).all()


def test_integral_of_steps_reaches_the_last_knot():
    """SciPy's antiderivative of degree 0 is zero there, since it takes an empty interval."""
    x = np.array([0.0, 1.0, 2.0])
    area = lambda y: interpolate.make_interp_spline(x, y, k=0).integrate(0.0, 2.0)
    np.testing.assert_allclose(ad.grad(area)(np.array([1.0, 2.0, 3.0])), [1.0, 1.0, 0.0])


def test_traced_conditions_at_the_ends():
    f = lambda s: interpolate.make_interp_spline(X, Y, bc_type=([(1, s)], [(2, 0.0)]))(0.2)
    h = 1e-5
    np.testing.assert_allclose(ad.grad(f)(0.3), (f(0.3 + h) - f(0.3 - h)) / (2 * h), rtol=1e-7)


# ---- grids


def test_regular_grid_in_three_dimensions():
    grid = (np.array([0.0, 1.0, 3.0]), np.array([0.0, 2.0]), np.array([-1.0, 0.0, 0.5, 2.0]))
    values = RNG.normal(size=(3, 2, 4))
    at = RNG.uniform([0, 0, -1], [3, 2, 2], (6, 3))
    own = scipy_interpolate.RegularGridInterpolator(grid, values)
    spline = lambda v, p: interpolate.RegularGridInterpolator(grid, v)(p)
    np.testing.assert_allclose(ad.jit(spline)(values, at), own(at), rtol=1e-12)
    tuple_ = ad.jit(lambda v, p: spline(v, tuple(p.T)))(values, at)
    np.testing.assert_allclose(tuple_, own(at), rtol=1e-12)
    gradient = ad.grad(lambda p: np.sum(spline(values, p)))(at)
    h = 1e-6
    for axis in range(3):
        step = h * np.eye(3)[axis]
        np.testing.assert_allclose(
            gradient[:, axis], (own(at + step) - own(at - step)) / (2 * h), rtol=1e-6, atol=1e-8
        )


def test_points_outside_are_an_error_if_they_are_to_be():
    grid = (np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    f = interpolate.RegularGridInterpolator(grid, np.eye(2))
    with pytest.raises(ConvergenceError, match="out of bounds in dimension 1"):
        ad.jit(f)(np.array([0.5, 1.2]))
    with pytest.raises(ConvergenceError, match=r"9\.0 is outside"):
        ad.grad(interpolate.interp1d(X, Y))(9.0)


def test_interp1d_takes_unsorted_points():
    order = np.array([3, 0, 5, 1, 4, 2])
    inside = np.array([0.1, 2.2, 3.2])
    f = ad.jit(lambda y: interpolate.interp1d(X[order], y)(inside))
    np.testing.assert_allclose(f(Y[order]), np.interp(inside, X, Y), rtol=1e-13)


# ---- refusals


def test_refusals():
    with pytest.raises(UnsupportedFunctionError, match="roots"):
        ad.grad(lambda y: interpolate.CubicSpline(X, y).roots().sum())(Y)
    with pytest.raises(UnsupportedFunctionError, match=r"scipy\.interpolate\.splrep"):
        ad.grad(lambda y: interpolate.splrep(X, y)[1].sum())(Y)
    with pytest.raises(NotImplementedError, match="CubicSpline"):
        ad.grad(lambda y: interpolate.make_interp_spline(X, y, bc_type="periodic")(1.0))(Y)
    grid = (X, X)
    with pytest.raises(NotImplementedError, match="map_coordinates"):
        ad.grad(lambda v: interpolate.interpn(grid, v, [1.0, 1.0], "cubic")[0])(np.eye(6))
    with pytest.raises(TypeError, match="knots are traced"):
        ad.grad(lambda t: interpolate.BSpline(t, np.ones(3), 1)(0.5))(np.arange(5.0))
    with pytest.raises(TypeError, match=r"test_interpolate.py:(.|\n)*np\.interp"):
        ad.grad(lambda x: interpolate.interp1d(x, Y)(0.5))(X)
    with pytest.raises(TypeError, match=r"test_interpolate.py:(.|\n)*Write instead"):
        ad.grad(lambda x: interpolate.interpn((x,), Y, [0.5])[0])(X)


@pytest.mark.parametrize(
    ("x", "y", "match"),
    [
        (X[::-1], Y, "strictly increasing"),
        (X, Y[:-1], "knots"),
        (X[:1], Y[:1], "two or more"),
    ],
)
def test_bad_knots(x, y, match):
    with pytest.raises(ValueError, match=match):
        ad.jit(lambda y: interpolate.CubicSpline(x, y)(0.3))(y)


def test_bad_conditions():
    bad = ["free", (1, 2, 3), ((3, 0.0), "natural"), ((1, np.zeros(2)), "natural")]
    for bc, match in zip(bad, ["free", "2 elements", "1 or 2", "shape"], strict=True):
        with pytest.raises(ValueError, match=match):
            ad.jit(lambda y, bc=bc: interpolate.CubicSpline(X, y, bc_type=bc)(0.3))(Y)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "g", "c8", "c16", "i4", "?"])
def test_dtypes(dtype):
    y, inside = (3 * np.abs(Y)).astype(dtype), np.array([0.3, 2.2])
    calls = [
        lambda lib, y: lib.CubicSpline(X, y)(inside),
        lambda lib, y: lib.make_interp_spline(X, y)(inside),
        lambda lib, y: lib.interpn((X,), y, inside[:, None], "nearest"),
        lambda lib, y: lib.interpn((X,), y, inside[:, None], "linear"),
        *[
            lambda lib, y, kind=kind: lib.interp1d(X, y, kind)(inside)
            for kind in ("linear", "nearest", "previous", "next", "zero", "cubic")
        ],
    ]
    for call in calls:
        expected = call(scipy_interpolate, y)
        found = ad.jit(lambda y, call=call: call(interpolate, y))(y)
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=1e-3 if expected.dtype == "f2" else 1e-6)


@pytest.mark.parametrize("kind", ["linear", "nearest", "previous", "next", "zero", "quadratic"])
def test_interp1d_where_there_is_no_number(kind):
    at = np.array([np.nan, 0.3])
    call = lambda lib, y: lib.interp1d(X, y, kind, bounds_error=False)(at)
    found = ad.jit(lambda y: call(interpolate, y))(Y)
    np.testing.assert_allclose(found, call(scipy_interpolate, Y), rtol=1e-12)


def test_constant_pieces_where_there_is_no_number():
    at = np.array([np.nan, 1.5])
    pieces = {
        "PPoly": lambda lib, c: lib.PPoly(c[None], X)(at),
        "PPoly-third": lambda lib, c: lib.PPoly(np.stack([c, c, c, c]), X)(at, 3),
        "PPoly-zero": lambda lib, c: lib.PPoly(np.stack([c, c]), X)(at, 2),
        "BSpline": lambda lib, c: lib.BSpline(X, c, 0)(at),
        "BSpline-zero": lambda lib, c: lib.BSpline(np.arange(7.0), c, 1)(at, 2),
    }
    for call in pieces.values():
        found = ad.jit(lambda c, f=call: f(interpolate, c))(Y[:5])
        np.testing.assert_allclose(found, call(scipy_interpolate, Y[:5]), atol=1e-14)
        slope = ad.grad(lambda c, f=call: np.nansum(f(interpolate, c)))(Y[:5])
        assert np.isfinite(slope).all()


def test_akima_of_no_columns():
    y = np.zeros((6, 0))
    assert ad.jit(lambda y: interpolate.Akima1DInterpolator(X, y)(AT))(y).shape == (AT.size, 0)
