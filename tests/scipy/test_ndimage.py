"""`autodiff.scipy.ndimage`: against JAX, at kinks and edges, and what it refuses.

That values, derivatives and batches are right in all modes is asked row by row in
`tests/surface/rows_ndimage.py`.
"""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from autodiff.errors import EscapeError, UnsupportedFunctionError

scipy_ndimage = pytest.importorskip("scipy.ndimage")
ndimage = ad.scipy.ndimage

RNG = np.random.default_rng(2)
IMAGE = np.random.default_rng(0).normal(size=(5, 6))
POINTS = np.random.default_rng(1).uniform(-7, 12, (2, 40))
MODES = (
    "reflect", "grid-mirror", "constant", "grid-constant", "nearest", "mirror", "wrap", "grid-wrap",
)  # fmt: skip


def test_plain_arrays_go_to_scipy():
    found = ndimage.gaussian_filter(IMAGE, 1.3)
    assert found.tobytes() == scipy_ndimage.gaussian_filter(IMAGE, 1.3).tobytes()
    assert ndimage.median_filter(IMAGE, 3).tobytes() == (
        scipy_ndimage.median_filter(IMAGE, 3).tobytes()
    )


# ---- interpolation


@pytest.mark.parametrize("mode", ["constant", "nearest", "wrap", "mirror", "reflect"])
@pytest.mark.parametrize("order", [0, 1])
def test_map_coordinates_against_jax(mode, order):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    inside = np.random.default_rng(2).uniform(0.1, 3.9, (2, 7))
    points = inside if mode == "wrap" else np.concatenate([inside, POINTS], axis=1)

    def theirs(x, p):
        return jax.scipy.ndimage.map_coordinates(x, list(p), order, mode, 0.4)

    def ours(x, p):
        return ndimage.map_coordinates(x, p, order=order, mode=mode, cval=0.4)

    weights = np.random.default_rng(3).normal(size=points.shape[1])
    if mode != "constant":  # beyond the edges, JAX blends with cval; SciPy does not
        np.testing.assert_allclose(ad.jit(ours)(IMAGE, points), theirs(IMAGE, points), atol=1e-12)
    else:
        points = points[:, :7]
        weights = weights[:7]
    numbers = (0, 1) if order else (0,)
    expected = jax.grad(lambda x, p: (weights * theirs(x, p)).sum(), numbers)(IMAGE, points)
    found = ad.grad(lambda x, p: (weights * ours(x, p)).sum(), argnums=numbers)(IMAGE, points)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", range(6))
@pytest.mark.parametrize("prefilter", [True, False])
def test_values_far_outside(mode, order, prefilter):
    at_samples = np.array(
        [[0, 4, -1, 5, 0.5, -0.5, 4.5, -4, 9], [0, 5, 6, -1, 0.5, 5.5, -5, 10, 2]]
    )
    points = np.concatenate([POINTS, at_samples], axis=1)
    options = {"order": order, "mode": mode, "cval": 0.7, "prefilter": prefilter}
    found = ad.jit(lambda x, p: ndimage.map_coordinates(x, p, **options))(IMAGE, points)
    expected = scipy_ndimage.map_coordinates(IMAGE, points, **options)
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("mode", ["constant", "wrap"])
def test_derivative_at_samples_is_one_sided(mode):
    """To the right; at the last sample, beyond which there is nothing, to the left."""
    x = np.array([1.0, 4.0, 2.0])
    points = np.array([[0.0, 1.0, 2.0]])

    def f(p):
        return ndimage.map_coordinates(x, p, order=1, mode=mode)

    slopes = ad.jvp(f, (points,), (np.ones_like(points),))[1]
    np.testing.assert_allclose(slopes, [3.0, -2.0, -2.0])


def test_outside_of_a_constant_there_is_no_derivative_but_by_cval():
    f = lambda x, p, c: ndimage.map_coordinates(x, p, order=3, mode="constant", cval=c).sum()
    dx, dp, dc = ad.grad(f, argnums=(0, 1, 2))(IMAGE, np.array([[-3.0], [9.0]]), 0.3)
    assert not dx.any()
    assert not dp.any()
    assert dc == 1.0


def test_undefined_coordinates():
    points = np.array([[np.nan, 1.0], [2.0, 1.5]])
    for mode in ("nearest", "grid-constant"):  # in the other modes, they get cval: see below
        found = ad.jit(lambda p, mode=mode: ndimage.map_coordinates(IMAGE, p, order=1, mode=mode))(
            points
        )
        assert np.isnan(found[0])
        assert np.isfinite(found[1])
    found = ad.grad(lambda x: ndimage.map_coordinates(x, points, mode="constant")[1])(IMAGE)
    assert np.isfinite(found).all()


