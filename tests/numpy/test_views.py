"""Arrays that share memory: what NumPy changes through a view, a traced function changes too."""

import gc

import numpy as np
import pytest

import autodiff as ad
from autodiff.numpy.writing import AssignmentError
from tests.numpy.running import assert_same, traced

X = np.arange(1.0, 13.0).reshape(3, 4)


def row(x):
    a = x * 1
    first = a[0]
    first += 10
    return a, first


def transposed(x):
    a = x * 1
    a.T[0] = 7.0
    return a


def flat(x):
    a = x.copy()
    a.reshape(-1)[5] = 7.0
    a.flat[2:4] = 9.0
    return a


def view_of_a_view(x):
    a = x * 1
    part = a[1:].T[::-1]
    part[0][1] = 50.0
    a[2] *= 2
    return a, part


def siblings(x):
    a = x * 1
    left, right, both = a[:, :2], a[:, 1:3], a[1]
    left[...] = 0.0
    right += 1
    return a, left, right, both


def new_axes(x):
    a = x * 1
    column, stack = a[:, None, 0], np.expand_dims(a, 0)
    column[1] = 5.0
    stack[0, 0] -= 1
    return a, column, stack


def loop_over_rows(x):
    a = x * 1
    for k, part in enumerate(a):
        part *= k
        part[0] = 100.0
    return a


def no_axes(x):
    a = x * 1
    element = a[1, 2, ...]
    element += 5
    scalar = a[0, 0]
    scalar += 5
    return a, element, scalar


def traced_place(x):
    a = x * 1
    k = np.argmax(a[:, 0])
    part = a[k]
    part += 1
    a[k, 1] = 0.0
    return a, part


def complex_parts(x):
    a = x * (1 + 2j)
    real = a.real
    a.imag[0] = 0.0
    real += 1
    return a, real


def renamed(x):
    a = x * 1
    b = a[:]
    c = a[...]
    b += 1
    c[0] = 0.0
    return a, b, c


ALL = [row, transposed, flat, view_of_a_view, siblings, new_axes, loop_over_rows, no_axes,
       traced_place, complex_parts, renamed]  # fmt: skip


@pytest.mark.parametrize("values", [True, False])
@pytest.mark.parametrize("fun", ALL)
def test_writing_through_views(fun, values):
    assert_same(fun, X, values=values)


COPIES = [
    lambda a: a[[0, 1]],
    lambda a: a[a[:, 0] > 0],
    lambda a: a + 0,
    lambda a: a.copy(),
    lambda a: a.flatten(),
    lambda a: np.take(a, 0, axis=0),
    lambda a: a.astype(float),
    lambda a: a[0, 0],
]


@pytest.mark.parametrize("copy", COPIES)
def test_copies_are_independent(copy):
    def fun(x):
        a = x * 1
        b = copy(a)
        b += 1
        a[0] = 0.0
        return a, b

    assert_same(fun, X)


# ---- random programs


def random_program(seed):
    """A function that makes views and copies and writes to them, differently for each seed."""

    def fun(x):
        rng = np.random.default_rng(seed)
        start = [lambda: x * 2, lambda: x.copy(), lambda: np.zeros_like(x), lambda: np.copy(x)]
        arrays = [start[rng.integers(0, 4)]()]
        for _ in range(rng.integers(2, 9)):
            a = arrays[rng.integers(0, len(arrays))]
            if rng.random() < 0.4:
                write(a, rng)
            else:
                arrays.append(derive(a, rng))
            if rng.random() < 0.2 and len(arrays) > 1:
                arrays.pop(rng.integers(0, len(arrays)))
        return arrays

    return fun


def derive(a, rng):
    """A view or a copy of `a`."""
    return [
        lambda: a.T,
        lambda: a[rng.integers(0, len(a))] if a.ndim > 1 else a,
        lambda: a[:: (1, 2, -1)[rng.integers(0, 3)]],
        lambda: a[1:],
        lambda: a.reshape(-1),
        lambda: a.ravel(),
        lambda: a[None],
        lambda: a.swapaxes(0, -1),
        lambda: a.copy(),
        lambda: a + 1.0,
        lambda: np.expand_dims(a, -1),
    ][rng.integers(0, 11)]()


def write(a, rng):
    """Change `a` in place."""
    kind = rng.integers(0, 4) if a.size else 0
    if kind == 0:
        a += rng.normal()
    elif kind == 1:
        a[int(rng.integers(0, len(a)))] = rng.normal()
    elif kind == 2:
        a[...] = a[::-1].copy()
    else:
        a[a > 0.5] = -1.0


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("values", [True, False])
@pytest.mark.parametrize("seed", range(150))
def test_random_programs_do_what_numpy_does_or_refuse(seed, values, order):
    rng = np.random.default_rng(seed)
    x = np.array(rng.normal(size=tuple(rng.integers(1, 4, 2))), order=order)
    fun = random_program(seed)
    try:
        assert_same(fun, x, values=values)
    except AssignmentError as error:
        if "how the array lies in memory" not in str(error):
            raise


# ---- where NumPy's choice depends on memory


def test_merging_the_axes_of_an_array_in_unknown_order_refuses_to_be_written_to():
    def fun(x):
        a = x * 2
        a.reshape(-1)[0] = 1.0
        return a

    assert_same(fun, X)
    with pytest.raises(AssignmentError, match="view or a copy"):
        traced(fun, np.asfortranarray(X))
    with pytest.raises(AssignmentError, match=r"test_views\.py:\d+.*x\.copy\(\)\.reshape"):
        ad.jit(fun)(X)


def test_what_was_flattened_can_still_be_read():
    assert_same(lambda x: (x * 2).T.reshape(-1) + x.ravel(), X, values=False)


def test_read_only_views():
    def fun(x):
        np.broadcast_to(x * 2, (2, 3, 4))[0] = 1.0

    with pytest.raises(AssignmentError, match="read-only"):
        traced(fun, X)


# ---- cost


def test_views_that_nobody_needs_leave_nothing_in_the_program():
    def fun(x):
        a = np.zeros_like(x)
        for i in range(3):
            part = a[i]
            part += x[i]
        return a

    program = ad.trace(fun)(X)
    assert len(program.equations) <= 14
    assert_same(fun, X, values=False)


def test_views_do_not_keep_the_trace_alive():
    def fun(x):
        for part in x * 2:
            part += 1
        return x.sum()

    ad.grad(fun)(X)
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(20):
        ad.grad(fun)(X)
    gc.collect()
    assert len(gc.get_objects()) < before + 200
