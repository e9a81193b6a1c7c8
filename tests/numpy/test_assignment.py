"""`x[index] = value`, `x += y` and the functions that write."""

import re

import numpy as np
import pytest

import autodiff as ad
from autodiff.errors import EscapeError, NoValueError
from autodiff.numpy.writing import AssignmentError
from tests.numpy.running import assert_same, random_index, traced

X = np.arange(1.0, 13.0).reshape(3, 4)
VECTOR = np.array([3.0, 1.0, 2.0])


def changed(change):
    """A function that changes a copy of its argument and returns it."""

    def fun(x, *others):
        y = x * 1
        change(y, *others)
        return y

    return fun


@pytest.mark.parametrize("seed", range(300))
def test_random_assignments_do_what_numpy_does(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=tuple(rng.integers(1, 4, rng.integers(1, 5))))
    index = random_index(rng, x.shape)
    try:
        part = x[index]
    except IndexError:
        return
    last = part.shape[-1:]
    value = [2.5, rng.normal(size=part.shape), rng.normal(size=last)][seed % 3]

    def change(y):
        y[index] = value
        y[index] *= 3.0

    assert_same(changed(change), x, values=bool(seed % 2))


def test_the_last_of_several_writes_wins_and_has_the_gradient():
    def fun(x, v):
        y = x * 1
        y[[0, 2, 0]] = v
        return np.sum(y * np.array([1.0, 10.0, 100.0]))

    by_x, by_v = ad.grad(fun, argnums=(0, 1))(VECTOR, np.array([7.0, 8.0, 9.0]))
    assert by_x.tolist() == [0.0, 10.0, 0.0]
    assert by_v.tolist() == [0.0, 100.0, 1.0]


@pytest.mark.parametrize("guard", ["integer", "array", "mask", "slice"])
def test_what_is_overwritten_does_not_count(guard):
    """`r[0] = 0` guards a pole as `where` does: infinity times zero is not met."""

    def fun(x):
        y = np.log(x)
        y[{"integer": 0, "array": [0], "mask": x <= 0, "slice": slice(0, 1)}[guard]] = 0.0
        y[-1] = 0.0
        return np.sum(3 * y)

    with np.errstate(divide="ignore"):
        assert ad.grad(fun)(np.array([0.0, 2.0, 0.0])).tolist() == [0.0, 1.5, 0.0]


def test_the_dtype_of_the_target_stays():
    def change(y):
        y[0] = 2.7
        y[1:] = np.array([[-1.5], [300.0]])

    assert_same(changed(change), X.astype(int))
    assert_same(changed(change), X.astype(np.float32))


def test_complex_values_do_not_fit_real_arrays():
    with pytest.raises(TypeError, match="imaginary part"):
        traced(changed(lambda y: y.__setitem__(0, 1j)), VECTOR)


def test_values_that_do_not_fit():
    with pytest.raises(ValueError, match=r"from shape \(2,\) into shape \(4,\)"):
        traced(changed(lambda y: y.__setitem__(0, np.ones(2))), X)


def test_masks_need_no_values_if_all_they_name_gets_the_same():
    def change(y):
        y[y > 5] = 0.0
        y[y[:, 0] == 1.0] = np.arange(4.0)

    assert_same(changed(change), X, values=False)


def test_masks_need_values_if_each_place_gets_its_own():
    change = changed(lambda y: y.__setitem__(y > 5, y[y > 5] * 2))
    assert_same(change, X)
    with pytest.raises(NoValueError, match=r"np\.where\(mask, x, 0\)"):
        ad.jit(change)(X)


# ---- in-place operators


def iadd(y, v):
    y += v


def imul(y, v):
    y *= v


def ipow(y, v):
    y **= v


def itruediv(y, v):
    y /= v


def imatmul(y, v):
    y @= v


@pytest.mark.parametrize("operate", [iadd, imul, ipow, itruediv])
@pytest.mark.parametrize("other", [2, 2.0, np.float32(2), np.arange(1.0, 5.0)])
@pytest.mark.parametrize("dtype", [float, np.float32, int, complex])
def test_in_place_operators(operate, other, dtype):
    x = X.astype(dtype)
    try:
        operate(x.copy(), other)
    except TypeError as error:
        with pytest.raises(TypeError, match=re.escape(str(error))):
            traced(changed(lambda y: operate(y, other)), x)
    else:
        assert_same(changed(lambda y: operate(y, other)), x, values=False)


def test_in_place_matrix_product():
    assert_same(changed(lambda y: imatmul(y, np.eye(4) + 1)), X)


def test_in_place_operators_do_not_change_the_shape():
    with pytest.raises(ValueError, match="non-broadcastable output operand with shape"):
        traced(changed(lambda y: iadd(y, X)), X[0])


def test_all_names_of_an_array_see_the_change():
    def fun(x):
        y = z = x * 1
        y += 1
        return y, z

    assert_same(fun, VECTOR)


