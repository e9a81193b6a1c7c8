"""Loops, branches, custom rules, implicit functions and callbacks on a device.

Each is traced with a function around it, as its table has it, and called at once with arrays of the
device. What the functions bring along (rows, times) is NumPy's: it goes where the arguments are.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff.backend.emit import compile_program
from tests.api.constructs import CONSTRUCTS, base
from tests.device.transfer import agree, no_syncs, on_device

X = np.array([0.7, -0.4, 0.9])
V = np.array([0.3, 0.8, -0.5])
SAMPLES = np.array([X, -0.3 * V, [0.05, 0.02, 0.01]])
A = np.array([[4.0, 0.5, -0.3], [0.2, 3.0, 0.4], [-0.1, 0.6, 5.0]])
TIMES = np.array([0.0, 0.3, 0.5])

# Constructs for which the host waits, to look at what decides how it goes on.
LOOKING = {
    "while_loop", "while_checkpointed", "cond", "switch", "fixed_point", "custom_root", "argmin",
    "odeint", "odeint_backsolve",
}  # fmt: skip

every_construct = pytest.mark.parametrize("construct", CONSTRUCTS, ids=lambda c: c.name)


def check(xp: Any, transformed: Callable[..., Any], *args: Any) -> None:
    """Twice the same, since the first call may take another way than later ones."""
    expected = transformed(*args)
    for _ in range(2):
        agree(xp, transformed(*on_device(xp, args)), expected)


def squared(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: np.sum(f(*args) ** 2)


def pulled(f: Callable[..., Any], x: Any, ct: Any) -> Any:
    y, pullback = ad.vjp(f, x)
    return y, pullback(ct)


def pushed(f: Callable[..., Any], x: Any, dx: Any) -> Any:
    y, push = ad.linearize(f, x)
    return y, push(dx)


def along(f: Callable[..., Any], x: Any, dx: Any) -> Any:
    return ad.jvp(f, (x,), (dx,))


FORMS: dict[str, Callable[..., tuple[Callable[..., Any], tuple[Any, ...]]]] = {
    "jit": lambda f: (ad.jit(f), (X,)),
    "jvp": lambda f: (partial(along, f), (X, V)),
    "linearize": lambda f: (partial(pushed, f), (X, V)),
    "vjp": lambda f: (partial(pulled, f), (X, V)),
    "grad": lambda f: (ad.value_and_grad(squared(f)), (X,)),
    "hvp": lambda f: (ad.hvp(squared(f)), (X, (V,))),
    "vmap": lambda f: (ad.vmap(f), (SAMPLES,)),
    "vmap-grad": lambda f: (ad.vmap(ad.grad(squared(f))), (SAMPLES,)),
    "jit-grad": lambda f: (ad.jit(ad.grad(squared(f))), (X,)),
}


@every_construct
@pytest.mark.parametrize("form", FORMS)
def test_every_construct(xp, construct, form):
    transformed, args = FORMS[form](construct.traced(base))
    check(xp, transformed, *args)


NESTED = [
    c
    for c in CONSTRUCTS
    if c.name in ("scan_recursive", "fori_loop", "while_loop", "while_checkpointed", "switch")
]


@pytest.mark.parametrize("outer", NESTED, ids=lambda c: c.name)
@pytest.mark.parametrize("inner", NESTED, ids=lambda c: c.name)
def test_pairs(xp, outer, inner):
    """Loops in branches in loops: how many steps, and which branch, differ from row to row."""
    check(xp, ad.vmap(ad.grad(squared(outer.traced(inner.traced(base))))), SAMPLES)


@every_construct
def test_values_while_tracing(xp, construct):
    """A value that is looked at is computed there and then, equation by equation."""
    f = construct.traced(base)

    def looking(x: Any) -> Any:
        y = f(x)
        return np.sum(y) if y[0] > 0 else np.sum(y * y)

    check(xp, ad.grad(looking), X)


@pytest.mark.parametrize(
    "construct", [c for c in CONSTRUCTS if c.name not in LOOKING], ids=lambda c: c.name
)
def test_the_host_does_not_wait(xp, construct):
    f = squared(construct.traced(base))
    x, v, samples = on_device(xp, (X, V, SAMPLES))
    with no_syncs(xp):
        for _ in range(2):
            ad.value_and_grad(f)(x)
            ad.hvp(f)(x, (v,))
            ad.vmap(ad.grad(f))(samples)
            ad.jit(ad.grad(f))(x)


@every_construct
def test_generated_code_knows_no_numpy(xp, construct):
    f = construct.traced(base)
    x = xp.asarray(X)
    for traced in (ad.trace(f)(x), ad.trace(ad.grad(squared(f)))(x)):
        names = compile_program(traced, xp).__globals__
        assert names["np"] is xp
        for value in names.values():
            assert not isinstance(value, np.ndarray | np.generic | np.ufunc)
            assert not (isinstance(value, ModuleType) and value is not xp)


# ---- called at once, with nothing traced around


def relax(a: Any, x: Any) -> Any:
    return x - 0.1 * (a @ x - 1.0)


def row_step(state: Any, row: Any) -> Any:
    return np.sin(state) + row, state * row


CALLS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "scan": (lambda x, rows: ad.scan(row_step, x, rows), (X, A)),
    "scan in single precision": (
        lambda x, rows: ad.scan(row_step, x, rows, checkpoint=True),
        (X.astype(np.float32), A.astype(np.float32)),
    ),
    "scan of complex numbers": (lambda x, rows: ad.scan(row_step, x, rows), (X * 1j, A + 1j)),
    "scan of numbers": (lambda xs: ad.scan(lambda s, x: (s + x, s * x), 0.5, xs), (X,)),
    "scan backwards": (lambda x, rows: ad.scan(row_step, x, rows, reverse=True), (X, A)),
    "scan in chunks": (lambda x, rows: ad.scan(row_step, x, rows, unroll=2), (X, A)),
    "fori_loop": (lambda a, x: ad.fori_loop(0, 4, lambda i, x: relax(a, x) / (i + 1), x), (A, X)),
    "fori_loop to a bound": (
        lambda x, n: ad.fori_loop(0, n, lambda i, x: np.sin(x) + i, x),
        (X, np.array(3)),
    ),
    "while_loop": (
        lambda a, x: ad.while_loop(
            lambda x: np.max(abs(a @ x - 1.0)) > 1e-3, lambda x: relax(a, x), x
        ),
        (A, X),
    ),
    "cond": (lambda p, x: ad.cond(p, lambda x: x, lambda x: x * x, x), (np.array(False), X)),
    "switch": (lambda i, x: ad.switch(i, [abs, lambda x: x**2], x), (np.array(1), X)),
    "map": (lambda a: ad.map(lambda row: np.sin(row) / np.sum(row), a), (A,)),
    "map in batches": (lambda a: ad.map(lambda r: np.sin(r) * r[0], a, batch_size=2), (A,)),
    "associative_scan": (
        lambda stack: ad.associative_scan(lambda p, q: p @ q, stack),
        (np.stack([A, A.T, A]),),
    ),
    "solve": (ad.linear_solve, (A, X)),
    "odeint": (lambda y, ts: ad.odeint(lambda y, t: -y * (1 + t), y, ts), (X, TIMES)),
    "odeint at times of a list": (
        lambda y: ad.odeint(lambda y, t: -y * t, y, [0.0, 0.5], adjoint="direct"),
        (X,),
    ),
    "odeint backwards": (
        lambda y, ts: ad.odeint(lambda y, t: np.sin(y) * t, y, ts, adjoint="backsolve"),
        (X, TIMES[::-1].copy()),
    ),
    "jet": (lambda x, dx: ad.jet(lambda x: np.sin(x) * x, (x,), ([dx, dx, dx],)), (X, V)),
    "jet of a loop": (
        lambda x, dx: ad.jet(lambda x: ad.scan(row_step, x, A)[0], (x,), ([dx, dx],)),
        (X, V),
    ),
    "derivatives": (lambda x, dx: ad.derivatives(lambda x: np.exp(x) * x, 3)(x, dx), (X, V)),
    "jvp_many": (lambda x, dxs: ad.jvp_many(base, (x,), (dxs,)), (X, A)),
    "vjp_many": (lambda x, cts: ad.vjp_many(base, x)[1](cts), (X, A)),
    "gauss_newton_vp": (
        lambda x, dx: ad.gauss_newton_vp(base, lambda y: np.sum(y**4))(x, dx),
        (X, V),
    ),
    "fisher_vp": (lambda x, dx: ad.fisher_vp(lambda x: -(base(x) ** 2))(x, dx), (X, V)),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls_without_a_trace(xp, name):
    fun, args = CALLS[name]
    check(xp, fun, *args)


@pytest.mark.parametrize("adjoint", ["checkpointed", "direct", "backsolve"])
def test_adjoints_of_odeint(xp, adjoint):
    def f(y: Any, rate: Any, ts: Any) -> Any:
        ys = ad.odeint(lambda y, t: -rate * y**2 + t, y, ts, adjoint=adjoint)
        return np.sum(ys**2)

    check(xp, ad.value_and_grad(f, argnums=(0, 1, 2)), X + 1, np.array(0.7), TIMES)
    check(xp, ad.jit(ad.grad(f)), X + 1, np.array(0.7), TIMES)


@pytest.mark.parametrize("method", ["dense", "cg", "bicgstab", "gmres"])
def test_linear_solve(xp, method):
    def f(a: Any, b: Any) -> Any:
        matrix = a @ a.T
        return ad.linear_solve(lambda x: matrix @ x, b, method) ** 2

    check(xp, ad.jit(f), A, X)
    check(xp, ad.grad(lambda a, b: np.sum(f(a, b)), argnums=(0, 1)), A, X)
    check(xp, ad.vmap(ad.grad(lambda a, b: np.sum(f(a, b))), (None, 0)), A, SAMPLES)


def test_custom_linear_solve(xp):
    def f(d: Any, b: Any) -> Any:
        return ad.custom_linear_solve(
            lambda x: d * x, b, solve=lambda matvec, b: b / d, symmetric=True
        )

    check(xp, ad.grad(squared(f), argnums=(0, 1)), X, V)
    check(xp, ad.jit(ad.jacobian(f)), X, V)


def test_a_loop_of_a_length_that_differs_from_row_to_row(xp):
    def f(x: Any, n: Any) -> Any:
        for checkpoint in (None, True):
            x = ad.fori_loop(0, n, lambda i, x: np.sin(x) + 0.1 * i, x, checkpoint=checkpoint)
        return np.sum(x * x)

    lengths = np.array([3, 0, 5])
    check(xp, ad.jit(ad.value_and_grad(f)), X, lengths[0])
    check(xp, ad.vmap(f), SAMPLES, lengths)
    check(xp, ad.vmap(ad.grad(f)), SAMPLES, lengths)


def test_branches_that_differ_from_row_to_row(xp):
    def f(i: Any, x: Any) -> Any:
        return ad.switch(i, [np.sin, lambda x: np.sqrt(x), lambda x: x / x[0]], x)

    index = np.array([0, 2, 1])
    check(xp, ad.vmap(f), index, SAMPLES)
    check(xp, ad.vmap(ad.grad(squared(f), 1)), index, SAMPLES)
    with pytest.raises(IndexError, match="index 7 is out of range"):
        ad.jit(f)(xp.asarray(7), xp.asarray(X))


COLLECTIVES = {
    "psum": lambda x: ad.psum(x, "rows"),
    "pmean": lambda x: x - ad.pmean(x, "rows"),
    "pmax": lambda x: x * ad.pmax(x, "rows"),
    "pmin": lambda x: x * ad.pmin(x, "rows"),
    "all_gather": lambda x: ad.all_gather(x, "rows") @ x,
    "psum_scatter": lambda x: ad.psum_scatter(np.outer(x, x), "rows"),
    "ppermute": lambda x: ad.ppermute(x, "rows", [(0, 1), (1, 2), (2, 0)]) * x,
    "axis_index": lambda x: x * ad.axis_index("rows"),
}


@pytest.mark.parametrize("name", COLLECTIVES)
def test_collectives(xp, name):
    rows = ad.vmap(COLLECTIVES[name], axis_name="rows")
    check(xp, rows, SAMPLES)
    check(xp, ad.grad(squared(rows)), SAMPLES)
    check(xp, ad.jit(rows), SAMPLES)


# ---- memory


@pytest.mark.parametrize(
    "options",
    [
        {"policy": ad.policies.save_contractions},
        {"policy": ad.policies.save_costly},
        {"budget": "1MB"},
    ],
    ids=str,
)
def test_checkpoint(xp, options):
    def f(a: Any, x: Any) -> Any:
        return np.sum(ad.checkpoint(lambda x: np.sin(a @ np.tanh(a @ x)), **options)(x))

    check(xp, ad.value_and_grad(f, argnums=(0, 1)), A, X)
    check(xp, ad.jit(ad.hvp(f)), A, (A.T.copy(),), X)


def test_saved_residuals(xp):
    def f(a: Any, x: Any) -> Any:
        return np.sum(np.sin(a @ x))

    kept, there = ad.saved_residuals(f)(A, X), ad.saved_residuals(f)(*on_device(xp, (A, X)))
    assert str(there) == str(kept)
    assert there.bytes == kept.bytes


# ---- rules of one's own


def test_rules_meet_arrays_of_the_device(xp):
    """Rules are traced like any function: what they get has the device's shapes and dtypes."""

    @ad.custom_vjp
    def clipped(x: Any) -> Any:
        return np.clip(x, -0.5, 0.5)

    clipped.defvjp(lambda x: (clipped(x), x), lambda x, ct: (ct * np.where(abs(x) > 1, 0, 1),))
    check(xp, ad.grad(squared(clipped)), X)
    check(xp, ad.vmap(ad.jit(ad.grad(squared(clipped)))), SAMPLES)