def test_rounding_to_integers_is_scipys():
    image = (IMAGE * 9).astype(np.int16)
    points = np.random.default_rng(4).uniform(0, 4, (2, 30))
    found = ad.jit(lambda x: ndimage.map_coordinates(x, points, order=1))(image)
    expected = scipy_ndimage.map_coordinates(image, points, order=1)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


def test_a_shift_that_aligns_two_images():
    """What this is for: the gradient leads to the shift that was applied."""
    y, x = np.mgrid[:16, :16]
    image = np.exp(-((y - 8) ** 2 + (x - 7) ** 2) / 12)
    target = scipy_ndimage.shift(image, (0.7, -0.4), mode="nearest")
    loss = lambda s: np.sum((ndimage.shift(image, s, mode="nearest") - target) ** 2)
    gradient, hessian = ad.jit(ad.grad(loss)), ad.jit(ad.hessian(loss))
    s = np.zeros(2)
    for _ in range(8):
        s = s - np.linalg.solve(hessian(s), gradient(s))
    np.testing.assert_allclose(s, [0.7, -0.4], atol=1e-10)


# ---- filters


def test_filters_against_jax():
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    kernel = np.random.default_rng(5).normal(size=(3, 3))

    def theirs(x, k):
        return (
            jax.scipy.signal.convolve(jax.numpy.pad(x, 1, mode="symmetric"), k, "valid") ** 2
        ).sum()

    def ours(x, k):
        return (ndimage.convolve(x, k, mode="reflect") ** 2).sum()

    expected = jax.grad(theirs, (0, 1))(IMAGE, kernel)
    for a, b in zip(ad.grad(ours, argnums=(0, 1))(IMAGE, kernel), expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11)


def test_self_adjoint_where_the_boundary_is():
    """A symmetric kernel and reflected edges make a symmetric matrix."""
    jacobian = ad.jacobian(lambda x: ndimage.gaussian_filter(x, 1.2, mode="reflect"))(IMAGE)
    matrix = jacobian.reshape(30, 30)
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-15)
    np.testing.assert_allclose(matrix.sum(axis=1), 1, rtol=1e-13)


def test_kernels_longer_than_the_image():
    for mode in MODES:
        found = ad.jit(lambda x, mode=mode: ndimage.gaussian_filter(x, 5.0, mode=mode))(IMAGE)
        expected = scipy_ndimage.gaussian_filter(IMAGE, 5.0, mode=mode)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("dtype", ["f4", "i4", "u1", "?", "c8"])
def test_dtypes(dtype):
    image = (np.abs(IMAGE) * 9).astype(dtype)
    for f in (ndimage.laplace, lambda x: ndimage.convolve(x, np.ones((2, 2)))):
        found, expected = ad.jit(f)(image), f(image)
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_empty_images():
    found = ad.jit(lambda x: ndimage.gaussian_filter(x, 1.0))(np.zeros((0, 3)))
    assert found.shape == (0, 3)


def test_a_where_before_a_filter_keeps_gradients_finite():
    f = lambda x: ndimage.gaussian_filter(np.where(x > 0, np.log(x), 0.0), 1.0).sum()
    with np.errstate(all="ignore"):
        assert np.isfinite(ad.grad(f)(IMAGE)).all()


# ---- refusals


def test_a_traced_sigma_needs_a_radius():
    with pytest.raises(TypeError, match="radius="):
        ad.grad(lambda s: ndimage.gaussian_filter(IMAGE, s).sum())(1.0)


def test_shapes_that_would_depend_on_values():
    with pytest.raises(TypeError, match="reshape=False"):
        ad.grad(lambda a: ndimage.rotate(IMAGE, a).sum())(10.0)
    with pytest.raises(TypeError, match="affine_transform"):
        ad.grad(lambda z: ndimage.zoom(IMAGE, z).sum())(2.0)


def test_output_arrays_and_functions_without_a_traced_form():
    with pytest.raises(EscapeError, match="output"):
        ad.grad(lambda x: ndimage.laplace(x, np.empty_like(IMAGE)).sum())(IMAGE)
    with pytest.raises(UnsupportedFunctionError, match=r"scipy\.ndimage\.median_filter"):
        ad.grad(lambda x: ndimage.median_filter(x, 3).sum())(IMAGE)


