"""Bodies of loops in reverse: cotangents of the results of a step to those of its operands.

What a body is linear in may be carried from step to step; what it is not linear in (`nonlinear`
constants, carry and rows) it needs as it was. Masks of cotangents go along: where the result of a
loop was not used, an infinite derivative inside does not count. (See `primitives.masked`.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from autodiff.control.bodies import Mask, Parts, marked_carry, parts
from autodiff.ir.editing import dependents
from autodiff.ir.program import Program
from autodiff.primitives.algebra import full_like, zeros_like
from autodiff.primitives.masked import Form, Masked, packed, unpacked
from autodiff.tracing.build import build, evaluate
from autodiff.transforms.transpose import added, of_form, plain, transpose_masked

__all__ = [
    "Transposed", "as_carried", "clean", "in_form", "linear_carry", "transposed_body",
]  # fmt: skip


class Transposed(NamedTuple):
    """`(constants, state, sums, cts, rows, row cts) -> (sums, cts, row cts)`.

    Constants, state and rows are the nonlinear operands of the body, `sums` the cotangents of its
    linear constants so far, `cts` those of its linear carry.
    """

    program: Program
    sum_forms: tuple[Form, ...]
    carry_forms: tuple[Form, ...]
    row_forms: tuple[Form, ...]


def linear_carry(program: Program, linear: Mask, constants: int, carry: int) -> Mask:
    """Which inputs of a body are linear in the loop: also carry that becomes so in a step."""
    while True:
        reached = dependents(program, linear)
        grown = marked_carry(linear, [a in reached for a in program.outputs[:carry]], constants)
        if grown == linear:
            return linear
        linear = grown


@lru_cache(maxsize=256)
def transposed_body(
    program: Program,
    linear: Mask,
    constants: int,
    carry: int,
    carry_forms: tuple[Form, ...],
    row_forms: tuple[Form, ...],
) -> Transposed:
    """The reverse of a body for cotangents of these forms (of the linear carry, and of rows).

    A carried cotangent is "clean" or "plain"; it is plain in every step if it is in one. A sum is
    the same, or there is none.
    """
    is_carry = linear[constants : constants + carry]

    def spread_forms(forms: Sequence[Form]) -> tuple[Form, ...]:
        remaining = iter(forms)
        return tuple([next(remaining) if m else "none" for m in is_carry])

    n_sums, n_cts = sum(linear[:constants]), sum(is_carry)
    while True:
        back, found = transpose_masked(program, linear, (*spread_forms(carry_forms), *row_forms))
        after = found[n_sums : n_sums + n_cts]
        settled = tuple(
            ["plain" if f == "plain" else c for c, f in zip(carry_forms, after, strict=True)]
        )
        if settled == carry_forms:
            break
        carry_forms = settled
    own = parts(zip(program.in_types, linear, strict=True), constants, carry)
    known, moving = (
        Parts(*[[t for t, m in group if m == wanted] for group in own]) for wanted in (False, True)
    )
    sum_forms = _without_masks(found[:n_sums])
    summed = [*map(of_form, sum_forms, moving.constants)]
    carried = [*map(of_form, carry_forms, moving.carry)]
    pulled = [of_form(f, t) for f, t in zip(row_forms, program.out_types[carry:], strict=True)]
    counts = [*map(len, (*known[:2], unpacked(summed), unpacked(carried), known.rows))]

    def step(*args: Any) -> list[Any]:
        fixed, state, sums, cts, rows, row_cts = _cut(args, counts)
        outs = evaluate(back, [*fixed, *state, *rows, *cts, *row_cts])
        grads = packed(found, outs)
        new_sums = map(_summed, packed(sum_forms, sums), grads[:n_sums])
        new_cts = map(in_form, carry_forms, grads[n_sums : n_sums + n_cts], moving.carry)
        return unpacked([*new_sums, *new_cts, *map(clean, grads[n_sums + n_cts :])])

    types = [
        *known.constants, *known.carry, *unpacked([*summed, *carried]),
        *known.rows, *unpacked(pulled),
    ]  # fmt: skip
    row_forms = _without_masks(found[n_sums + n_cts :])
    back = build(step, types, f"transpose_{program.name}")
    return Transposed(back, sum_forms, carry_forms, row_forms)


def _without_masks(forms: Iterable[Form]) -> tuple[Form, ...]:
    """Forms of the same cotangents once they are zero where their masks are false."""
    return tuple(["clean" if f == "masked" else f for f in forms])


def _cut(xs: Sequence[Any], counts: Iterable[int]) -> list[Sequence[Any]]:
    """Groups of so many, and what is left."""
    groups, start = [], 0
    for n in counts:
        groups.append(xs[start : start + n])
        start += n
    return [*groups, xs[start:]]


def _summed(total: Any, ct: Any) -> Any:
    return None if ct is None else added(total, clean(ct))


def clean(ct: Any) -> Any:
    """A cotangent that is zero where its mask says that it does not count."""
    return Masked(plain(ct), ct.mask, clean=True) if isinstance(ct, Masked) else ct


def in_form(form: Form, ct: Any, t: Any) -> Any:
    """A cotangent in the form that it has in every step."""
    if form == "none":
        return None
    if form == "plain":
        return zeros_like(t) if ct is None else plain(ct)
    return (
        Masked(zeros_like(t), full_like(t.with_dtype(bool), False), True)
        if ct is None
        else clean(ct)
    )


def carried_form(ct: Any, *, any_masked: bool) -> Form:
    """The form in which the cotangent of a final carried value starts."""
    return "clean" if isinstance(ct, Masked) or (ct is None and any_masked) else "plain"


def as_carried(cts: Sequence[Any], types: Sequence[Any]) -> tuple[list[Any], tuple[Form, ...]]:
    """Cotangents of final carried values as a reverse loop starts with them, and their forms."""
    any_masked = any(isinstance(ct, Masked) for ct in cts)
    forms = tuple([carried_form(ct, any_masked=any_masked) for ct in cts])
    return [in_form(f, ct, t) for f, ct, t in zip(forms, cts, types, strict=True)], forms
