"""`sweep`: there and back again without keeping every step on the way.

    sweep[step=s, pull=p, length=n, ...] *constants *state *carry *rows -> *carry *rows

On the way there, `s` takes `(constants, state, rows)` to the next state; on the way back, `p` takes
`(constants, state, carry, rows)` to the carry of the step before and to a row of each stacked
result. Not all states are kept: some are, and the way from one to the next is gone again. This is
reverse mode of a loop in O(log n) memory. With `length=None` the number of steps is the first
operand; in a `reverse` sweep the way there begins with the last row.

Sources: A. Griewank, "Achieving logarithmic growth of temporal and spatial complexity in reverse
automatic differentiation" (1992); A. Griewank and A. Walther, "Algorithm 799: revolve" (2000).
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Sequence
from functools import lru_cache
from textwrap import indent
from typing import Any

from autodiff.control.bodies import element, empty_text, stacked, tuple_text
from autodiff.control.call import call
from autodiff.control.loop import Sweep
from autodiff.control.sweep_rules import batch_sweep, push_sweep, two_scans
from autodiff.ir.program import Equation
from autodiff.ir.types import ArrayType, type_of
from autodiff.primitives.record import Primitive
from autodiff.tracing.build import evaluate

__all__ = ["sweep", "there_and_back"]


def there_and_back(n, state, carry, step, pull):  # type: ignore[no-untyped-def]
    """The carry after the steps n - 1, ..., 1, 0 of `pull`, each with the state that it needs.

    A stretch of the way is divided into at most 16, whose first states are kept until it is their
    turn, from the last to the first. (Generated code contains this function's source.)
    """
    stretches = [(0, n, state)] if n else []
    while stretches:
        first, last, state = stretches.pop()
        if last - first == 1:
            carry = pull(first, state, carry)
            continue
        size = -(-(last - first) // 16)
        while first + size < last:
            stretches.append((first, first + size, state))
            for i in range(first, first + size):
                state = step(i, state)
            first += size
        stretches.append((first, last, state))
    return carry


def _groups(loop: Sweep, operands: Sequence[Any]) -> tuple[list[Any], ...]:
    """Constants, state, carry and rows."""
    xs = list(operands[loop.counters :])
    a = loop.constants
    b, c = a + loop.state, a + loop.state + loop.carry
    return xs[:a], xs[a:b], xs[b:c], xs[c:]


def _types(*types: ArrayType, **params: Any) -> tuple[ArrayType, ...]:
    loop = Sweep(**params)
    fixed, state, carry, stacks = _groups(loop, types)
    rows = [element(t) for t in stacks]
    ways = ((loop.step, [*fixed, *state, *rows]), (loop.pull, [*fixed, *state, *carry, *rows]))
    for program, given in ways:
        if list(program.in_types) != given:
            raise TypeError(f"{program.name} takes {program.in_types}, not {tuple(given)}")
    outs = loop.pull.out_types
    if list(loop.step.out_types) != state or list(outs[: loop.carry]) != carry:
        raise TypeError("a step of a sweep changes the types of what it carries")
    return (*carry, *(stacked(t, loop.length) for t in outs[loop.carry :]))


def _run(xp: Any, *operands: Any, **params: Any) -> tuple[Any, ...]:
    loop = Sweep(**params)
    n = int(operands[0]) if loop.length is None else loop.length
    fixed, state, carry, stacks = _groups(loop, operands)
    made = [xp.empty((n, *t.shape), t.dtype) for t in loop.pull.out_types[loop.carry :]]

    def step(i: int, state: Any) -> Any:
        i = n - 1 - i if loop.reverse else i
        return evaluate(loop.step, [*fixed, *state, *(x[i] for x in stacks)], xp)

    def pull(i: int, state: Any, carry: Any) -> Any:
        i = n - 1 - i if loop.reverse else i
        outs = evaluate(loop.pull, [*fixed, *state, *carry, *(x[i] for x in stacks)], xp)
        for y, out in zip(made, outs[loop.carry :], strict=True):
            y[i] = out
        return outs[: loop.carry]

    return (*there_and_back(n, state, carry, step, pull), *made)  # type: ignore[no-untyped-call]


def _function(types: Sequence[ArrayType], params: dict[str, Any]) -> str:
    """The sweep as Python."""
    loop = Sweep(**params)
    groups = zip("cskx", _groups(loop, types), strict=True)
    fixed, state, carry, stacks = ([f"{kind}{i}" for i in range(len(xs))] for kind, xs in groups)
    outs = loop.pull.out_types[loop.carry :]
    made = [f"y{i}" for i in range(len(outs))]
    n = "n" if loop.length is None else str(loop.length)
    rows = [f"{x}[i]" for x in stacks]
    turned = [f"        i = {n} - 1 - i"] * loop.reverse
    targets = tuple_text(["*carry", *(f"{y}[i]" for y in made)])
    arguments = ["n"] * loop.counters + fixed + state + carry + stacks
    return "\n".join([
        f"def {{name}}({', '.join(arguments)}):",
        *["    n = int(n)"] * loop.counters,
        *[f"    {y} = {empty_text(n, t)}" for y, t in zip(made, outs, strict=True)],
        "    def step(i, state):",
        *turned,
        f"        return {{step}}({', '.join([*fixed, '*state', *rows])})",
        "    def pull(i, state, carry):",
        *turned,
        f"        {targets} = {{pull}}({', '.join([*fixed, '*state', '*carry', *rows])})",
        "        return carry",
        indent(_algorithm(), "    "),
        f"    state, carry = ({tuple_text(state)}), ({tuple_text(carry)})",
        f"    carry = there_and_back({n}, state, carry, step, pull)",
        f"    return ({tuple_text(['*carry', *made])})",
    ])  # fmt: skip


@lru_cache(maxsize=1)
def _algorithm() -> str:
    """The source of `there_and_back`, without its docstring."""
    (function,) = ast.parse(inspect.getsource(there_and_back)).body
    assert isinstance(function, ast.FunctionDef)
    function.body = function.body[1:]
    return ast.unparse(function)


# ---- rules: further derivatives are those of the two scans that a sweep stands for


def _as_scans(equation: Equation) -> Equation:
    program = two_scans(Sweep(**equation.params), tuple([a.type for a in equation.inputs]))
    params = {"program": program, "policy": None}
    return Equation(call, equation.inputs, params, equation.outputs, equation.trail)


def _unzip(equation: Equation, unknown: Sequence[bool]) -> tuple[Equation, Equation]:
    assert call.unzip is not None
    return call.unzip(_as_scans(equation), unknown)


def _transpose(cts: Any, linear: Sequence[bool], *inputs: Any, **params: Any) -> Any:
    types = tuple([type_of(x) for x in inputs])
    program = two_scans(Sweep(**params), types)
    assert call.transpose is not None
    return call.transpose(cts, linear, *inputs, program=program, policy=None)


sweep: Primitive = Primitive(
    "sweep",
    types=_types,
    run=_run,
    jvp=lambda xs, dxs, **params: push_sweep(xs, dxs, Sweep(**params)),
    transpose=_transpose,
    batch=lambda size, xs, mapped, **params: batch_sweep(size, xs, mapped, Sweep(**params)),
    unzip=_unzip,
    function=_function,
    mask="kept",
    kind="holder",
    multiple=True,
)
