"""`scan`: a loop whose number of steps is known when it starts, as one equation.

    scan[program=body, length=n, constants=c, carry=k, ...] *constants *carry *rows -> *carry *rows

Step i applies the body to the constants, the carried values and row i of each stacked operand. It
gives the next carried values and row i of each stacked result. With `length=None` the number of
steps is the first operand. A `reverse` loop begins with the last row. With `checkpointed`, reverse
mode keeps nothing of the steps, but runs them again (see `sweep`). Every rule transforms the body.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import compress
from typing import Any

import numpy as np

from autodiff.control.bodies import (
    Mask,
    element,
    empty_text,
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
from autodiff.control.loop import Loop, Sweep
from autodiff.control.rows import along
from autodiff.control.scan_batching import batch_scan
from autodiff.control.scan_division import divide_scan
from autodiff.control.sweep import sweep
from autodiff.control.taylor_rules import expand_scan
from autodiff.control.transposed import (
    as_carried,
    clean,
    in_form,
    linear_carry,
    transposed_body,
)  # fmt: skip
from autodiff.control.unrolled import written_out
from autodiff.ir.editing import dependents, prune
from autodiff.ir.program import Equation, Program
from autodiff.ir.types import ArrayType
from autodiff.primitives.comparison import greater
from autodiff.primitives.masked import Masked, form_of, packed, unpacked
from autodiff.primitives.record import Primitive
from autodiff.tracing.build import evaluate, split

__all__ = ["scan"]


def _types(*types: ArrayType, **params: Any) -> tuple[ArrayType, ...]:
    loop = Loop(**params)
    n, body = loop.counters, loop.program
    given = parts(types[n:], loop.constants, loop.carry)
    taken = parts(body.in_types, loop.constants, loop.carry)
    rows = [element(t) for t in given.rows]
    if [*given.constants, *given.carry, *rows] != joined(taken):
        raise TypeError(f"a scan of {body.name} takes {body.in_types} and rows, not {types}")
    if body.out_types[: loop.carry] != tuple(taken.carry):
        raise TypeError(f"{body.name} carries {taken.carry} to {body.out_types[: loop.carry]}")
    if loop.length is not None and any(t.shape[0] != loop.length for t in given.rows):
        raise ValueError(f"a scan of {loop.length} steps cannot take the rows of {given.rows}")
    return (*taken.carry, *(stacked(t, loop.length) for t in body.out_types[loop.carry :]))


def _run(xp: Any, *operands: Any, **params: Any) -> tuple[Any, ...]:
    loop = Loop(**params)
    n = int(operands[0]) if loop.length is None else loop.length
    fixed, state, rows = parts(operands[loop.counters :], loop.constants, loop.carry)
    body = loop.program
    made = [xp.empty((n, *t.shape), t.dtype) for t in body.out_types[loop.carry :]]
    for i in range(n)[:: -1 if loop.reverse else 1]:
        outs = evaluate(body, [*fixed, *state, *(x[i] for x in rows)], xp)
        state = outs[: loop.carry]
        for y, out in zip(made, outs[loop.carry :], strict=True):
            y[i] = out
    return (*state, *made)


def _function(types: Sequence[ArrayType], params: dict[str, Any]) -> str:
    """The loop as Python."""
    loop = Loop(**params)
    given = parts(types[loop.counters :], loop.constants, loop.carry)
    fixed, state, rows = (
        [f"{kind}{i}" for i in range(len(xs))] for kind, xs in zip("csx", given, strict=True)
    )
    outs = loop.program.out_types[loop.carry :]
    made = [f"y{i}" for i in range(len(outs))]
    arguments = ["n"] * loop.counters + fixed + state + rows
    n = "n" if loop.length is None else str(loop.length)
    passed = ", ".join([*fixed, *state, *(f"{x}[i]" for x in rows)])
    targets = tuple_text([*state, *(f"{y}[i]" for y in made)]) or "()"
    return "\n".join([
        f"def {{name}}({', '.join(arguments)}):",
        *["    n = int(n)"] * loop.counters,
        *[f"    {y} = {empty_text(n, t)}" for y, t in zip(made, outs, strict=True)],
        f"    for i in {f'reversed(range({n}))' if loop.reverse else f'range({n})'}:",
        f"        {targets} = {{program}}({passed})",
        f"    return ({tuple_text([*state, *made])})",
    ])  # fmt: skip


# ---- forward mode


def _jvp(xs: Any, dxs: Any, **params: Any) -> Any:
    loop = Loop(**params)
    n, c, k = loop.counters, loop.constants, loop.carry
    given = tuple([t is not None for t in dxs[n:]])
    body, active, out_active = pushed_body(loop.program, given, c, k)
    dxs = filled(xs[n:], dxs[n:], active)
    new = loop._replace(
        program=body, constants=c + sum(active[:c]), carry=k + sum(active[c : c + k])
    )
    outs = new(*xs[:n], *joined(parts(xs[n:], c, k), parts(dxs, c, k)))
    return unwoven(outs, out_active, k)


# ---- reverse mode


def _transpose(cts: Any, linear: Sequence[bool], *inputs: Any, **params: Any) -> list[Any]:
    """A loop backwards; a sweep, if there are carried values that the loop is not linear in."""
    loop = Loop(**params)
    n, c, k = loop.counters, loop.constants, loop.carry
    wanted = tuple(linear[n:])
    mask = linear_carry(loop.program, wanted, c, k)
    moving = mask[c : c + k]
    types = split(loop.program.in_types[c : c + k], moving)[1]
    ends, forms = as_carried(split(cts[:k], moving)[1], types)
    row_cts = list(map(clean, cts[k:]))
    back = transposed_body(loop.program, mask, c, k, forms, tuple(map(form_of, row_cts)))
    ends = [
        ct.ct if f == "plain" != form_of(ct) else ct
        for ct, f in zip(ends, back.carry_forms, strict=True)
    ]
    own = parts(zip(inputs[n:], mask, strict=True), c, k)
    fixed, state, rows = ([x for x, m in group if not m] for group in own)
    constants = [x for x, m in own.constants if m]
    sums = unpacked(map(in_form, back.sum_forms, [None] * len(constants), constants))
    carry = [*sums, *unpacked(ends)]
    operands = (*inputs[:n], *fixed, *state, *carry, *rows, *unpacked(row_cts))
    if state:
        pulled_types = back.program.in_types[len(back.program.inputs) - len(unpacked(row_cts)) :]
        step = _forward_part(loop.program, mask, c, k, pulled_types)
        shape = (loop.length, len(fixed), len(state), len(carry), loop.reverse)
        outs = sweep(*operands, **Sweep(step, back.program, *shape)._asdict())
    else:
        new = Loop(back.program, loop.length, len(fixed), len(carry), not loop.reverse)
        outs = new(*operands)
    grads = packed((*back.sum_forms, *back.carry_forms, *back.row_forms), outs)
    found = iter([*_if_run(loop, inputs, grads[: len(constants)]), *grads[len(constants) :]])
    pulled = [next(found) if m else None for m in mask]
    return [None] * n + [ct if w else None for ct, w in zip(pulled, wanted, strict=True)]


def _if_run(loop: Loop, inputs: Sequence[Any], sums: Sequence[Any]) -> list[Any]:
    """Cotangents of constants, which do not count if there are no steps in which they are used."""
    steps = inputs[0] if loop.length is None else loop.length
    if isinstance(steps, int | np.integer):
        return [ct if steps else None for ct in sums]
    is_run = greater(steps, np.int64(0))
    return [
        Masked(ct, along(is_run, ct), clean=True) if form_of(ct) == "plain" else ct for ct in sums
    ]


@lru_cache(maxsize=256)
def _forward_part(
    program: Program, linear: Mask, constants: int, carry: int, row_cts: tuple[ArrayType, ...]
) -> Program:
    """What a body carries that it is not linear in; cotangents of rows are taken and not used."""
    kept = [not m for m in linear]
    reached = dependents(program, linear)
    equations = tuple([e for e in program.equations if reached.isdisjoint(e.inputs)])
    outputs = tuple(compress(program.outputs, kept[constants : constants + carry]))
    small = with_inputs(prune(replace(program, equations=equations, outputs=outputs)), kept)
    return ignoring(small, row_cts)


def _narrow(equation: Equation, wanted: Mask) -> Equation:
    """The loop without what nobody wants."""
    loop = Loop(**equation.params)
    n, c, k = loop.counters, loop.constants, loop.carry
    body, needed, kept = narrowed_body(loop.program, wanted, c, k)
    if body is loop.program:
        return equation
    new = loop._replace(program=body, constants=sum(needed[:c]), carry=sum(kept[:k]))
    operands = (*equation.inputs[:n], *compress(equation.inputs[n:], needed))
    return new.equation(operands, tuple(compress(equation.outputs, kept)), equation)


# ---- sparsity

_WRITTEN_OUT = 4000  # equations at most, so that their patterns are found in a fraction of a second


def _sparsity(xs: Sequence[Any], linear: Sequence[bool], **params: Any) -> list[Any] | None:
    """The steps one after another: the pattern of a step says nothing about that of many."""
    loop = Loop(**params)
    if loop.length is None or loop.length * len(loop.program.equations) > _WRITTEN_OUT:
        return None
    return written_out(loop, *xs)


scan: Primitive = Primitive(
    "scan",
    types=_types,
    run=_run,
    jvp=_jvp,
    transpose=_transpose,
    batch=lambda size, xs, mapped, **params: batch_scan(size, xs, mapped, Loop(**params)),
    unzip=lambda equation, unknown: divide_scan(equation, unknown, Loop(**equation.params)),
    narrow=_narrow,
    function=_function,
    taylor=expand_scan,
    mask="kept",
    sparsity=_sparsity,
    kind="holder",
    multiple=True,
)
