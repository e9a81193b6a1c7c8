"""What NumPy code does with parts of arrays: right, or a clear error; never a silent difference.

Each function is plain NumPy. It is run on arrays, in a trace and under `jit`, and its gradient is
compared with differences.
"""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest

import autodiff as ad
from autodiff.errors import NoValueError

X = np.random.default_rng(0).normal(size=(4, 5))


# ---- right


def row_inplace(x):
    out = np.zeros_like(x)
    row = out[1]
    row += x[0]
    return out


def interior(x):
    out = np.zeros_like(x)
    out[1:-1, 1:-1] = x[1:-1, 1:-1] ** 2
    return out


def transposed(x):
    a = x.copy()
    a.T[0] = 1.5
    a.T[1] *= x[:, 0]
    return a


def view_of_view(x):
    a = x.copy()
    b = a[1:]
    c = b[:, ::2]
    c[0] = x[0, :3]
    b += 1
    return a + 0 * c.sum()


def reshaped(x):
    a = x.copy()
    v = a.reshape(-1)
    v[3:7] = x[0, :4] * 2
    return a


def ravel_view(x):
    a = x.copy()
    v = a.ravel()
    v[0] = 7 * x[1, 1]
    return a


def flatten_copy(x):
    a = x.copy()
    v = a.flatten()
    v[0] = 7 * x[1, 1]
    return a


def diag_write(x):
    a = x[:, :4].copy()
    np.fill_diagonal(a, x[0, :4])
    return a


def add_at(x):
    a = np.zeros_like(x)
    np.add.at(a, (np.array([0, 0, 1]), np.array([1, 1, 2])), x[0, :3])
    return a


def subtract_at(x):
    a = x.copy()
    np.subtract.at(a, [0, 0], x[2])
    return a


def mult_at(x):
    a = x.copy()
    np.multiply.at(a, ([0, 1], [1, 1]), x[3, :2])
    return a


def max_at(x):
    a = x.copy()
    np.maximum.at(a, ([0, 1, 0], [1, 1, 1]), x[3, :3])
    return a


def out_kw(x):
    a = np.empty_like(x)
    np.multiply(x, x, out=a)
    np.exp(a, out=a)
    np.add(a, x, out=a[:])
    return a


def out_view(x):
    a = np.zeros_like(x)
    np.sin(x[0], out=a[2])
    np.sum(x, axis=0, out=a[1])
    return a


def sorted_in_place(x):
    a = x.copy()
    a.sort(axis=0)
    a[1].sort()
    return a


def filled(x):
    a = x.copy()
    a[1].fill(x[0, 0])
    return a


def put_in(x):
    a = x.copy()
    np.put(a, [1, 2, -1], x[0, :3])
    a.put([7], 3.0)
    return a


def swap_rows(x):
    a = x.copy()
    a[[0, 1]] = a[[1, 0]]
    a[0], a[2] = (a[2].copy(), a[0].copy())
    return a


def swap_alias(x):
    a = x.copy()
    a[0], a[2] = (a[2], a[0])
    return a


def overlap(x):
    a = x.copy()
    a[1:] = a[:-1]
    a[:, 1:] += a[:, :-1]
    return a


def mask_assign(x):
    a = x.copy()
    a[a > 0] = 0
    a[a < -1] *= 2
    return a


def real_imag(x):
    z = x + 1j * x
    z.real = x**2
    z.imag[0] = 1
    return z.real + z.imag


def newaxis_view(x):
    a = x.copy()
    a[:, None, :][0, 0] = x[1]
    return a


def swapped_axes_view(x):
    a = x.copy()
    np.swapaxes(a, 0, 1)[0] = x[:, 1]
    return a


def moved_axis_view(x):
    a = np.zeros_like(x, shape=(2, 3, 4))
    np.moveaxis(a, 0, -1)[0, 0] = x[0, :2]
    return a


def squeezed_view(x):
    a = x[:1].copy()
    np.squeeze(a)[2] = x[1, 1]
    return a


def split_views(x):
    a = x.copy()
    p, q = np.split(a, 2)
    p[0] = x[3]
    q *= 2
    return a


def iter_rows(x):
    a = x.copy()
    for r in a:
        r *= 2
        r[0] = 1
    return a