def test_scalars_are_replaced_not_changed():
    def fun(x):
        s = before = x.sum()
        s += 1
        s /= 2
        return s, before

    assert_same(fun, VECTOR)
    assert ad.grad(lambda x: fun(x)[0])(VECTOR).tolist() == [0.5, 0.5, 0.5]


# ---- what must not be written to


def writes_to_its_argument(x):
    x[0] = 1.0
    return x.sum()


def adds_to_its_argument(x):
    x += 1.0
    return x.sum()


def writes_through_a_view(x):
    rows = x.T
    rows[0] = 1.0
    return x.sum()


@pytest.mark.parametrize(
    ("fun", "line"),
    [(writes_to_its_argument, "x[0] = 1.0"), (adds_to_its_argument, "x += 1.0"),
     (writes_through_a_view, "rows[0] = 1.0")],
)  # fmt: skip
@pytest.mark.parametrize("transform", [ad.jit, ad.grad, ad.vmap])
def test_arguments_are_not_written_to(fun, line, transform):
    with open(__file__) as file:
        number = 1 + next(i for i, text in enumerate(file) if text.strip() == line)
    with pytest.raises(AssignmentError) as error:
        transform(fun)(X)
    message = str(error.value)
    assert f"test_assignment.py:{number}" in message
    assert "would change `x`" in message
    assert "`x = x.copy()`" in message


def test_a_copy_of_an_argument_can_be_written_to():
    def fun(x):
        x = x.copy()
        x[0] = 5.0
        x += 1
        return x

    assert_same(fun, VECTOR, values=False)


def test_a_captured_tracer_is_not_written_to_inside_another_trace():
    def fun(x):
        out = np.zeros_like(x)

        def inner(y):
            out[0] = 3.0
            return y * 2

        return ad.grad(inner)(x[0]) + out

    with pytest.raises(AssignmentError, match=r"inside inner .* return the new value"):
        ad.jit(fun)(VECTOR)


def test_plain_arrays_do_not_take_traced_values():
    def fun(function):
        buffer = np.zeros(3)
        return lambda x: function(buffer, x)

    for function in (
        lambda b, x: np.add.at(b, [0], x[:1]),
        lambda b, x: np.put(b, [0], x[:1]),
        lambda b, x: np.put_along_axis(b, np.array([0]), x[:1], 0),
    ):
        with pytest.raises(EscapeError, match=r"np\.zeros\(shape, like=x\)"):
            ad.jit(fun(function))(VECTOR)


# ---- functions that write


def test_add_at_counts_repetitions():
    places = np.array([0, 2, 0, -1])
    assert_same(changed(lambda y: np.add.at(y, places, 1.5)), VECTOR, values=False)
    assert_same(changed(lambda y: np.add.at(y, (slice(None), places), y[:, :1])), X)
    assert_same(changed(lambda y: np.add.at(y, 1, y[0])), X)
    assert_same(changed(lambda y: np.subtract.at(y, places, y[0])), VECTOR)
    assert_same(changed(lambda y: np.add.at(y, y > 1.5, 2.0)), VECTOR, values=False)


def test_add_at_does_not_cast_down():
    with pytest.raises(TypeError, match="same_kind"):
        traced(changed(lambda y: np.add.at(y, [0], 1.5)), np.arange(3))


@pytest.mark.parametrize("mode", ["raise", "wrap", "clip"])
def test_put(mode):
    places = [0, 5, -1] if mode == "raise" else [0, 17, -20]
    assert_same(changed(lambda y: np.put(y, places, [7.0, 8.0], mode=mode)), X)
    assert_same(changed(lambda y: y.put(places, 7.0, mode)), X)


def test_put_along_axis():
    places = np.array([[1], [0], [3]])
    assert_same(changed(lambda y: np.put_along_axis(y, places, y[:, 2:3], 1)), X)
    assert_same(changed(lambda y: np.put_along_axis(y, np.array([4, 0]), 9.0, None)), X)


def test_place_and_putmask():
    assert_same(changed(lambda y: np.place(y, y > 5, [1.0, 2.0])), X)
    assert_same(changed(lambda y: np.putmask(y, y > 5, y * 10)), X, values=False)
    assert_same(changed(lambda y: np.putmask(y, y > 5, [1.0, 2.0])), X, values=False)


@pytest.mark.parametrize("shape", [(3, 3), (3, 5), (7, 3), (3, 3, 3)])
@pytest.mark.parametrize("wrap", [False, True])
def test_fill_diagonal(shape, wrap):
    x = np.arange(float(np.prod(shape))).reshape(shape)
    assert_same(changed(lambda y: np.fill_diagonal(y, 50.0, wrap)), x)
    assert_same(changed(lambda y: np.fill_diagonal(y, [50.0, 60.0], wrap)), x)


def test_a_loop_that_fills_an_array():
    def fun(x):
        out = np.zeros_like(x)
        out[0] = x[0]
        for i in range(1, len(x)):
            out[i] = 0.5 * out[i - 1] + x[i]
        return out

    assert_same(fun, VECTOR, values=False)
    assert ad.grad(lambda x: fun(x)[-1])(VECTOR).tolist() == [0.25, 0.5, 1.0]