# ---- on the host


def seen_by(calls: list[Any]) -> Callable[..., Any]:
    """A function of NumPy arrays that notes what it is given."""

    def cubed(x: Any) -> Any:
        calls.append(x)
        return x**3

    return cubed


def all_on_host(calls: list[Any]) -> bool:
    return bool(calls) and all(isinstance(x, np.ndarray | np.generic | float) for x in calls)


@pytest.mark.parametrize("shape", [(3,), ()])
def test_pure_callback(xp, shape):
    calls: list[Any] = []
    cubed = seen_by(calls)

    def f(x: Any) -> Any:
        return ad.pure_callback(cubed, ad.ArrayType(shape, float), x)

    x = X if shape else np.array(0.7)
    many = np.stack([x, 2 * x])
    check(xp, f, x)
    check(xp, ad.jit(lambda x: f(x) + x), x)
    check(xp, ad.vmap(f), many)
    check(xp, ad.grad(lambda x: np.sum(x * f(ad.stop_gradient(x)))), x)
    check(xp, lambda x: ad.scan(lambda s, _: (f(s), s), x, length=2), x)
    assert all_on_host(calls)


@pytest.mark.parametrize("method", ["richardson", "complex"])
def test_numeric_rule(xp, method):
    calls: list[Any] = []
    ruled = ad.numeric_rule(seen_by(calls), method=method)
    check(xp, ruled, X)
    check(xp, ad.jit(ruled), X)
    check(xp, ad.jvp, ruled, (X,), (V,))
    check(xp, ad.value_and_grad(squared(ruled)), X)
    check(xp, ad.vmap(ad.jit(ad.grad(squared(ruled)))), SAMPLES)
    assert all_on_host(calls)