def diagonal_read(x):
    a = x.copy()
    d = np.diagonal(a)
    a[0, 0] = 5
    return d * 1


def flipped_views(x):
    a = x.copy()
    np.flip(a, 0)[0] = x[0]
    a[::-1][1] += 1
    return a


def ascontig(x):
    a = x.copy()
    b = np.ascontiguousarray(a)
    b[0] = 1
    return a


def asarray_alias(x):
    a = x.copy()
    b = np.asarray(a)
    b[0] = x[1]
    return a


def array_copy(x):
    a = x.copy()
    b = np.array(a)
    b[0] = x[1]
    return a


def atleast(x):
    a = x[0].copy()
    b = np.atleast_2d(a)
    b[0, 1] = x[1, 1]
    return a


def copied_to(x):
    a = x.copy()
    np.copyto(a[1:3], x[:2])
    np.copyto(a, 9.0, where=a > 1)
    return a


def iadd_views(x):
    a = x.copy()
    b = a
    b += x
    c = a[0]
    a *= 2
    return a + c


def augmented_slices(x):
    a = x.copy()
    a[1:3, ::2] *= x[0, ::2]
    a[..., -1] -= 1
    a[0] /= 2
    a[1] **= 2
    return a


def astype_nocopy(x):
    a = x.copy()
    b = a.astype(float, copy=False)
    b[0] = 1
    return a


def partitioned(x):
    a = x.copy()
    a.partition(2, axis=1)
    return np.sort(a[:, :2])


def ndenumerate(x):
    a = np.zeros_like(x)
    for i, v in np.ndenumerate(x):
        a[i] = v * 2
    return a


def flat_iter(x):
    return np.array([v * 2 for v in x.flat])


def flat_assign(x):
    a = x.copy()
    a.flat = x[0]
    a.flat[3] = 2
    return a


def put_along(x):
    a = x.copy()
    np.put_along_axis(a, np.argsort(x, axis=1)[:, :1], x[:, 1:2], 1)
    return a


def setitem_ellipsis(x):
    a = x.copy()
    a[...] = x[0]
    a[:] = a * 2
    return a


def viewed(x):
    a = x.copy()
    v = a.view()
    v[0] = 1
    return a


def sliding(x):
    return np.lib.stride_tricks.sliding_window_view(x, 3, axis=1).sum(-1)


def delitem(x):
    rows = list(x)
    del rows[0]
    return np.stack(rows)


def where_out(x):
    a = np.zeros_like(x)
    np.divide(1.0, x, out=a, where=x > 0)
    return a


def clip_out(x):
    a = x.copy()
    np.clip(a, -1, 1, out=a)
    return a


def round_out(x):
    a = x.copy()
    a.round(1, out=a)
    return a * x


def cumsum_out(x):
    a = np.zeros_like(x)
    np.cumsum(x, 0, out=a)
    x.cumprod(axis=1, out=a)
    return a


def take_out(x):
    a = np.zeros_like(x)
    np.take(x, [0, 1, 1, 0], axis=0, out=a)
    return a


def matmul_out(x):
    a = np.zeros_like(x, shape=(4, 4))
    np.matmul(x, x.T, out=a)
    np.dot(x, x.T, out=a)
    return a


def concat_out(x):
    a = np.zeros_like(x, shape=(8, 5))
    np.concatenate([x, x], out=a)
    return a


def imatmul(x):
    a = x[:4, :4].copy()
    a @= x[:4, :4]
    return a


def int_inplace(x):
    a = np.zeros_like(x, dtype=int)
    a += 1
    a[0] = x[0]
    return a * x


def reversed_as_a_whole(x):
    a = x.copy()
    a[::-1] *= x
    a[:, ::-1] = a * 2
    a[::-1, ::-1] += 1
    return a


def windows_follow(x):
    a = x.copy()
    windows = np.lib.stride_tricks.sliding_window_view(a, (2, 2))
    a[1] *= 3
    return windows * 1.0


def contiguous_is_the_same(x):
    a = np.zeros(x.shape, like=x)
    a += x
    np.ascontiguousarray(a)[0] = 1.0
    np.array(a, copy=None, ndmin=3)[0, 1] = 2.0
    np.require(a, requirements="C")[2] = 3.0
    return a


