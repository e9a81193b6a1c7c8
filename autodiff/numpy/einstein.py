"""`np.einsum` in all its forms, as reductions, diagonals and contractions of two operands.

A call is parsed into labels for each axis, then planned (both are remembered for the shapes at
hand): what each operand loses on its own, then which two are contracted next, greedily by size.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from autodiff.numpy.arguments import check_layout, deliver, traced_operands
from autodiff.numpy.products import LETTERS
from autodiff.numpy.promotion import convert
from autodiff.numpy.rearranging import diagonal_view
from autodiff.numpy.views import moved_view
from autodiff.primitives.algebra import reduce_sum
from autodiff.primitives.contraction import contract
from autodiff.primitives.structure import permute, reshape

__all__ = ["FUNCTIONS", "einsum"]

_SORTED = "".join(sorted(LETTERS))

Shape = tuple[int, ...]
Pair = tuple[int, int]


class Alone(NamedTuple):
    """What happens to one operand before it meets another."""

    diagonals: tuple[Pair, ...]  # pairs of axes of one label: each in turn becomes a last axis
    shape: Shape  # without axes of length one that broadcast against longer ones
    summed: tuple[int, ...]  # axes whose label occurs nowhere else


class Step(NamedTuple):
    """The contraction of two operands; its result becomes the last operand."""

    left: int
    right: int
    spec: str


class Plan(NamedTuple):
    """How an einsum is computed."""

    alone: tuple[Alone, ...]
    steps: tuple[Step, ...]
    order: tuple[int, ...] | None  # of the result's axes, where there is one operand only


def einsum(
    *operands: Any,
    out: Any = None,
    dtype: Any = None,
    order: str = "K",
    casting: Any = "safe",
    optimize: Any = False,
) -> Any:
    """`np.einsum`; `optimize` is a hint that is not needed: the order is always chosen greedily."""
    check_layout("einsum", order)
    subscripts, arrays = _subscripts(operands)
    xs = traced_operands(*arrays)
    plan = _plan(subscripts, tuple([x.shape for x in xs]))
    if out is None and not plan.steps and not plan.alone[0].summed:
        return _run(plan, xs)  # a view, for which NumPy does not look at the dtype
    common = np.result_type(*[x.dtype for x in xs])
    if dtype is not None:
        if not np.can_cast(common, dtype, casting):
            raise TypeError(f"np.einsum: cannot cast {common} to {dtype} by the rule {casting!r}")
        common = np.dtype(dtype)
    return deliver("einsum", _run(plan, [convert(x, common) for x in xs]), out)


def _run(plan: Plan, xs: list[Any]) -> Any:
    xs = [_alone(x, step) for x, step in zip(xs, plan.alone, strict=True)]
    for left, right, spec in plan.steps:
        x, y = xs[left], xs[right]
        xs = [v for i, v in enumerate(xs) if i not in (left, right)]
        xs.append(contract(x, y, spec=spec))
    (result,) = xs
    return result if plan.order is None else moved_view(result, permute, perm=plan.order)


def _alone(x: Any, step: Alone) -> Any:
    for axis1, axis2 in step.diagonals:
        x = diagonal_view(x, 0, axis1, axis2)
    if x.shape != step.shape:
        x = reshape(x, shape=step.shape)
    return reduce_sum(x, axes=step.summed) if step.summed else x


# ---- parsing


def _subscripts(operands: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """The text of the call and its arrays; lists of axis numbers become letters."""
    if not operands:
        raise ValueError("np.einsum: must specify the subscripts and at least one operand")
    if isinstance(operands[0], str):
        return operands[0], operands[1:]
    arrays, lists = operands[: len(operands) // 2 * 2 : 2], operands[1::2]
    text = ",".join(map(_letters, lists))
    return text + (f"->{_letters(operands[-1])}" if len(operands) % 2 else ""), arrays


def _letters(labels: Sequence[Any]) -> str:
    """Letters for numbers, sorted as the numbers are."""
    return "".join("..." if n is Ellipsis else _SORTED[n] for n in labels)


def _labels(subscripts: str, shapes: tuple[Shape, ...]) -> tuple[list[str], str]:
    """A letter for each axis of each operand and of the result; `...` is written out."""
    text = subscripts.replace(" ", "")
    inputs, arrow, output = text.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(shapes):
        raise ValueError(f"einsum {subscripts!r} names {len(terms)} operands, not {len(shapes)}")
    free = [c for c in LETTERS if c not in text]
    counts = [_hidden(term, shape, subscripts) for term, shape in zip(terms, shapes, strict=True)]
    widest = "".join(free[: max(counts)])
    labels = [
        term.replace("...", widest[len(widest) - count :])
        for term, count in zip(terms, counts, strict=True)
    ]
    if not arrow:
        seen = Counter(inputs.replace("...", "").replace(",", ""))
        output = "..." + "".join(sorted(c for c, n in seen.items() if n == 1))
    if widest and "..." not in output:
        raise ValueError(f"einsum {subscripts!r}: the result needs `...` as well")
    output = output.replace("...", widest)
    wrong = [c for c, n in Counter(output).items() if n > 1 or not any(c in s for s in labels)]
    if wrong:
        raise ValueError(
            f"einsum {subscripts!r}: {wrong[0]!r} must occur once in the result, and in an operand"
        )
    return labels, output


def _hidden(term: str, shape: Shape, subscripts: str) -> int:
    """How many axes of an operand its `...` stands for."""
    named = len(term.replace("...", ""))
    if not all(c in LETTERS for c in term.replace("...", "", 1)):
        raise ValueError(f"einsum {subscripts!r}: {term!r} is not made of letters and one `...`")
    if named > len(shape) or (named < len(shape) and "..." not in term):
        raise ValueError(
            f"einsum {subscripts!r}: {term!r} does not fit an operand of shape {shape}"
        )
    return len(shape) - named


# ---- planning


@lru_cache(2048)
def _plan(subscripts: str, shapes: tuple[Shape, ...]) -> Plan:
    labels, output = _labels(subscripts, shapes)
    sizes: dict[str, int] = {}
    for term, shape in zip(labels, shapes, strict=True):
        for label, size in zip(term, shape, strict=True):
            known = sizes.setdefault(label, size)
            if known == 1:
                sizes[label] = size
            elif size not in (1, known):
                raise ValueError(
                    f"einsum {subscripts!r}: {label!r} is {known} in one operand, {size} in another"
                )
    found = [_diagonals(t, shape) for t, shape in zip(labels, shapes, strict=True)]
    kept = [
        "".join(c for c, d in zip(t, dims, strict=True) if d == sizes[c]) for _, t, dims in found
    ]
    alone, terms = [], []
    for i, (pairs, _, _) in enumerate(found):
        others = output + "".join(kept[:i] + kept[i + 1 :])
        summed = tuple([k for k, c in enumerate(kept[i]) if c not in others])
        alone.append(Alone(pairs, tuple([sizes[c] for c in kept[i]]), summed))
        terms.append("".join(c for c in kept[i] if c in others))
    if len(terms) == 1:
        order = tuple(map(terms[0].index, output))
        return Plan(tuple(alone), (), None if order == tuple(range(len(order))) else order)
    return Plan(tuple(alone), tuple(_steps(terms, output, sizes)), None)


def _diagonals(term: str, shape: Shape) -> tuple[tuple[Pair, ...], str, Shape]:
    """Pairs of axes with one label, to become their diagonal; the labels and shape after that."""
    pairs: list[Pair] = []
    while repeated := [c for c, n in Counter(term).items() if n > 1]:
        i = term.index(repeated[0])
        j = term.index(repeated[0], i + 1)
        if shape[i] != shape[j]:
            raise ValueError(
                f"einsum: {repeated[0]!r} stands for axes of {shape[i]} and {shape[j]}"
            )
        pairs.append((i, j))
        rest = [k for k in range(len(term)) if k not in (i, j)]
        term = "".join(term[k] for k in rest) + repeated[0]
        shape = (*[shape[k] for k in rest], shape[i])
    return tuple(pairs), term, shape


def _steps(terms: list[str], output: str, sizes: dict[str, int]) -> list[Step]:
    """Contractions of two operands until one is left, the cheapest first."""
    steps = []
    while len(terms) > 1:
        pairs = [(i, j) for j in range(len(terms)) for i in range(j)]
        i, j = min(pairs, key=lambda p: _growth(terms, p, output, sizes))
        result = _result(terms, (i, j), output)
        steps.append(Step(i, j, f"{terms[i]},{terms[j]}->{result}"))
        terms = [t for k, t in enumerate(terms) if k not in (i, j)] + [result]
    return steps


def _result(terms: list[str], pair: Pair, output: str) -> str:
    """The labels that are still needed once two operands are contracted."""
    if len(terms) == 2:
        return output
    needed = output + "".join(t for k, t in enumerate(terms) if k not in pair)
    return "".join(c for c in dict.fromkeys(terms[pair[0]] + terms[pair[1]]) if c in needed)


def _growth(terms: list[str], pair: Pair, output: str, sizes: dict[str, int]) -> tuple[int, int]:
    """By how much a contraction adds to what is kept, then its cost."""

    def size(labels: str) -> int:
        return math.prod(sizes[c] for c in labels)

    left, right = (terms[k] for k in pair)
    grown = size(_result(terms, pair, output)) - size(left) - size(right)
    return grown, size("".join(dict.fromkeys(left + right)))


FUNCTIONS = {np.einsum: einsum}
