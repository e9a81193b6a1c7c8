"""`while_loop`: a loop that tells by itself when it is done, as one equation.

    while_loop[condition=p, program=body, tests=t, constants=c, carry=k, ...]
        *tests *constants *carry -> *carry, steps, *rows

As long as `p(*tests, *carry)` is true, the body goes from the carried values to the next. The
number of steps is a result, and so is what the body gives beside the carry, stacked: these arrays
grow as the loop runs. That is how reverse mode knows the way back, which is a `scan`. With
`checkpointed` nothing is stacked, and the way back is a `sweep`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import compress
from typing import Any, NamedTuple

import numpy as np

from autodiff.control.bodies import (
    Mask,
    Parts,
    batched_body,
    divided_body,
    filled,
    ignoring,
    joined,
    narrowed_body,
    parts,
    pushed_body,
    stacked,
    tuple_text,
    unwoven,
    with_inputs,
)
from autodiff.control.collectives import refuse_meeting
from autodiff.control.loop import Loop
from autodiff.control.rows import borrowed, chosen_by
from autodiff.control.scan_batching import swapped
from autodiff.control.scan_division import known_part, late_part, mixed_part, without_residuals
from autodiff.control.taylor_rules import expand_while_loop
from autodiff.ir.editing import dependents
from autodiff.ir.program import Atom, Equation, Program, Var
from autodiff.ir.types import ArrayType, type_of
from autodiff.primitives.algebra import add, reduce_any, spread, zeros_like
from autodiff.primitives.arithmetic import convert
from autodiff.primitives.comparison import logical_and
from autodiff.primitives.record import Primitive
from autodiff.tracing.build import build, evaluate, split
from autodiff.transforms.batch import Unmapped, batch

__all__ = ["While", "while_loop"]

_COUNT = ArrayType((), np.int64)


class While(NamedTuple):
    """The params of a while loop."""

    condition: Program
    program: Program
    tests: int  # constants of the condition
    constants: int  # constants of the body
    carry: int
    policy: Any = None
    checkpointed: bool = False

    def __call__(self, *operands: Any) -> Sequence[Any]:
        """The results on these operands."""
        return while_loop(*operands, **self._asdict())

    def equation(
        self, operands: Sequence[Atom], outputs: Sequence[Var], like: Equation
    ) -> Equation:
        """The loop on these operands, as an equation that stands for a part of another."""
        params = self._asdict()
        return Equation(while_loop, tuple(operands), params, tuple(outputs), like.trail)

    def cut(self, operands: Sequence[Any]) -> tuple[list[Any], Parts]:
        """The constants of the condition, and the operands of the body."""
        own = parts(operands[self.tests :], self.constants, self.carry)
        return list(operands[: self.tests]), own


def _types(*types: ArrayType, **params: Any) -> tuple[ArrayType, ...]:
    loop = While(**params)
    tests, own = loop.cut(types)
    if loop.condition.in_types != (*tests, *own.carry):
        raise TypeError(f"the condition takes {loop.condition.in_types}, not {types}")
    if loop.condition.out_types != (ArrayType((), bool),):
        raise TypeError(f"the condition gives {loop.condition.out_types}, and not one bool")
    if loop.program.in_types != (*own.constants, *own.carry):
        raise TypeError(f"{loop.program.name} takes {loop.program.in_types}, not {types}")
    outs = loop.program.out_types
    if list(outs[: loop.carry]) != own.carry:
        raise TypeError(f"{loop.program.name} carries {own.carry} to {outs[: loop.carry]}")
    return (*own.carry, _COUNT, *(stacked(t, None) for t in outs[loop.carry :]))


def _run(xp: Any, *operands: Any, **params: Any) -> tuple[Any, ...]:
    loop = While(**params)
    tests, (fixed, state, _) = loop.cut(operands)
    rows = loop.program.out_types[loop.carry :]
    made = [xp.empty((16, *t.shape), t.dtype) for t in rows]
    n, room = 0, 16
    while evaluate(loop.condition, [*tests, *state], xp)[0]:
        outs = evaluate(loop.program, [*fixed, *state], xp)
        state = outs[: loop.carry]
        if n == room and made:
            made, room = [xp.concatenate((y, y)) for y in made], 2 * room
        for y, out in zip(made, outs[loop.carry :], strict=True):
            y[n] = out
        n += 1
    return (*state, xp.asarray(n)[()], *(y[:n] for y in made))


def _function(types: Sequence[ArrayType], params: dict[str, Any]) -> str:
    """The loop as Python."""
    loop = While(**params)
    given, own = loop.cut(types)
    tests, fixed, state = (
        [f"{kind}{i}" for i in range(len(xs))]
        for kind, xs in zip("tcs", (given, *own[:2]), strict=True)
    )
    rows = loop.program.out_types[loop.carry :]
    made = [f"y{i}" for i in range(len(rows))]
    grown = ", ".join([f"np.concatenate(({y}, {y}))" for y in made])
    growing = ["        if n == len(y0):", f"            {', '.join(made)} = {grown}"]
    targets = tuple_text([*state, *(f"{y}[n]" for y in made)]) or "()"
    return "\n".join([
        f"def {{name}}({', '.join([*tests, *fixed, *state])}):",
        *[
            f"    {y} = np.empty({(16, *t.shape)}, '{t.dtype.name}')"
            for y, t in zip(made, rows, strict=True)
        ],
        "    n = 0",
        f"    while {{condition}}({', '.join([*tests, *state])})[0]:",
        *(growing if made else []),
        f"        {targets} = {{program}}({', '.join([*fixed, *state])})",
        "        n += 1",
        f"    return ({tuple_text([*state, 'np.int64(n)', *(f'{y}[:n]' for y in made)])})",
    ])  # fmt: skip


# ---- forward mode


def _jvp(xs: Any, dxs: Any, **params: Any) -> Any:
    loop = While(**params)
    c, k = loop.constants, loop.carry
    tests, own = loop.cut(xs)
    given = tuple([t is not None for t in dxs[loop.tests :]])
    body, active, out_active = pushed_body(loop.program, given, c, k)
    dxs = filled(xs[loop.tests :], dxs[loop.tests :], active)
    moving = active[c : c + k]
    new = loop._replace(
        condition=ignoring(
            loop.condition, tuple([type_of(x) for x in split(own.carry, moving)[1]])
        ),
        program=body,
        constants=c + sum(active[:c]),
        carry=k + sum(moving),
    )
    outs = new(*tests, *joined(own, parts(dxs, c, k)))
    at = new.carry
    ys, dys = unwoven([*outs[:at], *outs[at + 1 :]], out_active, k)
    return [*ys[:k], outs[at], *ys[k:]], [*dys[:k], None, *dys[k:]]


# ---- batching


def _batch(size: int, xs: Any, mapped: Any, **params: Any) -> list[Any]:
    loop = While(**params)
    t, c, k = loop.tests, loop.constants, loop.carry
    body, wanted, out_mapped = batched_body(loop.program, tuple(mapped[t:]), size, c, k)
    moving = wanted[c : c + k]
    condition, (asked,) = batch(loop.condition, (*mapped[:t], *moving), size)
    if asked:
        return _batch_of_conditions(size, xs, mapped, loop)
    state = [
        spread(x, size) if w and not m else x
        for x, m, w in zip(xs[t + c :], mapped[t + c :], moving, strict=True)
    ]
    outs = loop._replace(condition=condition, program=body)(*xs[: t + c], *state)
    flags = [*out_mapped[:k], False, *out_mapped[k:]]
    return [
        Unmapped(y) if not m else y if i <= k else swapped(y)
        for i, (y, m) in enumerate(zip(outs, flags, strict=True))
    ]


def _batch_of_conditions(size: int, xs: Any, mapped: Any, loop: While) -> list[Any]:
    """Loops that are done at different times run together until the last is."""
    t, c, k = loop.tests, loop.constants, loop.carry
    state = [x if m else spread(x, size) for x, m in zip(xs[t + c :], mapped[t + c :], strict=True)]
    condition, alive, body = _patient(loop, tuple(mapped[: t + c]), size)
    start = evaluate(alive, [*xs[:t], *state])
    counts = zeros_like(ArrayType((size,), np.int64))
    new = loop._replace(condition=condition, program=body, tests=0, constants=t + c, carry=k + 2)
    _, counts, *outs = new(*xs[: t + c], *start, counts, *state)
    del outs[k]  # the number of steps that the last one took
    return [*outs[:k], counts, *map(swapped, outs[k:])]


@lru_cache(maxsize=256)
def _patient(loop: While, mapped: Mask, size: int) -> tuple[Program, Program, Program]:
    """Condition and body of loops of which some are done, and what tells which are not.

    The carry begins with which of them go on, and with how many steps each has taken.
    """
    t, c, k = loop.tests, loop.constants, loop.carry
    everything = (True,) * k
    alive = batch(loop.condition, (*mapped[:t], *everything), size, (True,))[0]
    outputs = (True,) * len(loop.program.outputs)
    body = batch(loop.program, (*mapped[t:], *everything), size, outputs)[0]
    refuse_meeting(loop.condition, alive, "the condition of a loop")
    refuse_meeting(loop.program, body, "the body of a loop")

    def step(*args: Any) -> list[Any]:
        tests, fixed, (active, counts, *state) = args[:t], args[t : t + c], args[t + c :]
        xs = borrowed(active, [*fixed, *state], (*mapped[t:], *everything))
        outs = evaluate(body, xs)
        before = [*state, *map(zeros_like, outs[k:])]
        kept = [chosen_by(active, y, x) for y, x in zip(outs, before, strict=True)]
        (going,) = evaluate(alive, [*tests, *kept[:k]])
        taken = add(counts, convert(active, dtype=np.dtype(np.int64)))
        return [logical_and(active, going), taken, *kept]

    flags, numbers = (ArrayType((size,), dtype) for dtype in (bool, np.int64))
    states = alive.in_types[t:]
    types = (*alive.in_types[:t], *body.in_types[:c], flags, numbers, *states)
    condition = build(
        lambda active, *rest: [reduce_any(active, axes=(0,))],
        (flags, numbers, *states),
        f"any_{loop.condition.name}",
    )
    return condition, alive, build(step, types, f"patient_{loop.program.name}")


# ---- cut in two: so there is no rule for the reverse


def _unzip(equation: Equation, unknown: Sequence[bool]) -> tuple[Equation, Equation] | None:
    loop = While(**equation.params)
    t, c, k = loop.tests, loop.constants, loop.carry
    tests, operands = equation.inputs[:t], equation.inputs[t:]
    policy = "recompute" if loop.checkpointed else loop.policy
    cut = divided_body(loop.program, tuple(unknown[t:]), c, k, policy)
    moving = cut.unknown[c : c + k]
    reached = dependents(loop.condition, (*unknown[:t], *moving))
    if not reached.isdisjoint(loop.condition.outputs):
        return None
    condition = with_inputs(loop.condition, [*[True] * t, *[not m for m in moving]])
    late = (*cut.out_unknown[:k], False, *cut.out_unknown[k:])
    outs = split(equation.outputs, late)[0]
    own = parts(split(operands, cut.unknown)[0], *cut.known(c, k))
    steps = [outs[len(own.carry)]]

    def known(
        head: Sequence[Atom], body: Program, given: Parts, outputs: Sequence[Var]
    ) -> Equation:
        new = loop._replace(
            condition=condition,
            program=body,
            constants=len(given.constants),
            carry=len(given.carry),
        )
        return new.equation([*head, *given.constants, *given.carry], outputs, equation)

    rest = Loop(loop.program, None, c, k, False, loop.policy, loop.checkpointed)
    results = [*equation.outputs[:k], *equation.outputs[k + 1 :]]
    if loop.checkpointed:
        first = known(tests, without_residuals(cut), own, outs)
        return first, mixed_part(rest, cut, steps, operands, results, equation)
    made = [Var(stacked(v.type, None)) for v in cut.made]
    first, invariants = known_part(known, cut, tests, own, [*outs, *made], equation)
    rows = [*(outs[len(own.carry) + 1 + i] for i in cut.shared), *made]
    waiting = parts(split(operands, cut.unknown)[1], c - len(own.constants), k - len(own.carry))
    like = Equation(equation.primitive, (), {}, tuple(results), equation.trail)
    return first, late_part(rest, cut, steps, own, invariants, rows, waiting, like)


def _narrow(equation: Equation, wanted: Mask) -> Equation:
    """The loop without what neither its condition nor anybody else wants."""
    loop = While(**equation.params)
    t, c, k = loop.tests, loop.constants, loop.carry
    used: set[Any] = {a for e in loop.condition.equations for a in e.inputs}
    used.update(loop.condition.outputs)
    asked = [v in used for v in loop.condition.inputs[t:]]
    kept = [a or b for a, b in zip(wanted[:k], asked, strict=True)]
    body, needed, left = narrowed_body(loop.program, (*kept, *wanted[k + 1 :]), c, k)
    if body is loop.program:
        return equation
    new = loop._replace(
        condition=with_inputs(loop.condition, [*[True] * t, *left[:k]]),
        program=body,
        constants=sum(needed[:c]),
        carry=sum(left[:k]),
    )
    operands = (*equation.inputs[:t], *compress(equation.inputs[t:], needed))
    outputs = tuple(compress(equation.outputs, (*left[:k], True, *left[k:])))
    return new.equation(operands, outputs, equation)


while_loop: Primitive = Primitive(
    "while_loop",
    types=_types,
    run=_run,
    jvp=_jvp,
    batch=_batch,
    unzip=_unzip,
    narrow=_narrow,
    function=_function,
    taylor=expand_while_loop,
    kind="holder",
    multiple=True,
)
