"""Taylor mode of what holds programs: the held programs, expanded, with coefficients beside values.

Where coefficients of the operands are not known at once (within the derivative of something else),
these rules decline, and Taylor mode does what it does for any primitive: it uses the jvp rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import Any

from autodiff.control.bodies import ignoring, parts
from autodiff.ir.program import Program
from autodiff.ir.types import type_of
from autodiff.primitives.algebra import zeros_like
from autodiff.primitives.record import find_primitive
from autodiff.transforms.power_series import Series
from autodiff.transforms.taylor import Expansion, Mask, taylor

__all__ = ["expand_call", "expand_scan", "expand_switch", "expand_while_loop"]

Results = tuple[Series, ...] | None
Masks = tuple[Mask, ...]  # for each operand or result, which coefficients there are
Terms = list[list[Any]]  # and these; None is zero


def expand_call(using: Expansion, inputs: Sequence[Series], params: dict[str, Any]) -> Results:
    """A call is its program; one with a policy (a checkpoint) stays one."""
    program: Program = params["program"]
    if params["policy"] is None:
        return tuple(using.run(program, inputs))
    terms = using.terms(inputs)
    if terms is None:
        return None
    new, found = taylor(program, using.order, _masks(terms))
    outs = find_primitive("call")(
        *[x[0] for x in inputs], *_present(terms), **{**params, "program": new}
    )
    return _series(outs, found)


def expand_switch(using: Expansion, inputs: Sequence[Series], params: dict[str, Any]) -> Results:
    """All branches give the coefficients that one of them gives."""
    terms = using.terms(inputs[1:])
    if terms is None:
        return None
    programs, found = _expanded_branches(params["programs"], using.order, _masks(terms))
    outs = find_primitive("switch")(
        *[x[0] for x in inputs], *_present(terms), **{**params, "programs": programs}
    )
    return _series(outs, found)


@lru_cache(maxsize=256)
def _expanded_branches(
    programs: tuple[Program, ...], order: int, given: Masks
) -> tuple[tuple[Program, ...], Masks]:
    every = [taylor(p, order, given)[1] for p in programs]
    wanted = tuple([any(map(any, masks)) for masks in zip(*every, strict=True)])
    news = [taylor(p, order, given, wanted) for p in programs]
    return tuple([p for p, _ in news]), news[0][1]


# ---- loops: (constants, carry, rows), each part followed by its coefficients


def expand_scan(using: Expansion, inputs: Sequence[Series], params: dict[str, Any]) -> Results:
    """The carried values take their coefficients along."""
    counters = int(params["length"] is None)
    terms = using.terms(inputs[counters:])
    if terms is None:
        return None
    c, k = params["constants"], params["carry"]
    xs = [x[0] for x in inputs]
    body, given, found = _expanded_body(params["program"], using.order, _masks(terms), c, k)
    operands = _woven(xs[counters:], _filled(xs[counters:], terms, given), c, k)
    more = {
        "program": body,
        "constants": c + _count(given[:c]),
        "carry": k + _count(given[c : c + k]),
    }
    outs = find_primitive("scan")(*xs[:counters], *operands, **{**params, **more})
    return _unwoven(outs, found, k)


def expand_while_loop(
    using: Expansion, inputs: Sequence[Series], params: dict[str, Any]
) -> Results:
    """The same; when the loop ends does not depend on coefficients."""
    tests, c, k = params["tests"], params["constants"], params["carry"]
    terms = using.terms(inputs[tests:])
    if terms is None:
        return None
    xs = [x[0] for x in inputs]
    body, given, found = _expanded_body(params["program"], using.order, _masks(terms), c, k)
    moving = given[c : c + k]
    added = [type_of(x) for x, m in zip(xs[tests + c :], moving, strict=True) for b in m if b]
    more = {
        "condition": ignoring(params["condition"], tuple(added)),
        "program": body,
        "constants": c + _count(given[:c]),
        "carry": k + len(added),
    }
    operands = _woven(xs[tests:], _filled(xs[tests:], terms, given), c, k)
    outs = find_primitive("while_loop")(*xs[:tests], *operands, **{**params, **more})
    end = k + len(added)
    ys = _unwoven([*outs[:end], *outs[end + 1 :]], found, k)
    return (*ys[:k], Series(outs[end]), *ys[k:])


@lru_cache(maxsize=256)
def _expanded_body(
    program: Program, order: int, given: Masks, constants: int, carry: int
) -> tuple[Program, Masks, Masks]:
    """The body on coefficients, and which of its inputs and outputs have which.

    A carried value that has one at any time has all of them, from the start.
    """
    full, end = (True,) * order, constants + carry
    while True:
        found = taylor(program, order, given)[1]
        moving = zip(given[constants:end], found, strict=False)
        carried = [full if any(before) or any(after) else before for before, after in moving]
        grown = (*given[:constants], *carried, *given[end:])
        if grown == given:
            break
        given = grown
    wanted = (*map(any, given[constants:end]), *[False] * (len(program.outputs) - carry))
    new, found = taylor(program, order, given, wanted)
    n, m = len(program.inputs), len(program.outputs)
    ins, names = ([*_grouped(iter(x[n:]), given)] for x in (new.inputs, new.names))
    outs = [*_grouped(iter(new.outputs[m:]), found)]
    body = replace(
        new,
        inputs=tuple(_woven(new.inputs[:n], ins, constants, carry)),
        outputs=tuple(_woven(new.outputs[:m], outs, 0, carry)),
        input_names=tuple(_woven(new.names[:n], names, constants, carry)),
    )
    return body, given, found


def _woven(xs: Sequence[Any], terms: Iterable[list[Any]], constants: int, carry: int) -> list[Any]:
    """Constants, their coefficients, carry, its coefficients, rows, their coefficients."""
    both = zip(parts(xs, constants, carry), parts(terms, constants, carry), strict=True)
    return [x for values, coefficients in both for x in (*values, *_present(coefficients))]


def _unwoven(outs: Sequence[Any], found: Masks, carry: int) -> tuple[Series, ...]:
    """The series of carry and rows."""
    remaining = iter(outs)
    results: list[Series] = []
    for masks in (found[:carry], found[carry:]):
        ys = list(islice(remaining, len(masks)))
        terms = _grouped(remaining, masks)
        results += [Series.polynomial(y, cs) for y, cs in zip(ys, terms, strict=True)]
    return tuple(results)


# ---- coefficients and their masks


def _masks(terms: Terms) -> Masks:
    return tuple([tuple([c is not None for c in cs]) for cs in terms])


def _present(terms: Iterable[list[Any]]) -> list[Any]:
    return [c for cs in terms for c in cs if c is not None]


def _count(masks: Masks) -> int:
    return sum(map(sum, masks))


def _grouped(flat: Iterator[Any], masks: Masks) -> Iterator[list[Any]]:
    """The coefficients of each operand."""
    return ([next(flat) if m else None for m in mask] for mask in masks)


def _filled(xs: Sequence[Any], terms: Terms, given: Masks) -> Terms:
    """Coefficients as marked, where others are zeros."""
    return [
        [zeros_like(x) if m and c is None else c for c, m in zip(cs, mask, strict=True)]
        for x, cs, mask in zip(xs, terms, given, strict=True)
    ]


def _series(outs: Sequence[Any], found: Masks) -> tuple[Series, ...]:
    n = len(found)
    terms = _grouped(iter(outs[n:]), found)
    return tuple([Series.polynomial(y, cs) for y, cs in zip(outs[:n], terms, strict=True)])
