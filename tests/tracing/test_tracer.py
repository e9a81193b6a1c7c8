"""Tracers behave like arrays: operators, attributes, methods, iteration, in-place forms."""

import operator

import numpy as np
import pytest

import autodiff as ad
from autodiff.errors import LeakedTracerError, UnsupportedFunctionError
from autodiff.tracing.tracer import Tracer
from tests.calculus import evaluated

X = np.array([[0.5, -1.5, 2.0], [3.0, 0.25, -0.75]])
ROW = np.array([1.5, 2.5, -0.5])


def check(f, *args):
    """A function gives the same, with the same dtype, traced and untraced."""
    kept: list[np.ndarray] = []

    def spy(*tracers):
        y = f(*tracers)
        assert isinstance(y, Tracer)
        kept.extend(y._builder.captured)
        return y

    program = ad.trace(spy)(*args)
    (found,) = evaluated(program, [*args, *kept])
    expected = f(*args)
    assert np.asarray(found).dtype == np.asarray(expected).dtype
    np.testing.assert_array_equal(found, expected)


# ---- operators

BINARY = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod,
    operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne,
]  # fmt: skip
OTHERS = [ROW, 2.5, 3, np.float64(1.5), np.float32(0.5), np.array(2), [1.0, 2.0, 3.0]]


@pytest.mark.parametrize("op", BINARY)
@pytest.mark.parametrize("other", OTHERS, ids=lambda other: type(other).__name__)
def test_binary_operators(op, other):
    check(lambda x: op(x, other), X)
    check(lambda x: op(other, x), X)


@pytest.mark.parametrize("op", [operator.add, operator.mul, operator.lt])
def test_two_tracers(op):
    check(lambda x, y: op(x, y), X, ROW)
    check(lambda x, y: op(x, y), X.astype(np.float32), ROW)


@pytest.mark.parametrize("p", [2, 3, -1, 0, 0.5, 2.0, np.float64(1.5)])
def test_powers(p):
    check(lambda x: abs(x) ** p, X)
    check(lambda x: abs(p) ** x if p else x, X)


@pytest.mark.parametrize("op", [operator.neg, operator.pos, operator.abs])
def test_unary_operators(op):
    check(op, X)
    check(op, np.arange(-2, 3))


@pytest.mark.parametrize(
    "op", [operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift]
)
def test_bit_operators(op):
    a, b = np.array([5, 6, 7]), np.array([1, 2, 3])
    check(lambda x: op(x, b), a)
    check(lambda x: op(b, x), b)
    check(operator.invert, a)


def test_divmod():
    check(lambda x: divmod(x, 0.4)[0], X)
    check(lambda x: divmod(x, 0.4)[1], X)
    check(lambda x: divmod(4.0, x)[1], X)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x @ ROW,
        lambda x: X.T @ x,
        lambda x: ROW @ x.T,
        lambda x: x @ x.T,
        lambda x: x.T.dot(x),
        lambda x: np.dot(X, x.T),
        lambda x: X @ x[0],
    ],
)
def test_matrix_products_with_arrays_on_either_side(f):
    program = ad.trace(f)(X)
    assert [e.primitive.name for e in program.equations].count("contract") == 1
    value = ad.value_and_grad(lambda x: np.sum(f(x)))(X)[0]
    np.testing.assert_allclose(value, np.sum(f(X)), rtol=1e-14)


def test_an_array_on_the_left_does_not_take_over():
    """NumPy would otherwise make an object array of tracers."""

    def f(x):
        y = ROW * x
        assert isinstance(y, Tracer)
        z = np.float64(2) * x
        assert isinstance(z, Tracer)
        return np.sum(y + z)

    np.testing.assert_array_equal(ad.grad(f)(X), np.broadcast_to(ROW + 2, (2, 3)))


def test_in_place_operators_on_a_plain_array_raise():
    def f(x):
        total = np.zeros(3)
        total += x[0]
        return np.sum(total)

    with pytest.raises((TypeError, ValueError)):
        ad.grad(f)(X)


# ---- attributes and methods


def test_attributes():
    def f(x):
        assert (x.shape, x.dtype, x.ndim, x.size, len(x)) == ((2, 3), np.float64, 2, 6, 2)
        assert (x.nbytes, x.itemsize) == (48, 8)
        return np.sum(x.T.real)

    assert ad.grad(f)(X).shape == (2, 3)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x.sum(0),
        lambda x: x.sum(axis=1, keepdims=True),
        lambda x: x.mean(),
        lambda x: x.max(1),
        lambda x: x.reshape(-1),
        lambda x: x.reshape(3, 2),
        lambda x: x.sum(1).reshape(-1),
        lambda x: x.ravel()[1:],
        lambda x: x.astype(np.float32),
        lambda x: x.transpose(1, 0),
        lambda x: x.clip(0, 1),
        lambda x: x.copy(),
        lambda x: x.flatten(),
        lambda x: x.squeeze(),
        lambda x: x.cumsum(1),
        lambda x: x.swapaxes(0, 1),
        lambda x: x.argmax(1),
        lambda x: x.round(1),
    ],
)
def test_methods(f):
    check(f, X)


