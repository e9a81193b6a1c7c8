"""Basic indexing: the part of an array that integers and slices name, and what is put there.

`spec` is the index as NumPy users write it: `3`, `1:4`, `...,0`, `::-1,:,2`. It is known while
tracing, names every element at most once, and adds no axes (`reshape` does). Elements that are
named by *arrays* of integers are the matter of `gathering`.

| primitive | means |
|---|---|
| `index(x)` | `x[spec]` |
| `unindex(v)` | zeros, with `v` at `[spec]`: the transpose of `index` |
| `index_set(x, v)` | `x` after `x[spec] = v` |
| `index_add(x, v)` | `x` after `x[spec] += v` |
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from types import EllipsisType
from typing import Any

import numpy as np

from autodiff.ir.types import ArrayType, type_of
from autodiff.primitives.algebra import full_like, spread, zeros_like
from autodiff.primitives.kinds import Rule, linear
from autodiff.primitives.masked import Masked, MaskRule
from autodiff.primitives.record import Primitive

__all__ = ["Basic", "index", "index_add", "index_set", "linear_pair", "parse_spec", "unindex"]

Basic = int | slice | EllipsisType


@lru_cache(4096)
def parse_spec(spec: str) -> tuple[Basic, ...]:
    """The index that a spec stands for."""
    return tuple([_parse_entry(entry) for entry in spec.split(",")])


def _parse_entry(entry: str) -> Basic:
    if entry == "...":
        return ...
    bounds = [int(bound) if bound else None for bound in entry.split(":")]
    if len(bounds) > 1:
        return slice(*bounds)
    if bounds[0] is None:
        raise ValueError("an index spec needs an integer, a slice or `...` between its commas")
    return bounds[0]


def _part_type(x: ArrayType, *, spec: str) -> ArrayType:
    """The type of `x[spec]`; NumPy itself finds the shape, or the words for what is wrong."""
    without_memory = np.broadcast_to(np.False_, x.shape)
    return x.with_shape(without_memory[parse_spec(spec)].shape)


def _zero_part(ct: Any, spec: str) -> Any:
    return zeros_like(_part_type(type_of(ct), spec=spec))


# ---- index and its transpose


def _unindex_type(v: ArrayType, *, spec: str, shape: tuple[int, ...]) -> ArrayType:
    whole = v.with_shape(shape)
    _expect(v, _part_type(whole, spec=spec), "unindex", spec)
    return whole


def _unindex_run(xp: Any, v: Any, *, spec: str, shape: tuple[int, ...]) -> Any:
    whole = xp.zeros(shape, v.dtype)
    whole[parse_spec(spec)] = v
    return whole


index: Primitive = linear(
    "index",
    types=_part_type,
    run=lambda xp, x, *, spec: x[parse_spec(spec)],
    transpose=lambda ct, i, x, *, spec: unindex(ct, spec=spec, shape=x.shape),
    batch=lambda size, xs, mapped, *, spec: index(*xs, spec=f":,{spec}"),
    text=lambda types, params: f"{{0}}[{params['spec'].replace(',', ', ')}]",
    mask="move",
    view=True,
)

unindex: Primitive = linear(
    "unindex",
    types=_unindex_type,
    run=_unindex_run,
    transpose=lambda ct, i, v, *, spec, shape: index(ct, spec=spec),
    batch=lambda size, xs, mapped, *, spec, shape: unindex(
        *xs, spec=f":,{spec}", shape=(size, *shape)
    ),
    mask="move",
    cheap=False,
)


# ---- putting something there


def linear_pair(
    name: str,
    *,
    types: Rule,
    run: Rule,
    transpose: Rule,
    batch: Rule,
    mask: MaskRule,
    in_place: Callable[..., str] | None = None,
) -> Primitive:
    """A primitive that is linear in its first two inputs taken together; others have no tangent."""

    def jvp(xs: Any, dxs: Any, **params: Any) -> Any:
        y = new(*xs, **params)
        if dxs[0] is None and dxs[1] is None:
            return y, None
        dx, dv = [zeros_like(x) if t is None else t for x, t in zip(xs[:2], dxs[:2], strict=True)]
        return y, new(dx, dv, *xs[2:], **params)

    new: Primitive = Primitive(
        name,
        types=lambda *ts, **params: (types(*ts, **params),),
        run=run,
        jvp=jvp,
        transpose=transpose,
        batch=batch,
        in_place=in_place,
        mask=mask,
        kind="linear",
    )
    return new


def _expect(v: ArrayType, expected: ArrayType, name: str, spec: str) -> None:
    if v is not expected:
        raise TypeError(f"{name} at [{spec}] takes {expected}, not {v}")


def _put_type(x: ArrayType, v: ArrayType, *, spec: str) -> ArrayType:
    _expect(v, _part_type(x, spec=spec), "index_set or index_add", spec)
    return x


def _set_run(xp: Any, x: Any, v: Any, *, spec: str) -> Any:
    whole = xp.array(x)
    whole[parse_spec(spec)] = v
    return whole


def _add_run(xp: Any, x: Any, v: Any, *, spec: str) -> Any:
    whole = xp.array(x)
    whole[parse_spec(spec)] += v
    return whole


def _set_transpose(ct: Any, i: int, x: Any, v: Any, *, spec: str) -> Any:
    if i == 1:
        return index(ct, spec=spec)
    # What was overwritten does not count, whatever the derivative of it would have been.
    everywhere = full_like(ArrayType(ct.shape, np.dtype(bool)), True)
    kept = index_set(everywhere, _zero_part(everywhere, spec), spec=spec)
    return Masked(index_set(ct, _zero_part(ct, spec), spec=spec), kept, clean=True)


def _put_batch(primitive: Primitive, size: int, xs: Any, mapped: Any, spec: str) -> Any:
    x, v = [a if m else spread(a, size) for a, m in zip(xs, mapped, strict=True)]
    return primitive(x, v, spec=f":,{spec}")


index_set: Primitive = linear_pair(
    "index_set",
    types=_put_type,
    run=_set_run,
    transpose=_set_transpose,
    batch=lambda size, xs, mapped, *, spec: _put_batch(index_set, size, xs, mapped, spec),
    mask="move",
    in_place=lambda types, params: f"{{0}}[{params['spec'].replace(',', ', ')}] = {{1}}",
)

index_add: Primitive = linear_pair(
    "index_add",
    types=_put_type,
    run=_add_run,
    transpose=lambda ct, i, x, v, *, spec: index(ct, spec=spec) if i else ct,
    batch=lambda size, xs, mapped, *, spec: _put_batch(index_add, size, xs, mapped, spec),
    mask="move",
    in_place=lambda types, params: f"{{0}}[{params['spec'].replace(',', ', ')}] += {{1}}",
)
