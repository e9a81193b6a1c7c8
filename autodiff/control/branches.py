"""Programs as branches: what the transforms make of several, of which one will be run.

Which of them only the run decides, so whatever comes out must have one signature: an output has a
tangent, is mapped or is unknown in every branch if it is so in one. Equal requests give the same
programs, since everything derived from a program is remembered by its identity.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import compress
from typing import Any, NamedTuple

from autodiff.control.bodies import of_fixed_size, with_inputs
from autodiff.control.transposed import clean
from autodiff.ir.editing import prune
from autodiff.ir.program import Program
from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import full_like, zeros_like
from autodiff.primitives.masked import Form, Masked, packed, unpacked
from autodiff.tracing.build import build, evaluate, split
from autodiff.transforms.batch import batch
from autodiff.transforms.jvp import jvp
from autodiff.transforms.transpose import transpose_masked
from autodiff.transforms.unzip import Unzipped, sink, unzip

__all__ = ["Division", "batched", "divided", "narrowed", "pushed", "transposed", "zeros"]

Mask = tuple[bool, ...]
Programs = tuple[Program, ...]


def _union(masks: Iterable[Sequence[bool]]) -> Mask:
    return tuple(map(any, zip(*masks, strict=True)))


@lru_cache(maxsize=256)
def pushed(programs: Programs, active: Mask) -> tuple[Programs, Mask]:
    """Forward mode of each branch, and which outputs have a tangent."""
    moving = _union([jvp(p, active)[1] for p in programs])
    return tuple([jvp(p, active, moving)[0] for p in programs]), moving


@lru_cache(maxsize=256)
def batched(programs: Programs, mapped: Mask, size: int) -> tuple[Programs, Mask]:
    """Each branch over a new first axis, and which outputs have it."""
    grown = _union([batch(p, mapped, size)[1] for p in programs])
    return tuple([batch(p, mapped, size, grown)[0] for p in programs]), grown


@lru_cache(maxsize=256)
def zeros(program: Program) -> Program:
    """A program of the same signature whose results are zeros."""
    types = program.out_types
    return build(lambda *xs: map(zeros_like, types), program.in_types, "zeros", program.names)


@lru_cache(maxsize=256)
def narrowed(programs: Programs, wanted: Mask) -> tuple[Programs, Mask]:
    """Branches without the outputs that nobody wants, and which inputs some branch still needs."""
    small = programs
    if not all(wanted):
        small = tuple(
            [prune(replace(p, outputs=tuple(compress(p.outputs, wanted)))) for p in programs]
        )
    needed = _union(map(_used, small))
    if all(needed):
        return small, needed
    return tuple([with_inputs(p, needed) for p in small]), needed


def _used(program: Program) -> list[bool]:
    used: set[Any] = {a for e in program.equations for a in e.inputs}
    used.update(program.outputs)
    return [v in used for v in program.inputs]


# ---- reverse mode


@lru_cache(maxsize=256)
def transposed(
    programs: Programs, linear: Mask, forms: tuple[Form, ...]
) -> tuple[Programs, tuple[Form, ...]]:
    """The reverse of each branch for cotangents of these forms, and the forms of what it gives.

    An input that a branch does not use, or that counts only in part there, has a masked cotangent:
    an infinite derivative in what came before must not meet the zero of a branch that was taken.
    """
    backs = [transpose_masked(p, linear, forms) for p in programs]
    common = tuple(map(_common_form, zip(*[found for _, found in backs], strict=True)))
    types = split(programs[0].in_types, linear)[1]
    return tuple([_in_forms(back, found, common, types) for back, found in backs]), common


def _common_form(forms: Sequence[Form]) -> Form:
    return forms[0] if len(set(forms)) == 1 else "clean"


def _in_forms(
    back: Program, found: tuple[Form, ...], wanted: tuple[Form, ...], types: Sequence[ArrayType]
) -> Program:
    """A program whose results are cotangents of the forms `found`, with those of other forms."""
    if found == wanted:
        return back

    def fun(*args: Any) -> list[Any]:
        cts = zip(packed(found, evaluate(back, args)), found, wanted, types, strict=True)
        return unpacked([ct if a == b else _cleaned(ct, t) for ct, a, b, t in cts])

    return build(fun, back.in_types, back.name, back.names)


def _cleaned(ct: Any, t: ArrayType) -> Masked:
    """Any cotangent as a masked one that is zero where its mask is false."""
    if isinstance(ct, Masked):
        return clean(ct)
    counts = full_like(t.with_dtype(bool), ct is not None)
    return Masked(zeros_like(t) if ct is None else ct, counts, clean=True)


# ---- cutting branches in two


class Division(NamedTuple):
    """Branches cut into `first`, which are known, and `second`, which wait for unknown operands.

    `first: known operands -> (known outputs, slots)`, and `second: (those of the known operands
    that are needed, likewise of the known outputs, slots, unknown operands) -> unknown outputs`. A
    slot is for residuals of one type: branches share it, as only one of them is run.
    """

    first: Programs
    second: Programs
    out_unknown: Mask
    operands: list[int]  # known operands that are needed later, by position among them
    outputs: list[int]  # known outputs that are
    slots: list[ArrayType]


class _Place(NamedTuple):
    """Where a residual is: the known operand or output of this number, or a slot."""

    kind: str  # "operand", "output" or "slot"
    number: int  # of a slot: among those of its type
    type: ArrayType | None = None


@lru_cache(maxsize=256)
def divided(programs: Programs, unknown: Mask) -> Division:
    """Cut every branch in two, at the same operands and outputs."""
    policy = of_fixed_size(sink)
    late = _union([unzip(p, unknown, policy).out_unknown for p in programs])
    halves = [unzip(p, unknown, policy, late) for p in programs]
    known_outputs = len(late) - sum(late)
    places = [_places(half.known, known_outputs) for half in halves]
    used = dict.fromkeys([place for own in places for place in own])
    operands = sorted([p.number for p in used if p.kind == "operand"])
    outputs = sorted([p.number for p in used if p.kind == "output"])
    slots = [p for p in used if p.kind == "slot"]
    crossing = [
        *[_Place("operand", i) for i in operands],
        *[_Place("output", i) for i in outputs],
        *slots,
    ]
    ins, late_ins = split(programs[0].in_types, unknown)
    outs = split(programs[0].out_types, late)[0]
    types = [s.type for s in slots if s.type is not None]
    taken = [*[ins[i] for i in operands], *[outs[i] for i in outputs], *types, *late_ins]
    return Division(
        tuple([_first(half, own, slots) for half, own in zip(halves, places, strict=True)]),
        tuple([_second(h, own, crossing, taken) for h, own in zip(halves, places, strict=True)]),
        late, operands, outputs, types,
    )  # fmt: skip


def _places(known: Program, known_outputs: int) -> list[_Place]:
    """Where the residuals of a branch are."""
    outs, residuals = known.outputs[:known_outputs], known.outputs[known_outputs:]
    there = {v: _Place("output", i) for i, v in enumerate(outs)}
    there.update({v: _Place("operand", i) for i, v in enumerate(known.inputs)})
    filled: dict[ArrayType, int] = {}
    found = []
    for v in residuals:
        if v not in there:
            number = filled[v.type] = filled.get(v.type, -1) + 1
            there[v] = _Place("slot", number, v.type)
        found.append(there[v])
    return found


def _first(half: Unzipped, own: Sequence[_Place], slots: Sequence[_Place]) -> Program:
    """The known half of a branch, with zeros in the slots that only other branches use."""
    known = half.known
    count = len(known.outputs) - len(own)

    def fun(*args: Any) -> list[Any]:
        results = evaluate(known, args)
        made = dict(zip(own, results[count:], strict=True))
        filled = [made[slot] if slot in made else zeros_like(slot.type) for slot in slots]
        return [*results[:count], *filled]

    return build(fun, known.in_types, known.name, known.names)


def _second(
    half: Unzipped, own: Sequence[_Place], crossing: Sequence[_Place], types: Sequence[ArrayType]
) -> Program:
    """The other half of a branch, with the residuals of all branches as operands."""

    def fun(*args: Any) -> list[Any]:
        found = dict(zip(crossing, args[: len(crossing)], strict=True))
        return evaluate(half.rest, [*(found[place] for place in own), *args[len(crossing) :]])

    return build(fun, types, half.rest.name)