def test_an_unknown_attribute_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'colour'"):
        ad.trace(lambda x: x.colour)(X)
    with pytest.raises(AttributeError, match="'strides', since that depends on how an array lies"):
        ad.trace(lambda x: x.strides)(X)
    assert ad.grad(lambda x: np.sum(x) if not hasattr(x, "colour") else 0 * x)(X).shape == X.shape


def test_dir_lists_methods():
    def f(x):
        assert {"sum", "reshape", "T", "shape"} <= set(dir(x))
        return np.sum(x)

    ad.trace(f)(X)


def test_what_numpy_has_and_tracers_do_not_is_named():
    with pytest.raises(UnsupportedFunctionError, match=r"numpy\.busday_count has no traced form"):
        ad.trace(lambda x: np.busday_count(x, x))(X)
    with pytest.raises(UnsupportedFunctionError, match=r"isnat \(a ufunc\) has no traced form"):
        ad.trace(lambda x: np.isnat(x))(X)


# ---- iteration and containment


def test_iteration_over_rows():
    def f(x):
        total = 0.0
        for i, row in enumerate(x):
            total = total + (i + 1) * np.sum(row**2)
        return total

    np.testing.assert_allclose(ad.grad(f)(X), 2 * X * np.array([[1], [2]]))


def test_unpacking_and_stars():
    def f(x):
        (a, b, c), rest = x
        return a * b * c + np.sum([*rest, 0][0])

    np.testing.assert_allclose(ad.grad(f)(X), [[-3, 1, -0.75], [1, 0, 0]])


def test_a_scalar_has_no_length():
    for f in (len, list, lambda x: [*x]):
        with pytest.raises(TypeError, match=r"len\(\) of unsized|iteration over a 0-d"):
            ad.trace(lambda x, f=f: f(x))(1.0)


def test_containment_asks_for_the_value():
    assert ad.grad(lambda x: np.sum(x) if 2.0 in x else 0 * np.sum(x))(X).tolist() == [[1] * 3] * 2


def test_tracers_cannot_be_hashed_like_arrays():
    with pytest.raises(TypeError, match="unhashable"):
        ad.trace(lambda x: {x: 1})(X)


def test_equality_is_elementwise():
    check(lambda x: x == ROW, X)
    check(lambda x: x != x, X)


# ---- in-place forms move the handle


def test_augmented_assignment_does_not_touch_the_argument():
    def f(x):
        y = x * 1.0
        y += 2
        y *= x
        y -= 1
        y /= 4
        return np.sum(y)

    kept = X.copy()
    np.testing.assert_allclose(ad.grad(f)(X), (2 * X + 2) / 4)
    np.testing.assert_array_equal(X, kept)


def test_every_name_of_an_array_sees_the_change():
    def f(x):
        y = x * 1.0
        alias = y
        y += x
        y[0] = 0
        return np.sum(alias * ROW)

    np.testing.assert_array_equal(ad.grad(f)(X), [[0, 0, 0], [3, 5, -1]])


def test_assignment_into_zeros_like():
    def f(x):
        out = np.zeros_like(x)
        out[0] = x[1] * 2
        out[1, ::2] = x[0, ::2] ** 2
        out[1, 1] += 5 * x[1, 1]
        return np.sum(out)

    np.testing.assert_allclose(ad.grad(f)(X), [[1, 0, 4], [2, 7, 2]])


def test_assignment_by_a_mask():
    def f(x):
        y = x * x
        y[x < 0] = 0
        y[x > 1] += x[x > 1]
        return np.sum(y)

    np.testing.assert_allclose(ad.grad(f)(X), np.where(X < 0, 0, 2 * X + (X > 1)))


# ---- leaks


def test_a_tracer_that_outlives_its_trace_is_refused():
    kept = []

    def loss(x):
        kept.append(np.sin(x))
        return np.sum(x)

    ad.grad(loss)(X)
    for use in (
        lambda t: t + 1,
        lambda t: 1 + t,
        lambda t: ROW * t,
        np.sum,
        lambda t: t[0],
        lambda t: t.T,
        lambda t: ad.grad(lambda x: np.sum(x * t))(X),
        lambda t: t @ ROW,
        lambda t: t**2,
    ):
        with pytest.raises(
            LeakedTracerError, match=r"traced value of loss .*under grad.* had returned"
        ):
            use(kept[0])


def test_a_tracer_may_be_looked_at_after_its_trace():
    """What is only printed does no harm, and a debugger must be able to show it."""
    kept = []
    ad.grad(lambda x: kept.append(x * 2) or np.sum(x))(ROW)
    assert "f64[3]" in repr(kept[0])
    assert kept[0].shape == (3,)


def test_a_leak_from_an_inner_trace_into_an_outer_one():
    def outer(x):
        kept = []
        ad.grad(lambda y: kept.append(y * x) or np.sum(y))(X)
        return np.sum(kept[0])

    with pytest.raises(LeakedTracerError):
        ad.grad(outer)(1.0)
