"""Rows for `scipy.ndimage`: filters, and interpolation by splines in all modes and orders."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.primitives.spec import Maker, complex_uniform, integers, uniform
from tests.surface.row import Row

pytest.importorskip("scipy")
from autodiff.scipy import ndimage

MODES = (
    "reflect", "grid-mirror", "constant", "grid-constant", "nearest", "mirror", "wrap", "grid-wrap",
)  # fmt: skip
IMAGE, LINE = uniform(-1, 1, (4, 5)), uniform(-1, 1, (6,))


def between_samples(low: int, high: int, shape: tuple[int, ...] = (2, 4)) -> Maker:
    """Coordinates that lie neither at samples nor half-way between them."""
    return lambda rng: rng.integers(low, high, shape) + rng.choice([0.21, 0.34, 0.68, 0.83], shape)


def row(name: str, *inputs: Maker, id: str = "", order: int = 2, **options: Any) -> Row:
    """One call with these keywords."""
    function = getattr(ndimage, name)
    public = f"autodiff.scipy.ndimage.{name}"
    return Row(public, lambda *xs: function(*xs, **options), inputs, id=id, order=order)


def sampled(mode: str, order: int) -> Row:
    at = between_samples(-4, 8)
    options: dict[str, Any] = {"mode": mode, "order": order, "cval": 0.7}
    call = lambda x, p: ndimage.map_coordinates(x, p, **options)
    wrt = (0,) if order == 0 else None  # nearest neighbour: constant in the coordinates
    name = "autodiff.scipy.ndimage.map_coordinates"
    return Row(name, call, (IMAGE, at), id=f"{mode}-{order}", wrt=wrt)


def with_static(name: str, *others: Any, id: str = "", image: Maker = IMAGE, **options: Any) -> Row:
    """One call of which only the image is traced."""
    function = getattr(ndimage, name)
    call = lambda x: function(x, *others, **options)
    return Row(f"autodiff.scipy.ndimage.{name}", call, (image,), id=id)


KERNEL = uniform(-1, 1, (2, 3))
ANGLE = uniform(20, 70, ())
MATRIX = lambda rng: np.eye(2) + rng.uniform(-0.2, 0.2, (2, 2))
F32 = np.float32

ROWS = [
    *[sampled(mode, order) for mode in MODES for order in (0, 1, 3)],
    *[sampled("mirror", order) for order in (2, 4, 5)],
    sampled("reflect", 5),
    sampled("nearest", 2),
    row("map_coordinates", complex_uniform(-1, 1, (4, 5)), between_samples(0, 3), id="complex"),
    row("map_coordinates", IMAGE, between_samples(0, 3), id="unfiltered", prefilter=False),
    row("map_coordinates", uniform(-1, 1, (3, 3, 4)), between_samples(0, 2, (3, 2, 2)), id="3d"),
    row("map_coordinates", uniform(-1, 1, (4, 5), F32), between_samples(0, 3), id="f32"),
    row("map_coordinates", uniform(-1, 1, (1, 5)), between_samples(0, 3), id="thin", mode="mirror"),
    Row(
        "autodiff.scipy.ndimage.map_coordinates",
        lambda x, p, c: ndimage.map_coordinates(x, p, order=1, mode="grid-constant", cval=c),
        (IMAGE, between_samples(-2, 6), uniform(-1, 1, ())),
        id="cval",
    ),
    Row(
        "autodiff.scipy.ndimage.map_coordinates",
        lambda x, p: ndimage.map_coordinates(x, p, order=1),
        (integers(-9, 9, (4, 5)), between_samples(0, 3)),
        id="integers",
        smooth=False,
    ),
    row("spline_filter1d", IMAGE),
    row("spline_filter1d", uniform(-1, 1, (4, 5), F32), id="f32", output=F32, axis=0),
    *[row("spline_filter", IMAGE, id=f"{m}-{k}", mode=m, order=k) for m in MODES for k in (2, 3)],
    *[row("shift", IMAGE, uniform(0.2, 0.8, (2,)), id=mode, mode=mode) for mode in MODES],
    row("shift", IMAGE, uniform(0.2, 0.8, ()), id="scalar", order=1, mode="nearest"),
    *[with_static("zoom", 1.7, id=mode, mode=mode) for mode in MODES],
    with_static("zoom", (2, 0.5), id="grid", mode="grid-constant", grid_mode=True),
    row("affine_transform", IMAGE, MATRIX, uniform(-0.4, 0.4, (2,)), mode="mirror"),
    row("affine_transform", IMAGE, uniform(0.6, 0.9, (2,)), id="scales", mode="mirror"),
    row("affine_transform", IMAGE, uniform(0.1, 0.3, (2, 3)), id="homogeneous", mode="nearest"),
    with_static("rotate", 30.0, id="reshaped"),
    with_static("rotate", 90, id="quarter"),
    row("rotate", IMAGE, ANGLE, id="angle", reshape=False, mode="nearest"),
    with_static("rotate", 15.0, id="planes", image=uniform(-1, 1, (4, 2, 3)), axes=(0, 2)),
    *[row("correlate1d", IMAGE, LINE, id=mode, mode=mode, cval=0.3) for mode in MODES],
    row("correlate1d", IMAGE, uniform(-1, 1, (4,)), id="origin", axis=0, origin=1),
    row("correlate1d", LINE, complex_uniform(-1, 1, (3,)), id="complex"),
    row("convolve1d", IMAGE, uniform(-1, 1, (4,)), axis=0),
    row("convolve1d", complex_uniform(-1, 1, (6,)), complex_uniform(-1, 1, (3,)), id="complex"),
    *[row("correlate", IMAGE, KERNEL, id=mode, mode=mode) for mode in MODES],
    row("correlate", IMAGE, uniform(-1, 1, (3,)), id="axes", axes=(0,)),
    row("correlate", uniform(-1, 1, (4, 5), F32), KERNEL, id="f32"),
    row("convolve", IMAGE, KERNEL, origin=(0, -1)),
    row("convolve", complex_uniform(-1, 1, (4, 5)), complex_uniform(-1, 1, (2, 3)), id="complex"),
    with_static("correlate1d", [1, -2, 1], id="integers", image=integers(-9, 9, (3, 5))),
    *[with_static("gaussian_filter1d", 0.8, id=f"order-{k}", order=k) for k in range(4)],
    row("gaussian_filter1d", IMAGE, uniform(0.5, 2, ()), id="sigma", radius=3, order=1),
    *[with_static("gaussian_filter", 0.9, id=mode, mode=mode) for mode in MODES],
    with_static("gaussian_filter", (0.5, 0), id="one_axis"),
    with_static("gaussian_filter", 1.2, id="axes", axes=(1,), truncate=2.0, order=2),
    with_static("gaussian_filter", 0.9, id="f32", image=uniform(-1, 1, (4, 5), F32)),
    row("gaussian_filter", IMAGE, uniform(0.5, 2, (2,)), id="sigma", radius=2),
    with_static("gaussian_laplace", 0.9),
    with_static("gaussian_gradient_magnitude", 0.9),
    with_static("uniform_filter1d", 3),
    with_static("uniform_filter1d", 4, id="origin", origin=-1, mode="wrap"),
    with_static("uniform_filter", (2, 3)),
    with_static("uniform_filter", 3, id="axes", axes=(1,)),
    with_static("laplace", id="wrap", mode="wrap"),
    with_static("sobel", 0),
    with_static("prewitt", id="constant", mode="constant"),
]
