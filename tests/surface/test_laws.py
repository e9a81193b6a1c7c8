"""What every function of the surface obeys: one test for each law and row of the table.

Everything is asked as users would: by calling the function on arrays, in a trace, under `jit`,
`jvp`, `vjp`, `grad` and `vmap`. The laws of primitives are in `tests/primitives/test_laws.py`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff.backend.emit import compile_program
from autodiff.ir.types import type_of
from autodiff.tracing.record import record
from tests.calculus import difference, evaluated, inner
from tests.primitives.rows import close, directions, is_double, precise, same_bits
from tests.surface.row import Row
from tests.surface.table import ROWS

Function = Callable[..., Any]


def law(name: str) -> Any:
    """The rows of which a law is asked."""
    return pytest.mark.parametrize("row", [row for row in ROWS if row.holds(name)], ids=str)


every_row = pytest.mark.parametrize("row", ROWS, ids=str)


@contextmanager
def quiet() -> Iterator[None]:
    """Derivatives may be infinite, or zero where one of several results ignores an input."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", ad.errors.ZeroGradientWarning)
        warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
        yield


def flat(result: Any) -> list[Any]:
    """The arrays that a function returns."""
    return list(result) if isinstance(result, tuple | list) else [result]


# ---- values


def test_rows_have_names_of_their_own():
    names = [str(row) for row in ROWS]
    assert sorted(set(names)) == sorted(names)


def check_values(found: list[Any], row: Row, xs: list[Any]) -> None:
    """The same shapes and dtypes as plain NumPy gives, and the same numbers up to rounding."""
    with quiet():
        expected = flat((row.plain or row.call)(*[x.copy() for x in xs]))
    assert [(np.shape(y), np.asarray(y).dtype) for y in found] == [
        (np.shape(y), np.asarray(y).dtype) for y in expected
    ]
    for y, want in zip(found, expected, strict=True):
        if np.asarray(want).dtype.kind in "fc":
            close([y], [want], row.tolerance if is_double([np.asarray(want)]) else 1e-5)
        else:
            np.testing.assert_array_equal(y, want)


@every_row
def test_value_in_a_trace(row):
    xs = row.make()
    with quiet():
        recording = record(lambda ts: flat(row.call(*ts)), xs, label="a test")
        found = [ad.value_of(y) for y in recording.leaves]
    check_values(found, row, xs)


@law("jit")
def test_value_under_jit(row):
    xs = row.make()
    with quiet():
        check_values(flat(ad.jit(row.call)(*xs)), row, xs)


@law("emit")
def test_generated_code_does_what_the_interpreter_does(row):
    xs = row.make()
    types = [type_of(x) for x in xs]
    with quiet():
        recording = record(lambda ts: flat(row.call(*ts)), xs, label="a test", types=types)
        program, args = recording.program("row"), recording.args()
        same_bits(compile_program(program, np)(*args), evaluated(program, args))


# ---- derivatives


def active(row: Row) -> tuple[int, ...]:
    """The inputs by which derivatives are taken."""
    if row.wrt is not None:
        return row.wrt
    return tuple([i for i, x in enumerate(row.make()) if x.dtype.kind in "fc"])


def differentiable(row: Row, xs: list[Any]) -> Function:
    """The results that have derivatives, as a function of the inputs that have."""
    numbers = active(row)

    def f(*points: Any) -> list[Any]:
        given = list(xs)
        for i, x in zip(numbers, points, strict=True):
            given[i] = x
        return [y for y in flat(row.call(*given)) if y.dtype.kind in "fc"]

    return f


def point(row: Row) -> tuple[Function, list[Any]]:
    """The differentiable function of a row, and where derivatives are taken."""
    xs = row.make()
    return differentiable(row, xs), [xs[i] for i in active(row)]


def accuracy(arrays: list[Any], double: float, single: float) -> float:
    return double if is_double(arrays) else single


@law("jvp")
def test_tangent_is_the_difference_quotient(row):
    f, xs = point(row)
    dxs = directions(xs)
    with quiet():
        ys, dys = ad.jvp(f, tuple(xs), tuple(dxs))
        wide, slopes = [precise(x) for x in xs], [precise(d) for d in dxs]
        step = 1e-3 if is_double(f(*wide)) else 3e-2
        expected = difference(lambda points: f(*points), wide, slopes, step)
    assert [(dy.shape, dy.dtype) for dy in dys] == [(y.shape, y.dtype) for y in ys]
    close(dys, expected, accuracy([*xs, *ys], 1e-7, 1e-4))


@law("vjp")
def test_reverse_is_the_adjoint_of_forward(row):
    f, xs = point(row)
    dxs = directions(xs, 1)
    with quiet():
        ys, dys = ad.jvp(f, tuple(xs), tuple(dxs))
        cts = directions([np.asarray(y) for y in ys], 2)
        _, pull = ad.vjp(f, *xs)
        back = pull(cts)
    assert [(ct.shape, ct.dtype) for ct in back] == [(x.shape, x.dtype) for x in xs]
    close([inner(back, dxs)], [inner(cts, dys)], accuracy([*xs, *ys], 1e-11, 1e-4))


def weighted(f: Function, cts: list[Any]) -> Function:
    """A real function: the sum of all results, each times its weight."""
    return lambda *xs: sum(
        [np.sum((ct * y).real) for ct, y in zip(cts, f(*xs), strict=True)], np.float64(0)
    )


def along(gradients: Any, us: list[Any]) -> Any:
    return sum([np.sum((g * u).real) for g, u in zip(gradients, us, strict=True)], np.float64(0))


@law("second order")
def test_second_derivatives_in_all_four_orders(row):
    f, xs = point(row)
    us, vs = directions(xs, 1), directions(xs, 2)
    with quiet():
        loss = weighted(f, directions([np.asarray(y) for y in f(*xs)], 3))
        gradient = ad.grad(loss, argnums=tuple(range(len(xs))))

        def slope(*points: Any) -> Any:
            return ad.jvp(loss, points, tuple(us))[1]

        forward_reverse = ad.jvp(gradient, tuple(xs), tuple(us))[1]
        both = ad.grad(lambda *p: along(gradient(*p), us), argnums=tuple(range(len(xs))))
        reverse_reverse = both(*xs)
        reverse_forward = ad.grad(slope, argnums=tuple(range(len(xs))))(*xs)
        forward_forward = ad.jvp(slope, tuple(xs), tuple(vs))[1]
        wide = [precise(x) for x in xs]
        expected = difference(gradient_of(gradient), wide, [precise(u) for u in us])
    allowed = accuracy(xs, 1e-9, 1e-3)
    close(reverse_reverse, forward_reverse, allowed)
    close(reverse_forward, forward_reverse, allowed)
    close([forward_forward], [along(forward_reverse, vs)], allowed)
    close(forward_reverse, expected, accuracy(xs, 1e-6, 1e-3))


def gradient_of(gradient: Function) -> Function:
    return lambda points: gradient(*points)


# ---- batches


@law("vmap")
def test_vmap_is_a_loop(row):
    examples = [row.make(seed) for seed in range(3)]
    stacked = [np.stack(parts) for parts in zip(*examples, strict=True)]
    with quiet():
        found = flat(ad.vmap(row.call)(*stacked))
        loop = [flat((row.plain or row.call)(*xs)) for xs in examples]
    expected = [np.stack(parts) for parts in zip(*loop, strict=True)]
    assert [(y.shape, y.dtype) for y in found] == [(y.shape, y.dtype) for y in expected]
    close(found, expected, max(row.tolerance, accuracy([*stacked, *expected], 1e-12, 1e-4)))