def test_debug_callback(xp, capsys):
    seen: list[Any] = []

    def f(x: Any) -> Any:
        ad.debug.callback(seen.append, x * x)
        ad.debug.print("{:.2f}", np.sum(x))
        return np.sum(x * x)

    for transformed in (ad.jit(f), ad.grad(f), ad.jit(ad.value_and_grad(f))):
        check(xp, transformed, X)
    check(xp, ad.vmap(f), SAMPLES)
    assert all_on_host(seen)
    assert capsys.readouterr().out.startswith("1.20\n")


def test_debug_callback_without_a_trace(xp, capsys):
    seen: list[Any] = []
    ad.debug.callback(seen.append, xp.asarray(X))
    ad.debug.print("{}", xp.asarray(X)[0])
    assert all_on_host(seen)
    assert capsys.readouterr().out == "0.7\n"


def test_a_solver_of_differential_equations_on_the_host(xp):
    def euler(f: Any, y: Any, ts: Any) -> Any:
        assert type(y) is np.ndarray
        ys = [y]
        for start, end in pairwise(ts):
            for t in np.linspace(start, end, 8, endpoint=False):
                y = y + (end - start) / 8 * f(y, t)
            ys.append(y)
        return np.stack(ys)

    def f(y: Any, ts: Any) -> Any:
        return ad.odeint(lambda y, t: -y * t, y, ts, solver=euler)

    check(xp, f, X, TIMES)
    check(xp, ad.jit(ad.grad(squared(f))), X, TIMES)
    check(xp, ad.vmap(ad.grad(squared(f)), (0, None)), SAMPLES, TIMES)


