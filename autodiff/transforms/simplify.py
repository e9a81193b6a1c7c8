"""Rewriting to less work: a program is recorded anew, each equation first offered to the rules.

A rewrite is data: `RULES` maps a primitive to functions `(inputs, params) -> result, or None`.
Rules keep results exact, but for the order of rounding (and of overflow, at the far end of
the range) where a sum of equal terms becomes a product, or a constant leaves a sum.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from autodiff.ir.program import Program
from autodiff.ir.types import Literal, type_of
from autodiff.primitives.algebra import add, broadcast, full_like, mul, neg, reduce_sum
from autodiff.primitives.arithmetic import convert, div, select, sub
from autodiff.primitives.contraction import contract
from autodiff.primitives.gathering import scatter_add
from autodiff.primitives.indexing import index_add, unindex
from autodiff.primitives.record import Primitive
from autodiff.primitives.structure import permute, reshape
from autodiff.tracing.bind import bind, infer
from autodiff.tracing.build import build, located, read_from
from autodiff.tracing.tracer import Tracer

__all__ = ["simplify"]

Rule = Callable[[Sequence[Any], dict[str, Any]], Any]


def simplify(program: Program) -> Program:
    """The same function with less to do."""

    def fun(*args: Any) -> list[Any]:
        env = dict(zip(program.inputs, args, strict=True))
        read = read_from(env)
        for equation in located(program.equations):
            inputs = [read(a) for a in equation.inputs]
            result = emit(equation.primitive, *inputs, **equation.params)
            if equation.primitive.multiple:
                env.update(zip(equation.outputs, result, strict=True))
            else:
                env[equation.outputs[0]] = result
        return [read(a) for a in program.outputs]

    with np.errstate(all="ignore"):  # what constants give is not for the user to be warned of now
        return build(fun, program.in_types, program.name, program.input_names)


def emit(primitive: Primitive, *inputs: Any, **params: Any) -> Any:
    """The result of a primitive, by the first rule that applies or else by the primitive itself."""
    for rule in RULES.get(primitive, ()):
        result = rule(inputs, params)
        if result is not None:
            return result
    if primitive.kind == "elementwise":
        result = _fold_constants(primitive, inputs, params)
        if result is not None:
            return result
    return bind(primitive, *inputs, **params)


# ---- looking at operands


def made_by(x: Any, primitive: Primitive) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """The inputs and params of the equation behind `x`, if it is of this primitive."""
    if type(x) is not Tracer:
        return None
    builder = x._builder
    row = builder.producer(x._number)
    if row is None or builder.rows[row][0] is not primitive:
        return None
    _, params, atoms = builder.rows[row]
    inputs = tuple(
        [a.value if isinstance(a, Literal) else Tracer(builder, a, builder.types[a]) for a in atoms]
    )
    return inputs, dict(params)


def constant(x: Any) -> np.generic | None:
    """The scalar that `x` consists of, if it is a literal or a broadcast one."""
    if isinstance(x, np.generic):
        return x
    made = made_by(x, broadcast)
    return made[0][0] if made is not None and isinstance(made[0][0], np.generic) else None


def _is(x: Any, value: float) -> bool:
    c = constant(x)
    return c is not None and bool(c == value)


# ---- rules


def _fold_constants(primitive: Primitive, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
    """Broadcast constants become literals; what is constant altogether is computed now."""
    if not any(type(x) is Tracer and constant(x) is not None for x in inputs):
        return None
    types = tuple([type_of(x) for x in inputs])
    out = infer(primitive, tuple(params.items()), types, params)[0]
    lowered = [x if constant(x) is None else constant(x) for x in inputs]
    if all(isinstance(x, np.generic) for x in lowered):
        return full_like(out, primitive.run(np, *lowered, **params))
    shapes = {x.shape for x in lowered if type(x) is Tracer}
    return bind(primitive, *lowered, **params) if shapes == {out.shape} else None


def _merge_broadcasts(
    inputs: Sequence[Any], params: dict[str, Any], *, primitive: Primitive
) -> Any:
    """op(broadcast x, broadcast y) -> broadcast(op(x, y)): the work is done once."""
    made = [made_by(x, broadcast) for x in inputs if type(x) is Tracer]
    if not made or any(m is None or m[1] != made[0][1] for m in made):  # type: ignore[index]
        return None
    if not all(type(x) is Tracer or isinstance(x, np.generic) for x in inputs):
        return None
    inner = [made_by(x, broadcast)[0][0] if type(x) is Tracer else x for x in inputs]  # type: ignore[index]
    return broadcast(emit(primitive, *inner, **params), **made[0][1])  # type: ignore[index]


def _mul(inputs: Sequence[Any], params: dict[str, Any]) -> Any:
    x, y = inputs
    for a, b in ((x, y), (y, x)):
        if _is(a, 1) and b.shape == _larger(x, y):
            return b
        if _is(a, -1) and b.shape == _larger(x, y):
            return emit(neg, b)
        if (scaled := _scaled_twice(a, b)) is not None:
            return scaled
        negated = made_by(b, neg)
        if negated is not None and constant(a) is not None:
            return emit(mul, negated[0][0], -constant(a))  # type: ignore[operator]
    return None


def _scaled_twice(scale: Any, x: Any) -> Any:
    """2.0 * (c * y) -> 2c * y, where one factor is a power of two, so that nothing is rounded."""
    made = made_by(x, mul) if isinstance(scale, np.floating) else None
    for factor, y in () if made is None else (made[0], made[0][::-1]):
        if isinstance(factor, np.floating) and 0.5 in (_mantissa(scale), _mantissa(factor)):
            with np.errstate(all="ignore"):
                product = scale * factor
            if np.isfinite(product) and abs(product) >= np.finfo(product.dtype).tiny:
                return emit(mul, product, y)
    return None


def _mantissa(x: Any) -> float:
    return abs(float(np.frexp(x)[0]))


def _larger(x: Any, y: Any) -> tuple[int, ...]:
    return max(x.shape, y.shape, key=len)


def _neg(inputs: Sequence[Any], params: dict[str, Any]) -> Any:
    (x,) = inputs
    if (made := made_by(x, neg)) is not None:
        return made[0][0]
    if (made := made_by(x, mul)) is not None:
        a, b = made[0]
        if isinstance(b, np.generic):
            return emit(mul, a, -b)  # type: ignore[operator]
        if isinstance(a, np.generic):
            return emit(mul, -a, b)  # type: ignore[operator]
    return None


def _add(inputs: Sequence[Any], params: dict[str, Any]) -> Any:
    x, y = inputs
    if (made := made_by(y, neg)) is not None:
        return emit(sub, x, made[0][0])
    if (made := made_by(x, neg)) is not None:
        return emit(sub, y, made[0][0])
    return _add_part(y, x) if (result := _add_part(x, y)) is None else result


def _add_part(whole: Any, part: Any) -> Any:
    """Adding an array that is zero but for some elements is adding to those elements."""
    if (made := made_by(part, unindex)) is not None:
        return index_add(whole, made[0][0], spec=made[1]["spec"])
    made = made_by(part, scatter_add)
    if made is not None and _is(made[0][0], 0):
        return scatter_add(whole, *made[0][1:], **made[1])
    return None


def _sub(inputs: Sequence[Any], params: dict[str, Any]) -> Any:
    x, y = inputs
    made = made_by(y, neg)
    return None if made is None else emit(add, x, made[0][0])


def _div(inputs: Sequence[Any], params: dict[str, Any]) -> Any:
    x, y = inputs
    return x if _is(y, 1) and x.shape == _larger(x, y) else None


def _select(inputs: Sequence[Any], params: dict[str, Any]) -> Any:
    c, x, y = inputs
    if type(x) is Tracer and type(y) is Tracer and x._number == y._number:
        return x
    known = constant(c)
    chosen = None if known is None else x if known else y
    return chosen if chosen is not None and chosen.shape == _larger(x, y) else None


def _convert(inputs: Sequence[Any], params: dict[str, Any]) -> Any:
    (x,) = inputs
    return x if x.dtype == params["dtype"] else None


def _reshape(inputs: Sequence[Any], params: dict[str, Any]) -> Any:
    (x,) = inputs
    shape = params["shape"]
    if x.shape == shape:
        return x
    if (c := constant(x)) is not None:
        return broadcast(c, shape=shape, axes=tuple(range(len(shape))))
    made = made_by(x, reshape)
    return None if made is None else emit(reshape, made[0][0], shape=shape)


def _permute(inputs: Sequence[Any], params: dict[str, Any]) -> Any:
    (x,) = inputs
    order = params["perm"]
    if order == tuple(range(len(order))):
        return x
    if (c := constant(x)) is not None:
        shape = tuple([x.shape[i] for i in order])
        return broadcast(c, shape=shape, axes=tuple(range(len(shape))))
    made = made_by(x, permute)
    if made is None:
        return None
    first = made[1]["perm"]
    return emit(permute, made[0][0], perm=tuple([first[i] for i in order]))


def _broadcast(inputs: Sequence[Any], params: dict[str, Any]) -> Any:
    (x,) = inputs
    if not params["axes"]:
        return x
    made = made_by(x, broadcast)
    if made is None:
        return None
    kept = [i for i in range(len(params["shape"])) if i not in params["axes"]]
    axes = tuple(sorted((*params["axes"], *(kept[i] for i in made[1]["axes"]))))
    return broadcast(made[0][0], shape=params["shape"], axes=axes)


def _reduce_sum(inputs: Sequence[Any], params: dict[str, Any]) -> Any:
    (x,) = inputs
    axes = params["axes"]
    if not axes:
        return x
    made = made_by(x, broadcast)
    if made is None or x.dtype.kind not in "fciu" or not set(axes) <= set(made[1]["axes"]):
        return None
    n = math.prod([x.shape[i] for i in axes])
    if n == 0:  # zero, whatever it is a sum of
        return None
    count = np.array(n).astype(x.dtype)[()]
    if count.item() != n:  # too large for the dtype
        return None
    left = [i for i in range(len(x.shape)) if i not in axes]
    shape = tuple([x.shape[i] for i in left])
    total = emit(mul, made[0][0], count)
    new = tuple([left.index(i) for i in made[1]["axes"] if i not in axes])
    return emit(broadcast, total, shape=shape, axes=new)


def _contract(inputs: Sequence[Any], params: dict[str, Any]) -> Any:
    """A contraction with a constant is a sum, scaled."""
    left, right = params["spec"].partition("->")[0].split(",")
    out = params["spec"].partition("->")[2]
    for (x, own), (c, _) in (
        ((inputs[0], left), (inputs[1], right)),
        ((inputs[1], right), (inputs[0], left)),
    ):
        value = constant(c)
        inexact = x.dtype.kind in "fc" and value is not None and bool(np.isfinite(value))
        if value is None or not inexact or not set(out) <= set(own):
            continue
        total = emit(reduce_sum, x, axes=tuple([i for i, k in enumerate(own) if k not in out]))
        kept = [k for k in own if k in out]
        order = tuple([kept.index(k) for k in out])
        if order:
            total = emit(permute, total, perm=order)
        return emit(mul, total, value)
    return None


RULES: dict[Primitive, tuple[Rule, ...]] = {
    primitive: (rule, partial(_merge_broadcasts, primitive=primitive))
    for primitive, rule in ((mul, _mul), (add, _add), (sub, _sub), (neg, _neg), (div, _div))
} | {
    select: (_select,),
    convert: (_convert,),
    reshape: (_reshape,),
    permute: (_permute,),
    broadcast: (_broadcast,),
    reduce_sum: (_reduce_sum,),
    contract: (_contract,),
}
