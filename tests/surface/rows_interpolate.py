"""Rows for `scipy.interpolate`: splines, piecewise polynomials and grids."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.primitives.spec import Maker, complex_uniform, distinct, uniform
from tests.surface.row import Row

pytest.importorskip("scipy")
from autodiff.scipy import interpolate

PREFIX = "autodiff.scipy.interpolate."
KNOTS = np.array([0.0, 0.7, 1.1, 2.0, 2.6, 3.5])
DIRECT = ("3-knots", "periodic-3")  # splines that need no system of equations
THREE = np.array([0.0, 0.45, 1.3])
VALUES = distinct((6,))
POINTS = lambda rng: rng.choice([-0.5, 0.3, 0.92, 1.6, 2.2, 3.1, 4.0], (4,))


def row(name: str, call: Callable[..., Any], *inputs: Maker, id: str = "", order: int = 2) -> Row:
    banded = name.startswith(("CubicSpline", "make_interp_spline")) and not id.startswith(DIRECT)
    without = {"cupy": "CuPy has no solver for banded systems"} if banded else None
    return Row(PREFIX + name, call, inputs, id=id, order=order, without=without)


def spline(
    id: str, *, knots: Any = KNOTS, values: Maker = VALUES, nu: int = 0, **options: Any
) -> Row:
    call = lambda y, at: interpolate.CubicSpline(knots, y, **options)(at, nu)
    return row("CubicSpline", call, values, POINTS, id=id)


def closed(rng: np.random.Generator) -> Any:
    """Values that begin and end with zero (a perturbed end would be refused)."""
    return distinct((5,))(rng)


def around(y: Any) -> Any:
    return np.concatenate([y, y[:1]])


def fitted(k: int, id: str = "", **options: Any) -> Row:
    call = lambda y, at: interpolate.make_interp_spline(KNOTS, y, k, **options)(at)
    return row("make_interp_spline", call, VALUES, POINTS, id=id or f"degree-{k}")


def along_axis(kind: Any, **options: Any) -> Row:
    call = lambda y, at: interpolate.interp1d(KNOTS, y, kind, **options)(at)
    name = f"{kind}-{'-'.join(map(str, options))}"
    return replace(row("interp1d", call, VALUES, POINTS, id=name), without=by_spline(kind))


def by_spline(kind: str) -> dict[str, str] | None:
    splines = {"zero", "quadratic", "cubic"}
    return {"cupy": "CuPy has no solver for banded systems"} if kind in splines else None


def stepping(kind: str) -> Row:
    call = lambda y, at: interpolate.interp1d(KNOTS, y, kind, fill_value="extrapolate")(at)
    inside = lambda rng: rng.choice([0.3, 0.92, 1.6, 2.2, 3.1], (4,))
    inputs = (VALUES, inside)
    return Row(PREFIX + "interp1d", call, inputs, id=kind, wrt=(0,), without=by_spline(kind))


GRID = (np.array([0.0, 1.0, 2.5]), np.array([3.0, 1.0, 0.5, 0.0]))
CELLS = lambda rng: np.stack(
    [rng.choice([-0.3, 0.4, 1.6, 2.9], 3), rng.choice([-0.4, 0.2, 0.8, 3.3], 3)], axis=-1
)
OUTSIDE = {"bounds_error": False, "fill_value": None}


def on_grid(id: str, shape: tuple[int, ...], wrt: Any = None, **options: Any) -> Row:
    call = lambda v, at: interpolate.RegularGridInterpolator(GRID, v, **{**OUTSIDE, **options})(at)
    inputs = (uniform(-1, 1, shape), CELLS)
    return Row(PREFIX + "RegularGridInterpolator", call, inputs, id=id, wrt=wrt)


ENDS = ((1, 0.3), (2, -0.4))

ROWS = [
    *[spline(bc, bc_type=bc) for bc in ("not-a-knot", "natural", "clamped")],
    *[spline(f"order-{nu}", nu=nu) for nu in (1, 2)],
    spline("ends", bc_type=ENDS),
    spline("repeated", extrapolate="periodic"),
    spline("columns", values=uniform(-1, 1, (2, 6)), axis=1),
    spline("complex", values=complex_uniform(-1, 1, (6,))),
    spline("f32", values=uniform(-1, 1, (6,), np.float32)),
    *[spline(f"{n}-knots", knots=KNOTS[:n], values=distinct((n,))) for n in (2, 3, 4)],
    row(
        "CubicSpline",
        lambda y, at: interpolate.CubicSpline(KNOTS, around(y), bc_type="periodic")(at),
        closed, POINTS, id="periodic",
    ),
    row(
        "CubicSpline",
        lambda y, at: interpolate.CubicSpline(THREE, around(y), bc_type="periodic")(at),
        distinct((2,)), POINTS, id="periodic-3",
    ),
    row(
        "CubicSpline",
        lambda y, s: interpolate.CubicSpline(KNOTS, y, bc_type=((1, s[0]), (2, s[1])))(1.3),
        VALUES, uniform(-1, 1, (2,)), id="traced_ends",
    ),
    row(
        "CubicSpline.integrate",
        lambda y, a, b: interpolate.CubicSpline(KNOTS, y).integrate(a, b),
        VALUES, uniform(0.2, 0.5, ()), uniform(2.1, 2.5, ()),
    ),
    row(
        "CubicSpline.derivative",
        lambda y, at: interpolate.CubicSpline(KNOTS, y).derivative()(at), VALUES, POINTS,
    ),
    row(
        "CubicSpline.antiderivative",
        lambda y, at: interpolate.CubicSpline(KNOTS, y).antiderivative()(at), VALUES, POINTS,
    ),
    row(
        "CubicHermiteSpline",
        lambda y, s, at: interpolate.CubicHermiteSpline(KNOTS, y, s)(at),
        VALUES, uniform(-1, 1, (6,)), POINTS,
    ),
    row("PPoly", lambda c, at: interpolate.PPoly(c, KNOTS)(at), uniform(-1, 1, (3, 5)), POINTS),
    row(
        "PPoly",
        lambda c, at: interpolate.PPoly(c, KNOTS, extrapolate="periodic")(at, 1),
        uniform(-1, 1, (3, 5, 2)), POINTS, id="periodic",
    ),
    row(
        "PchipInterpolator",
        lambda y, at: interpolate.PchipInterpolator(KNOTS, y)(at), VALUES, POINTS,
    ),
    row(
        "PchipInterpolator",
        lambda y, at: interpolate.PchipInterpolator(KNOTS, np.cumsum(np.exp(y)))(at),
        uniform(-1, 1, (6,)), POINTS, id="rising",
    ),
    *[
        row(
            "Akima1DInterpolator",
            lambda y, at, method=method: interpolate.Akima1DInterpolator(
                KNOTS, y, method=method, extrapolate=True
            )(at),
            VALUES, POINTS, id=method,
        )
        for method in ("akima", "makima")
    ],
    row(
        "BSpline",
        lambda c, at: interpolate.BSpline(np.r_[0, 0, 0, KNOTS, 3.5, 3.5, 3.5], c, 3)(at),
        uniform(-1, 1, (8, 2)), POINTS,
    ),
    row(
        "BSpline",
        lambda c, at: interpolate.BSpline(np.arange(9.0), c, 2, extrapolate="periodic")(at, 1),
        uniform(-1, 1, (6,)), uniform(7.2, 7.8, (2,)), id="periodic",
    ),
    row(
        "BSpline.integrate",
        lambda c, a, b: interpolate.BSpline(np.arange(9.0), c, 2).integrate(a, b),
        uniform(-1, 1, (6,)), uniform(2.1, 2.9, ()), uniform(4.1, 4.9, ()),
    ),
    *[fitted(k) for k in range(6) if k],
    fitted(3, "natural", bc_type="natural"),
    fitted(3, "clamped", bc_type="clamped"),
    fitted(3, "ends", bc_type=([(1, 0.4)], [(2, 0.1)])),
    *[along_axis(kind, fill_value="extrapolate") for kind in ("linear", "quadratic", "cubic")],
    along_axis("linear", bounds_error=False, fill_value=(1.0, 2.0)),
    *[stepping(kind) for kind in ("nearest", "nearest-up", "previous", "next", "zero")],
    row(
        "interp1d",
        lambda y, at: interpolate.interp1d(KNOTS[::-1], y, axis=0)(at),
        uniform(-1, 1, (6, 2)), lambda rng: rng.choice([0.3, 0.92, 1.6], (2, 2)), id="inside",
    ),
    on_grid("linear", (3, 4)),
    on_grid("columns", (3, 4, 2)),
    on_grid("nearest", (3, 4), method="nearest", wrt=(0,)),
    on_grid("filled", (3, 4), fill_value=7.0),
    row(
        "interpn",
        lambda v, at: interpolate.interpn(GRID, v, at, **OUTSIDE), uniform(-1, 1, (3, 4)), CELLS,
    ),
]  # fmt: skip