def einsum_view(x):
    a = x[:, :4].copy()
    np.einsum("ii->i", a)[:] = x[0, :4]
    turned = np.einsum("ij->ji", a)
    turned[0] *= 2
    np.einsum(a, [0, 1])[1] += 1
    a[:, 3] = x[:, 4]
    return a + 0 * turned[0]


def einsum_of_three_axes(x):
    a = np.stack([x[:, :4], x[:, 1:]])
    d = np.einsum(a, [2, 1, 1], [1, 2], dtype=np.float64)
    d += x[:, :2]
    np.einsum("...ij->i...j", a)[1:3, :, 0] = 0.5
    return a + d[0].sum()


def einsum_that_sums(x):
    a = x[:, :4].copy()
    np.einsum("ijk->kj", a[None])[0] = 1.0
    np.einsum("ij,j->ij", a, x[0, :4])[0] = 1.0
    return a


def differences_of_order_none(x):
    a = x.copy()
    b = np.diff(a, n=0)
    b[0] *= 2
    return a


def parts_of_flat(x):
    a = x.copy()
    b = a.flat[:2]
    b += 1
    a.flat[...][3] = 7.0
    a.flat[2:4] *= x[0, 0]
    c = x[0].copy()
    d = c.flat[1:3]
    d *= 5
    c.flat[0] = x[1, 1]
    c.flat[3:] = 2.0
    return a + c + d[0]


def array_of_flat(x):
    a = x.copy()
    for whole in (np.asarray, np.ravel, np.atleast_1d, np.ascontiguousarray):
        part = whole(a.flat)[1:3]
        part += x[0, :2]
    np.reshape(a.flat, -1)[5:8][0] = 3.0
    np.multiply(x[0], 2.0, out=np.asarray(a.flat)[10:15])
    return a


def one_choice(x):
    a = np.choose(np.zeros((2, 5), int), [x[0]])
    b = x[1].copy()
    c = np.choose(np.zeros(5, int), [b])
    c *= 2
    return a + b + c


def grid_of_copies(x):
    a = x[0].copy()
    b, c = np.meshgrid(a, a, sparse=True)
    b[0, 1] = 2.0
    c[1] *= 3
    return a + b + c


def grid_that_follows(x):
    a = x[0].copy()
    rows, columns = np.meshgrid(a, a, copy=False)
    a[1] = x[1, 1]
    return rows + 2 * columns


def padded_by_a_function(x):
    def double_edges(vector, width, axis, kwargs):
        vector[: width[0]] = vector[width[0]] * kwargs["factor"]
        if width[1]:
            vector[-width[1] :] = vector[-width[1] - 1] + axis

    return np.pad(x, ((1, 2), (2, 0)), double_edges, factor=3.0)


def of_its_own(x):
    a = x * 2
    np.require(a[:2], requirements="O")[0] = 3.0
    np.array(a, order="F")[0] = 1.0
    return a


RIGHT = [
    einsum_view,
    einsum_of_three_axes,
    einsum_that_sums,
    differences_of_order_none,
    parts_of_flat,
    array_of_flat,
    one_choice,
    grid_of_copies,
    grid_that_follows,
    padded_by_a_function,
    reversed_as_a_whole,
    windows_follow,
    contiguous_is_the_same,
    of_its_own,
    row_inplace,
    interior,
    transposed,
    view_of_view,
    reshaped,
    ravel_view,
    flatten_copy,
    diag_write,
    add_at,
    subtract_at,
    mult_at,
    max_at,
    out_kw,
    out_view,
    sorted_in_place,
    filled,
    put_in,
    swap_rows,
    swap_alias,
    overlap,
    mask_assign,
    real_imag,
    newaxis_view,
    swapped_axes_view,
    moved_axis_view,
    squeezed_view,
    split_views,
    iter_rows,
    diagonal_read,
    flipped_views,
    ascontig,
    asarray_alias,
    array_copy,
    atleast,
    copied_to,
    iadd_views,
    augmented_slices,
    astype_nocopy,
    partitioned,
    ndenumerate,
    flat_iter,
    flat_assign,
    put_along,
    setitem_ellipsis,
    viewed,
    sliding,
    delitem,
    where_out,
    clip_out,
    round_out,
    cumsum_out,
    take_out,
    matmul_out,
    concat_out,
    imatmul,
    int_inplace,
]
BY_VALUE = [mask_assign]  # what is selected depends on values, so not under jit


