"""Kinds of primitives: what an author writes once, and what follows from structure.

| kind | the author writes | derived |
|---|---|---|
| `elementwise` | one partial derivative for each argument | types, run, jvp, batch, text |
| `linear` | types, run, transpose, batch | jvp |
| `bilinear` | types, run, transpose, batch | jvp |

Everything else is a `Primitive` written out in full.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import aligned, elementwise_type, mul, neg, sum_tangents
from autodiff.primitives.masked import MaskRule
from autodiff.primitives.record import Primitive

__all__ = ["Push", "bilinear", "elementwise", "linear"]

Rule = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Push:
    """A partial derivative given as the push-forward itself: `(tangent, out, *inputs) -> tangent`.

    For where `tangent * derivative` would cost more or round worse (`t / y`, not `t * (1 / y)`).
    """

    rule: Rule


Partial = Rule | Push | float | None  # a function (out, *inputs) -> derivative; a constant; or zero


def push_forward(primitive: Callable[[], Primitive], partials: Sequence[Partial]) -> Rule | None:
    """The jvp rule that adds up what each argument contributes; None if none does."""
    if all(p is None for p in partials):
        return None

    def jvp(xs: Any, dxs: Any, **params: Any) -> Any:
        y = primitive()(*xs, **params)
        terms = [_contribution(p, t, y, xs, params) for p, t in zip(partials, dxs, strict=True)]
        return y, sum_tangents(terms)

    return jvp


def _contribution(partial: Partial, t: Any, y: Any, xs: Any, params: Any) -> Any:
    if partial is None or t is None:
        return None
    if isinstance(partial, Push):
        return partial.rule(t, y, *xs, **params)
    if callable(partial):
        return mul(t, partial(y, *xs, **params))
    if partial == 1:
        return t
    return neg(t) if partial == -1 else mul(t, t.dtype.type(partial))


def elementwise(
    name: str,
    partials: Sequence[Partial],
    *,
    ufunc: Any = None,
    run: Rule | None = None,
    dtype: Callable[..., Any] | Any = None,
    types: Rule | None = None,
    transpose: Rule | None = None,
    text: str | Rule | None = None,
    cheap: bool = True,
    view: bool = False,
) -> Primitive:
    """A primitive that works element by element on operands of one shape.

    `partials[i]` is the derivative by operand i, as a function of `(out, *inputs)`, a constant, a
    `Push`, or None for zero. `dtype` is the result's dtype where it is not the operands': a dtype,
    or a function of the operands' type. `types` replaces the derived rule for operands of mixed
    dtypes. `text` is Python source with `{0}`, `{1}`, or a function `(types, params)` that gives
    it; by default a call of the ufunc.
    """
    called = ufunc.__name__ if ufunc is not None else ""

    def derived_types(*operands: ArrayType) -> tuple[ArrayType]:
        common = elementwise_type(name, *operands)
        if dtype is None:
            return (common,)
        return (common.with_dtype(dtype(common) if callable(dtype) else dtype),)

    if text is None and called:
        text = f"np.{called}({', '.join(f'{{{i}}}' for i in range(len(partials)))})"
    template = text
    new: Primitive = Primitive(
        name,
        types=types or derived_types,
        run=run or (lambda xp, *xs: getattr(xp, called)(*xs)),
        jvp=push_forward(lambda: new, partials),
        transpose=transpose,
        batch=lambda size, xs, mapped, **params: new(*aligned(size, xs, mapped), **params),
        python=(lambda types, params: template) if isinstance(template, str) else template,
        mask="same",
        kind="elementwise",
        cheap=cheap,
        view=view,
        ufunc=ufunc,
    )
    return new


def linear(
    name: str,
    *,
    types: Rule,
    run: Rule,
    transpose: Rule,
    batch: Rule,
    text: Callable[..., str] | None = None,
    mask: MaskRule = None,
    sparsity: Rule | str | None = None,
    view: bool = False,
    cheap: bool = True,
) -> Primitive:
    """A primitive that is linear in its first input: its push-forward is itself.

    `types(x, *others, **params)` returns one type; `batch(size, inputs, mapped, **params)`,
    `transpose(ct, i, x, *others, **params)` as in `Primitive`. Other inputs have no tangent.
    """

    def jvp(xs: Any, dxs: Any, **params: Any) -> Any:
        t = dxs[0]
        return new(*xs, **params), None if t is None else new(t, *xs[1:], **params)

    new: Primitive = Primitive(
        name,
        types=lambda *ts, **params: (types(*ts, **params),),
        run=run,
        jvp=jvp,
        transpose=transpose,
        batch=batch,
        python=text,
        mask=mask,
        sparsity=sparsity,
        kind="linear",
        cheap=cheap,
        view=view,
    )
    return new


def bilinear(
    name: str,
    *,
    types: Rule,
    run: Rule,
    transpose: Rule,
    batch: Rule,
    text: Callable[..., str] | None = None,
    mask: MaskRule = None,
    sparsity: Rule | str | None = None,
    ufunc: Any = None,
    cost: Callable[..., int] | None = None,
) -> Primitive:
    """A primitive of two inputs that is linear in each."""

    def jvp(xs: Any, dxs: Any, **params: Any) -> Any:
        (x, y), (dx, dy) = xs, dxs
        terms = [
            None if dx is None else new(dx, y, **params),
            None if dy is None else new(x, dy, **params),
        ]
        return new(x, y, **params), sum_tangents(terms)

    new: Primitive = Primitive(
        name,
        types=lambda *ts, **params: (types(*ts, **params),),
        run=run,
        jvp=jvp,
        transpose=transpose,
        batch=batch,
        python=text,
        mask=mask,
        sparsity=sparsity,
        cost=cost,
        kind="bilinear",
        ufunc=ufunc,
    )
    return new
