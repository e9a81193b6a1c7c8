"""`linear_call`: a linear map given together with its transpose.

    linear_call[forward=F, transposed=T, residuals=r] *residuals *dx -> *dy

`F: (residuals, dx) -> dy` is linear in dx, and `T: (residuals, ct) -> ct of dx` is its transpose.
This is how a vjp rule is said: the tangent of a function is a `linear_call` whose transpose is the
user's own program. Reverse mode puts T in the place of the call, so that from then on (a second
derivative, say) it is a program like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from autodiff.control.call import call
from autodiff.errors import MissingRuleError
from autodiff.ir.editing import dependents
from autodiff.ir.program import Equation, Program
from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import spread, sum_tangents, zeros_like
from autodiff.primitives.masked import Masked
from autodiff.primitives.record import Primitive
from autodiff.tracing.build import build, evaluate, split
from autodiff.transforms.batch import batch
from autodiff.transforms.jvp import jvp
from autodiff.transforms.linearity import additions, first_nonlinear
from autodiff.transforms.transpose import plain, transpose

__all__ = ["derived_forward", "linear_call", "nonlinearity", "pushed", "refuse"]


def pushed(program: Program, xs: Sequence[Any], dxs: Sequence[Any]) -> list[Any]:
    """The tangents of the outputs of a program; a None tangent is zero."""
    active = tuple([t is not None for t in dxs])
    if not any(active):
        return [None] * len(program.outputs)
    forward, moving = jvp(program, active)
    outs = call(*xs, *(t for t in dxs if t is not None), program=forward, policy=None)
    tangents = iter(outs[len(program.outputs) :])
    return [next(tangents) if m else None for m in moving]


def nonlinearity(program: Program, linear: Sequence[bool]) -> str:
    """What a program does to the inputs marked in `linear` that is not linear; "" if nothing."""
    culprit = first_nonlinear(program, linear)
    if culprit is not None:
        return f"applies `{culprit.primitive.name}`{_place(culprit)} to"
    for e, _ in additions(program, linear):
        return f"adds something{_place(e)} to"
    return ""


def _place(equation: Equation) -> str:
    return "" if equation.source is None else f" (at {equation.source})"


# ---- a forward program where only the transpose was given


@lru_cache(maxsize=256)
def derived_forward(transposed: Program, residuals: int, name: str) -> Program:
    """The map that `transposed` is the transpose of; `name` is the function it belongs to.

    If `transposed` is not linear, it is the transpose of nothing: running the result is an error.
    """
    linear = tuple([i >= residuals for i in range(len(transposed.inputs))])
    culprit = nonlinearity(transposed, linear)
    if not culprit:
        return transpose(transposed, linear)
    reason = (
        f"the vjp rule of {name} is not linear in ct: it {culprit} it. So forward mode cannot be "
        "derived from it; give a jvp rule as well, or use reverse mode (`ad.grad`, `ad.vjp`, "
        "`ad.jacrev`)"
    )
    known, moving = split(transposed.in_types, linear)
    types = tuple(moving)
    return build(
        lambda *xs: refuse(*xs[residuals:], reason=reason, types=types),
        [*known, *transposed.out_types],
        transposed.name,
    )


def _refuse(*_: Any, reason: str, **__: Any) -> Any:
    raise MissingRuleError(reason)


refuse: Primitive = Primitive(
    "refuse",  # stands where there is no way to compute something, and says why when it is reached
    types=lambda *xs, reason, types: types,
    run=_refuse,
    jvp=lambda xs, dxs, **params: _refuse(**params),
    transpose=lambda cts, linear, *xs, **params: _refuse(**params),
    batch=lambda size, xs, mapped, *, reason, types: refuse(
        *xs, reason=reason, types=tuple([t.with_shape((size, *t.shape)) for t in types])
    ),
    multiple=True,
)


# ---- the rules


def _types(
    *types: ArrayType, forward: Program, transposed: Program, residuals: int
) -> tuple[ArrayType, ...]:
    if types != forward.in_types:
        raise TypeError(f"{forward.name} takes {forward.in_types}, not {types}")
    back = (*types[:residuals], *forward.out_types)
    if transposed.in_types != back or transposed.out_types != types[residuals:]:
        raise TypeError(
            f"{transposed.name} is from {transposed.in_types} to {transposed.out_types}, but the "
            f"transpose of {forward.name} is from {back} to {types[residuals:]}"
        )
    return forward.out_types


def _run(xp: Any, *xs: Any, forward: Program, **_: Any) -> tuple[Any, ...]:
    return tuple(evaluate(forward, xs, xp))


def _jvp(xs: Any, dxs: Any, **params: Any) -> Any:
    """Linear in dx; what the residuals contribute is the derivative of the forward program."""
    n = params["residuals"]
    ys = linear_call(*xs, **params)
    tangents = pushed(params["forward"], xs, (*dxs[:n], *[None] * (len(xs) - n)))
    if any(t is not None for t in dxs[n:]):
        full = [zeros_like(x) if t is None else t for x, t in zip(xs[n:], dxs[n:], strict=True)]
        straight = linear_call(*xs[:n], *full, **params)
        tangents = [sum_tangents(pair) for pair in zip(straight, tangents, strict=True)]
    return ys, tangents


def _transpose(
    cts: Any,
    linear: Sequence[bool],
    *inputs: Any,
    forward: Program,
    transposed: Program,
    residuals: int,
) -> list[Any]:
    if any(linear[:residuals]):
        raise MissingRuleError(
            f"{forward.name} is given with its transpose, which is of no use where it must be "
            "transposed with respect to what that was made from"
        )
    mask = _common_mask(cts) if _is_elementwise(transposed, residuals) else None
    given = [
        zeros_like(t) if ct is None else plain(ct) if mask is None else ct.ct
        for ct, t in zip(cts, forward.out_types, strict=True)
    ]
    pulled = call(*inputs[:residuals], *given, program=transposed, policy=None)
    if mask is not None:
        pulled = [Masked(ct, mask) for ct in pulled]
    return [ct if m else None for ct, m in zip((*[None] * residuals, *pulled), linear, strict=True)]


def _common_mask(cts: Sequence[Any]) -> Any:
    """The mask that all of these cotangents have, if there is one."""
    present = [ct for ct in cts if ct is not None]
    if not all(isinstance(ct, Masked) for ct in present):
        return None
    return present[0].mask if len({ct.mask._number for ct in present}) == 1 else None


@lru_cache(maxsize=256)
def _is_elementwise(program: Program, residuals: int) -> bool:
    """Whether each element of a result depends on no other element of what is behind residuals."""
    moving = dependents(program, [i >= residuals for i in range(len(program.inputs))])
    shapes = {t.shape for t in (*program.in_types[residuals:], *program.out_types)}
    return len(shapes) == 1 and all(
        e.primitive.kind == "elementwise" or moving.isdisjoint(e.inputs) for e in program.equations
    )


def _batch(
    size: int, xs: Any, mapped: Any, *, forward: Program, transposed: Program, residuals: int
) -> Any:
    """All of dx and dy are mapped, so that the programs remain the transposes of each other."""
    known = tuple(mapped[:residuals])
    operands = [
        x if m or i < residuals else spread(x, size)
        for i, (x, m) in enumerate(zip(xs, mapped, strict=True))
    ]
    return linear_call(
        *operands,
        forward=_mapped(forward, known, size),
        transposed=_mapped(transposed, known, size),
        residuals=residuals,
    )


def _mapped(program: Program, known: tuple[bool, ...], size: int) -> Program:
    mapped = known + (True,) * (len(program.inputs) - len(known))
    return batch(program, mapped, size, (True,) * len(program.outputs))[0]


linear_call: Primitive = Primitive(
    "linear_call",
    types=_types,
    run=_run,
    jvp=_jvp,
    transpose=_transpose,
    batch=_batch,
    python=lambda types, params: f"{{forward}}({', '.join(['{}'] * len(types))})",
    mask="kept",
    sparsity=lambda xs, linear, *, forward, **_: evaluate(forward, xs),
    kind="holder",
    multiple=True,
)