def weighted(f):
    def loss(x):
        y = f(x)
        return np.sum(np.sin(y.real) * np.arange(1, y.size + 1).reshape(y.shape))

    return loss


@pytest.mark.parametrize("f", RIGHT, ids=lambda f: f.__name__)
def test_values_and_gradients_are_those_of_plain_arrays(f):
    expected = f(X.copy())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ad.errors.ZeroGradientWarning)
        value, _ = ad.jvp(f, (X,), (np.ones_like(X),))
    assert (value.shape, value.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(value, expected)
    if f in BY_VALUE:
        with pytest.raises(NoValueError, match=re.escape("np.where(mask, x, 0)")):
            ad.jit(f)(X)
    else:
        np.testing.assert_allclose(ad.jit(f)(X), expected, rtol=1e-14)
    step, direction = 1e-6, np.random.default_rng(1).normal(size=X.shape)
    ahead, behind = (weighted(f)(X + s * direction) for s in (step, -step))
    slope = np.sum(ad.grad(weighted(f))(X) * direction)
    np.testing.assert_allclose(slope, (ahead - behind) / (2 * step), rtol=1e-5, atol=1e-7)


# ---- refused


def grid_written(x):
    np.meshgrid(x[0] * 1.0, x[1], copy=False)[0][0] = 1.0


def broadcast_ro(x):
    a = np.broadcast_to(x[0], (3, 5))
    a[0] = 1
    return a


def resized(x):
    a = x.copy()
    a.resize((5, 4))
    return a


def shape_assigned(x):
    a = x.copy()
    a.shape = (5, 4)
    return a


def iterated_by_nditer(x):
    return sum(v for v in np.nditer(x)) * np.ones(2)


def strided(x):
    return np.lib.stride_tricks.as_strided(x, shape=(2, 2), strides=(8, 8))


def through_lists(x):
    return np.array(x.tolist())


def bytes_swapped(x):
    return x.byteswap()


def strides(x):
    return x * x.strides[0]


def flags(x):
    return x * float(x.flags.c_contiguous)


def base_of(x):
    return x if x.base is None else x * 2


def pointer(x):
    return x.ctypes.data * x


def float_into_int_iadd(x):
    a = np.zeros_like(x, dtype=int)
    a += x
    return a


def windows_written(x):
    np.lib.stride_tricks.sliding_window_view(x * 1.0, 2, axis=0)[0] = 1.0


def fortran_written(x):
    a = x * 2
    np.asfortranarray(a.T[1:])[0] = 1.0  # a copy or not? the trace does not know
    return a


def contiguous_part_written(x):
    a = x * 2
    np.ascontiguousarray(a[:, ::2])[0] = 1.0
    return a


REFUSED = {
    windows_written: "assignment destination is read-only",
    fortran_written: "whether NumPy made a view or a copy",
    contiguous_part_written: "whether NumPy made a view or a copy",
    grid_written: "assignment destination is read-only",
    broadcast_ro: "assignment destination is read-only",
    resized: r"x\.reshape",
    shape_assigned: r"x = x\.reshape",
    iterated_by_nditer: r"np\.ndenumerate",
    strided: "sliding_window_view",
    through_lists: r"x\.tolist",
    bytes_swapped: "no attribute 'byteswap'",
    strides: "no attribute 'strides'",
    flags: "no attribute 'flags'",
    base_of: "no attribute 'base'",
    pointer: "no attribute 'ctypes'",
    float_into_int_iadd: "same_kind",
}


@pytest.mark.parametrize("f", REFUSED, ids=lambda f: f.__name__)
@pytest.mark.parametrize("transform", [ad.jit, ad.grad], ids=["jit", "grad"])
def test_what_has_no_meaning_is_refused_and_says_what_to_write(f, transform):
    with pytest.raises((AttributeError, TypeError, ValueError), match=REFUSED[f]) as caught:
        transform(f)(X)
    if transform is ad.grad:
        assert "Write instead" in str(caught.value)
