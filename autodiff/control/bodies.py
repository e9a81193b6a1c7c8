"""Programs as bodies of loops: what the transforms make of them, before a loop is made of that.

A body is `(constants, carry, rows) -> (carry, rows)`: constants are the same in each step, the
carry goes from step to step, and rows are those of stacked arrays that belong to the step.
Whether a carried value has a tangent, is mapped or is known is a question for the whole loop: if
it is so after a step, it is so before the next. Hence the fixed points here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import compress
from typing import Any, NamedTuple

from autodiff.ir.editing import has_effect, prune
from autodiff.ir.program import Atom, Equation, Program, Var
from autodiff.ir.types import UNKNOWN, ArrayType
from autodiff.primitives.algebra import zeros_like
from autodiff.transforms.batch import batch
from autodiff.transforms.jvp import jvp
from autodiff.transforms.unzip import Crossing, Policy, policy_of, save, unzip

__all__ = [
    "Division",
    "Mask",
    "Parts",
    "batched_body",
    "divided_body",
    "element",
    "empty_text",
    "filled",
    "ignoring",
    "joined",
    "marked_carry",
    "narrowed_body",
    "of_fixed_size",
    "parts",
    "pushed_body",
    "separated_body",
    "stacked",
    "tuple_text",
    "unwoven",
    "with_inputs",
]  # fmt: skip

Mask = tuple[bool, ...]


class Parts(NamedTuple):
    """The operands of a loop, or whatever belongs to them."""

    constants: list[Any]
    carry: list[Any]
    rows: list[Any]


def parts(xs: Iterable[Any], constants: int, carry: int) -> Parts:
    """Cut a flat list into what belongs to constants, carry and rows."""
    xs = list(xs)
    end = constants + carry
    return Parts(xs[:constants], xs[constants:end], xs[end:])


def joined(*groups: Parts) -> list[Any]:
    """The constants of all groups, then their carries, then their rows; without what is None."""
    return [x for kind in zip(*groups, strict=True) for xs in kind for x in xs if x is not None]


def stacked(t: ArrayType, length: int | None) -> ArrayType:
    """The type of one row for each step; `length` is None if only the run tells their number."""
    return t.with_shape((UNKNOWN if length is None else length, *t.shape))


def element(t: ArrayType) -> ArrayType:
    """The type of a row."""
    return t.with_shape(t.shape[1:])


def empty_text(n: str, row: ArrayType) -> str:
    """Source that makes an array for `n` rows of a type."""
    lengths = ", ".join([n, *map(str, row.shape)])
    return f"np.empty(({lengths}{',' if not row.shape else ''}), '{row.dtype.name}')"


def marked_carry(mask: Mask, after: Sequence[bool], constants: int) -> Mask:
    """The mask of the inputs once carried values are marked that are marked after a step."""
    end = constants + len(after)
    carry = [a or b for a, b in zip(mask[constants:end], after, strict=True)]
    return (*mask[:constants], *carry, *mask[end:])


@lru_cache(maxsize=256)
def pushed_body(
    program: Program, active: Mask, constants: int, carry: int
) -> tuple[Program, Mask, Mask]:
    """Forward mode of a body: each part is followed by its tangents.

    Returns the body, and which inputs and outputs have a tangent.
    """
    while True:
        out_active = jvp(program, active)[1]
        grown = marked_carry(active, out_active[:carry], constants)
        if grown == active:
            break
        active = grown
    moving = active[constants : constants + carry]
    rest = (False,) * (len(program.outputs) - carry)
    forward, out_active = jvp(program, active, (*moving, *rest))
    n, m = len(program.inputs), len(program.outputs)

    def woven(atoms: Sequence[Any], own: int, mask: Mask, constants: int) -> tuple[Any, ...]:
        tangents = iter(atoms[own:])
        dxs = [next(tangents) if a else None for a in mask]
        return tuple(joined(parts(atoms[:own], constants, carry), parts(dxs, constants, carry)))

    return (
        replace(
            forward,
            inputs=woven(forward.inputs, n, active, constants),
            outputs=woven(forward.outputs, m, out_active, 0),
            input_names=woven(forward.names, n, active, constants),
        ),
        active,
        out_active,
    )


def filled(xs: Sequence[Any], dxs: Sequence[Any], active: Mask) -> list[Any]:
    """The tangents of operands that have one in the loop: zeros where they begin without."""
    return [
        zeros_like(x) if a and t is None else t for x, t, a in zip(xs, dxs, active, strict=True)
    ]


def unwoven(outs: Sequence[Any], active: Mask, carry: int) -> tuple[list[Any], list[Any]]:
    """Values and tangents out of what a pushed body gives: carry, its tangents, rows, theirs."""
    remaining = iter(outs)
    ys: list[Any] = []
    dys: list[Any] = []
    for mask in (active[:carry], active[carry:]):
        ys += [next(remaining) for _ in mask]
        dys += [next(remaining) if a else None for a in mask]
    return ys, dys


@lru_cache(maxsize=256)
def batched_body(
    program: Program, mapped: Mask, size: int, constants: int, carry: int
) -> tuple[Program, Mask, Mask]:
    """A body over a new first axis; and which inputs and outputs have it."""
    while True:
        out_mapped = batch(program, mapped, size)[1]
        grown = marked_carry(mapped, out_mapped[:carry], constants)
        if grown == mapped:
            break
        mapped = grown
    forced = mapped[constants : constants + carry]
    new, out_mapped = batch(
        program, mapped, size, (*forced, *[False] * (len(program.outputs) - carry))
    )
    return new, mapped, out_mapped


@lru_cache(maxsize=256)
def narrowed_body(
    program: Program, wanted: Mask, constants: int, carry: int
) -> tuple[Program, Mask, Mask]:
    """A body without outputs that nobody wants, and without inputs that these alone need.

    Returns the body, and which inputs and outputs are left. A carried value is left if it is
    wanted or if another output needs it.
    """
    keep = wanted
    while True:
        small = prune(replace(program, outputs=tuple(compress(program.outputs, keep))))
        used: set[Any] = {a for e in small.equations for a in e.inputs}
        used.update(small.outputs)
        needed = [v in used for v in program.inputs]
        grown = marked_carry(keep, needed[constants : constants + carry], 0)
        if grown == keep:
            break
        keep = grown
    needed[constants : constants + carry] = keep[:carry]
    if all(keep) and all(needed):
        return program, tuple(needed), keep
    return with_inputs(small, needed), tuple(needed), keep


def with_inputs(program: Program, mask: Iterable[bool]) -> Program:
    """A program without the inputs that are not marked, which it does not need."""
    mask = tuple(mask)
    inputs, names = compress(program.inputs, mask), compress(program.names, mask)
    return replace(program, inputs=tuple(inputs), input_names=tuple(names))


@lru_cache(maxsize=256)
def ignoring(program: Program, types: tuple[ArrayType, ...]) -> Program:
    """A program that takes further inputs of these types, on which it does not depend."""
    if not types:
        return program
    names = (*program.names, *[""] * len(types))
    return replace(program, inputs=(*program.inputs, *map(Var, types)), input_names=names)


def tuple_text(names: Sequence[str]) -> str:
    """Source of a tuple, without the parentheses."""
    return ", ".join(names) + "," * (len(names) == 1)


# ---- cutting a body in two


class Division(NamedTuple):
    """A body cut into `first`, which is known, and `second`, which waits for unknown inputs.

    The inputs of `first` are known constants, `invariants` and known carry and rows; those of
    `second` are `fixed`, `crossing_invariants`, unknown constants; unknown carry; `rows`, `shared`,
    `made`, unknown rows. Outputs of `first` are known outputs of the body, then `made`.
    """

    first: Program
    second: Program
    unknown: Mask  # inputs, with the carry as the loop as a whole decides
    out_unknown: Mask
    hoisted: list[Equation]  # what only depends on constants: done once, before the loop
    invariants: list[Var]  # and what the bodies need of it
    crossing_invariants: list[Var]  # the part of it that the second body needs
    fixed: list[int]  # known constants that the second body needs, by position among them
    rows: list[int]  # known rows that it needs
    shared: list[int]  # known row outputs that it needs, by position among them
    made: list[Var]  # values of each step that it needs and that are no output of the body

    def known(self, n_constants: int, n_carry: int) -> tuple[int, int]:
        """How many constants and carried values of the body are known."""
        late = self.unknown
        end = n_constants + n_carry
        return (
            n_constants - sum(late[:n_constants]),
            n_carry - sum(late[n_constants:end]),
        )


def divided_body(
    program: Program, unknown: Mask, constants: int, carry: int, policy: Any
) -> Division:
    """Cut a body in two; what depends on constants alone is taken out of it."""
    chosen = of_fixed_size(policy_of(policy))
    while True:
        forced = unknown[constants : constants + carry]
        known, rest, late = unzip(program, unknown, chosen, forced)
        grown = marked_carry(unknown, late[:carry], constants)
        if grown == unknown:
            break
        unknown = grown
    n_constants = constants - sum(unknown[:constants])
    n_carry = carry - sum(late[:carry])
    own = parts(known.inputs, n_constants, n_carry)
    n_outs = len(late) - sum(late)
    crossing = known.outputs[n_outs:]
    hoisted, invariants = _hoisted(known, own.constants, crossing)
    residual: dict[Any, Var] = dict(zip(crossing, rest.inputs, strict=False))
    fixed = [v for v in own.constants if v in residual]
    rows = [v for v in own.rows if v in residual]
    elsewhere = {*fixed, *rows, *invariants}
    outs = known.outputs[n_carry:n_outs]
    shared = [v for v in dict.fromkeys(outs) if v in residual and v not in elsewhere]
    elsewhere.update(shared)
    made = [v for v in dict.fromkeys(crossing) if v not in elsewhere]
    taken = set(map(id, hoisted))
    first = Program(
        (*own.constants, *invariants, *own.carry, *own.rows),
        tuple([e for e in known.equations if id(e) not in taken]),
        (*known.outputs[:n_outs], *made),
        known.name,
    )
    waiting = parts(rest.inputs[len(crossing) :], sum(unknown[:constants]), sum(late[:carry]))
    crossing_invariants = [v for v in invariants if v in residual]
    second = replace(
        rest,
        inputs=(
            *[residual[v] for v in (*fixed, *crossing_invariants)],
            *waiting.constants,
            *waiting.carry,
            *[residual[v] for v in (*rows, *shared, *made)],
            *waiting.rows,
        ),
        input_names=(),
    )
    return Division(
        prune(first), second, unknown, late, hoisted, invariants, crossing_invariants,
        [own.constants.index(v) for v in fixed], [own.rows.index(v) for v in rows],
        [outs.index(v) for v in shared], made,  # type: ignore[arg-type]
    )  # fmt: skip


@lru_cache(maxsize=256)
def separated_body(program: Program, unknown: Mask) -> Program:
    """The same body, in which no equation does both what is known and what waits."""
    known, rest, _ = unzip(program, unknown, save)
    return replace(program, equations=(*known.equations, *rest.equations))


def _hoisted(
    known: Program, constants: Sequence[Var], crossing: Sequence[Atom]
) -> tuple[list[Equation], list[Var]]:
    """Equations that residuals need and that are the same in each step, and what others use."""
    varying: set[Any] = {v for v in known.inputs if v not in constants}
    for e in known.equations:
        if has_effect(e) or not varying.isdisjoint(e.inputs):  # effects belong to each step
            varying.update((e, *e.outputs))
    bound = set(known.inputs)
    invariant = [v for v in crossing if v not in varying and v not in bound]
    if not invariant:
        return [], []
    needed: set[Any] = set(invariant)
    hoisted: list[Equation] = []
    for e in reversed(known.equations):
        if not needed.isdisjoint(e.outputs):
            hoisted.insert(0, e)
            needed.update(e.inputs)
    taken = set(map(id, hoisted))
    used = {a for e in known.equations if id(e) not in taken for a in e.inputs}
    used.update(known.outputs)
    return hoisted, [v for e in hoisted for v in e.outputs if v in used]


@lru_cache(maxsize=64)
def of_fixed_size(policy: Policy) -> Policy:
    """A policy that does not keep what a loop within kept for each step that it took.

    The number of those is not known before: it may differ from one step of an outer loop to the
    next, so that they could not be stacked, and another branch could not fill their place.
    """

    def chosen(equation: Equation, crossing: Crossing) -> bool:
        ragged = any(UNKNOWN in v.type.shape for v in equation.outputs)
        return ragged or policy(equation, crossing)

    return chosen