# ---- what a device asks for


def test_results_of_loops_are_the_callers_own(xp):
    """Elements of device arrays are views, and what a loop carries may be a row of an argument."""
    a = xp.asarray(A)
    loops = [
        lambda a: ad.scan(lambda s, row: (row, row), a[0], a),
        lambda a: ad.scan(lambda s, x: (x, x), a[0, 0], a[0]),
        lambda a: ad.cond(a[0, 0] > 0, lambda x: x, lambda x: -x, a),
        lambda a: ad.while_loop(lambda s: np.sum(s) < 0, lambda s: 2 * s, a),
    ]
    for loop in loops:
        for _ in range(2):
            results, _spec = ad.tree.flatten(ad.jit(loop)(a))
            assert not any(xp.may_share_memory(y, a) for y in results)


def test_arrays_of_both_sides_are_refused(xp):
    with pytest.raises(TypeError, match=r"NumPy array .* and a CuPy array .* `cupy.asarray"):
        ad.scan(row_step, xp.asarray(X), A)
    # What the body brings along is moved.
    agree(
        xp,
        ad.fori_loop(0, 2, lambda i, x: A @ x, xp.asarray(X)),
        ad.fori_loop(0, 2, lambda i, x: A @ x, X),
    )


def test_a_loop_over_numbers_uses_arrays_of_the_device(xp):
    there = xp.asarray(A)

    def f(scale: Any, a: Any) -> Any:
        return ad.fori_loop(0, 3, lambda i, s: np.sum(s * a) / 10, scale)

    agree(xp, ad.grad(lambda s: f(s, there))(0.5), ad.grad(lambda s: f(s, A))(0.5))
    agree(xp, f(0.5, there), f(0.5, A))