def test_bad_arguments():
    for call in (
        lambda x: ndimage.map_coordinates(x, POINTS, order=6),
        lambda x: ndimage.map_coordinates(x, POINTS, mode="sideways"),
        lambda x: ndimage.map_coordinates(x, POINTS[:1]),
        lambda x: ndimage.gaussian_filter(x, 1.0, mode="sideways"),
        lambda x: ndimage.correlate1d(x, np.ones((2, 2))),
        lambda x: ndimage.correlate(x, np.ones(3)),
    ):
        with pytest.raises(RuntimeError) as ours:
            ad.jit(call)(IMAGE)
        with pytest.raises(RuntimeError):
            call(IMAGE)
        assert str(ours.value)
    with pytest.raises(ValueError, match="origin"):
        ad.jit(lambda x: ndimage.correlate1d(x, np.ones(3), origin=2))(IMAGE)
    with pytest.raises(RuntimeError, match="float16"):
        ad.jit(lambda x: ndimage.laplace(x))(IMAGE.astype("f2"))


@pytest.mark.parametrize("order", [0, 1, 3])
@pytest.mark.parametrize("mode", ["reflect", "mirror", "wrap", "grid-wrap", "constant"])
def test_a_coordinate_that_is_no_number_gets_cval(mode, order):
    image, at = RNG.normal(size=5), np.array([[1.3, np.nan, 2.7]])
    call = lambda lib, x, p: lib.map_coordinates(x, p, order=order, mode=mode, cval=0.7)
    expected = call(scipy_ndimage, image, at)
    np.testing.assert_allclose(ad.jit(lambda x, p: call(ndimage, x, p))(image, at), expected)
    image_slope, at_slope = ad.grad(lambda x, p: np.sum(call(ndimage, x, p) ** 2), argnums=(0, 1))(
        image, at
    )
    assert np.isfinite(image_slope).all()
    assert np.isfinite(at_slope).all()
    assert at_slope[0, 1] == 0


@pytest.mark.parametrize("mode", ["reflect", "grid-mirror", "mirror", "wrap", "grid-wrap"])
@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_halves_and_samples_far_outside(mode, order):
    image, at = RNG.normal(size=5), np.arange(-12, 17, 0.5)[None]
    expected = scipy_ndimage.map_coordinates(image, at, order=order, mode=mode)
    found = ad.jit(lambda x: ndimage.map_coordinates(x, at, order=order, mode=mode))(image)
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_integers_are_padded_with_integers():
    image, at = np.arange(12).reshape(3, 4) ** 2, RNG.uniform(-3, 6, (2, 20))
    call = lambda lib, x: lib.map_coordinates(x, at, order=2, mode="grid-constant", cval=0.3)
    expected = call(scipy_ndimage, image)
    np.testing.assert_array_equal(ad.jit(lambda x: call(ndimage, x))(image), expected)


@pytest.mark.parametrize("axes", [(0, 1), (2, 0), (1, 3)])
def test_rotation_of_many_planes_at_once(axes):
    image = RNG.normal(size=(3, 4, 2, 5))
    call = lambda lib, x: lib.rotate(x, 33.0, axes, order=3, mode="nearest")
    expected = call(scipy_ndimage, image)
    np.testing.assert_allclose(ad.jit(lambda x: call(ndimage, x))(image), expected, atol=1e-10)
    none = image[:0] if 0 not in axes else image[:, :, :, :0]
    shape = list(expected.shape)
    shape[0 if 0 not in axes else 3] = 0
    assert ad.jit(lambda x: call(ndimage, x))(none).shape == tuple(shape)


def test_images_without_axes():
    number = np.float32(2.5)
    for call in (
        lambda lib, x: lib.spline_filter(x),
        lambda lib, x: lib.correlate(x, np.array(2.0)),
        lambda lib, x: lib.gaussian_filter(x, 1.0),
    ):
        expected = call(scipy_ndimage, number)
        found = ad.jit(lambda x, c=call: c(ndimage, x))(number)
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected)
    with pytest.raises(RuntimeError, match="rank"):
        ad.jit(lambda x: ndimage.zoom(x, 2.0))(number)


def test_gradient_magnitude_of_a_flat_image():
    """The derivative is finite where the magnitude is zero, as that of a norm is."""
    image = np.zeros((9, 9))
    image[8, 8] = 1.0
    slope = ad.grad(lambda x: ndimage.gaussian_gradient_magnitude(x, 0.5).sum())(image)
    assert np.isfinite(slope).all()
    assert slope[0, 0] == 0
    assert abs(slope[8, 8]) > 0.1
