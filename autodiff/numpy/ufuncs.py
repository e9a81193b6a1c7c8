"""NumPy's ufuncs on traced operands.

What a ufunc does to operands of given kinds (which loop NumPy would choose, what is converted, what
is broadcast) is worked out once and kept as a plan: every traced operation takes this path.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from autodiff.ir.source import here
from autodiff.ir.types import ArrayType
from autodiff.numpy.promotion import (
    Kind,
    as_operand,
    broadcast_shapes,
    is_operand,
    kind_of,
    operand_atom,
)
from autodiff.primitives.record import Primitive
from autodiff.tracing.bind import atom, builder_of
from autodiff.tracing.builder import Builder
from autodiff.tracing.script import Number
from autodiff.tracing.tracer import Tracer

__all__ = ["Binary", "Elementwise", "Unary", "elementwise_ufuncs"]

_PLANS_KEPT = 4096
# Operators of Python scalars give Python scalars, whose dtype yields to that of arrays.
_WEAK = {
    np.add, np.subtract, np.multiply, np.divide, np.power, np.negative, np.positive, np.absolute,
    np.floor_divide, np.remainder,
}  # fmt: skip


class Plan(NamedTuple):
    """How a ufunc is recorded for operands of certain kinds."""

    direct: tuple[bool, ...]  # operands that need neither conversion nor broadcasting
    dtypes: tuple[np.dtype[Any], ...]  # of the operands, after conversion
    shape: tuple[int, ...]
    out_types: tuple[ArrayType, ...]
    kind: Kind  # of the result


class Elementwise:
    """A ufunc that is one primitive once its operands have the dtypes of one of NumPy's loops."""

    __slots__ = ("plans", "primitive", "ufunc")

    def __init__(self, primitive: Primitive) -> None:
        self.primitive = primitive
        self.ufunc: Any = primitive.ufunc
        self.plans: dict[tuple[Kind, ...], Plan] = {}

    def __call__(self, *operands: Any) -> Any:
        """Record the ufunc of these operands; of plain values, compute it."""
        operands = tuple([as_operand(x) for x in operands])
        kinds = tuple([kind_of(x) for x in operands])
        plan = self.plans.get(kinds) or self.plan(kinds)
        builder = builder_of(operands)
        if builder is None:
            return self.ufunc(*operands)
        atoms = tuple([
            atom(builder, x) if direct else operand_atom(builder, x, dtype, plan.shape)
            for x, direct, dtype in zip(operands, plan.direct, plan.dtypes, strict=True)
        ])  # fmt: skip
        return self.record(builder, plan, atoms)

    def record(self, builder: Builder, plan: Plan, atoms: tuple[Number, ...]) -> Tracer:
        """Record the equation."""
        first = builder.record((self.primitive, (), atoms), plan.out_types)
        result = Tracer(builder, first, plan.out_types[0])
        result.kind = plan.kind
        return result

    def plan(self, kinds: tuple[Kind, ...]) -> Plan:
        """Choose NumPy's loop and the common shape, and infer the result's type."""
        if len(self.plans) >= _PLANS_KEPT:
            self.plans.clear()
        strong = [k for k in kinds if isinstance(k, ArrayType)]
        dtypes = self.loop(kinds)
        shape = broadcast_shapes((), *[k.shape for k in strong])
        out_types = self.primitive.types(*[ArrayType(shape, d) for d in dtypes])
        direct = tuple([_is_ready(k, shape, d) for k, d in zip(kinds, dtypes, strict=True)])
        weak = not strong and self.ufunc in _WEAK
        kind = type(out_types[0].dtype.type(0).item()) if weak else out_types[0]
        plan = self.plans[kinds] = Plan(direct, dtypes, shape, out_types, kind)
        return plan

    def loop(self, kinds: tuple[Kind, ...]) -> tuple[np.dtype[Any], ...]:
        """The dtypes to which NumPy would convert the operands."""
        among_numbers = not any(isinstance(k, ArrayType) for k in kinds)
        given = [
            k.dtype if isinstance(k, ArrayType)
            else np.dtype(k) if k is bool or among_numbers  # NumPy compares Python's as objects
            else k
            for k in kinds
        ]  # fmt: skip
        try:
            return self.ufunc.resolve_dtypes((*given, *[None] * self.ufunc.nout))[: len(kinds)]
        except TypeError as error:
            shown = ", ".join(str(k) if isinstance(k, ArrayType) else k.__name__ for k in kinds)
            raise TypeError(f"{_public_name(self.ufunc)} does not take {shown}{here()}") from error


def _public_name(ufunc: Any) -> str:
    """A ufunc as users write it: `np.add`, `scipy.special.jv`."""
    name = ufunc.__name__
    numpys = getattr(np._core.umath, name, None) is ufunc
    return f"np.{name}" if numpys else f"scipy.special.{name.lstrip('_')}"


def _is_ready(kind: Kind, shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    """Whether a tracer of this kind can be an operand as it is."""
    own = kind if isinstance(kind, ArrayType) else ArrayType((), np.dtype(kind))
    return own is ArrayType(shape, dtype)


class Unary(Elementwise):
    """The same for one operand, without the generality: every microsecond here is felt."""

    __slots__ = ()

    def __call__(self, x: Any) -> Any:
        """Record the ufunc of a tracer; of a plain value, compute it."""
        if type(x) is not Tracer:
            return super().__call__(x)
        kind = x.kind
        plan = self.plans.get(kind) or self.plans.setdefault(kind, self.plan((kind,)))
        builder = x._builder
        number = (
            x._number if plan.direct[0] else operand_atom(builder, x, plan.dtypes[0], plan.shape)
        )
        row = (self.primitive, (), (number,))
        result = Tracer(builder, builder.record(row, plan.out_types), plan.out_types[0])
        result.kind = plan.kind
        return result


class Binary(Elementwise):
    """The same for two operands, without the generality."""

    __slots__ = ()

    def __call__(self, x: Any, y: Any) -> Any:
        """Record the ufunc of two operands; of plain values, compute it."""
        if type(x) is Tracer:
            builder = x._builder
            if type(y) is Tracer:
                kinds = (x.kind, y.kind)
                if y._builder is not builder:
                    builder = builder_of((x, y)) or builder
            elif is_operand(y):
                kinds = (x.kind, kind_of(y))
            else:
                return super().__call__(x, y)
        elif type(y) is Tracer and is_operand(x):
            builder, kinds = y._builder, (kind_of(x), y.kind)
        else:
            return super().__call__(x, y)
        plan = self.plans.get(kinds) or self.plan(kinds)
        direct = plan.direct
        if direct[0] and type(x) is Tracer and x._builder is builder:
            left: Number = x._number
        elif direct[0] and type(x) is np.ndarray:
            left = builder.capture(x, kinds[0])
        else:
            left = operand_atom(builder, x, plan.dtypes[0], plan.shape)
        if direct[1] and type(y) is Tracer and y._builder is builder:
            right: Number = y._number
        elif direct[1] and type(y) is np.ndarray:
            right = builder.capture(y, kinds[1])
        else:
            right = operand_atom(builder, y, plan.dtypes[1], plan.shape)
        row = (self.primitive, (), (left, right))
        result = Tracer(builder, builder.record(row, plan.out_types), plan.out_types[0])
        result.kind = plan.kind
        return result


def elementwise_ufuncs(primitives: Iterable[Primitive]) -> dict[Any, Elementwise]:
    """The traced form of every ufunc that is a primitive."""
    forms = {1: Unary, 2: Binary}
    return {
        p.ufunc: forms.get(p.ufunc.nin, Elementwise)(p)
        for p in primitives
        if p.ufunc is not None and p.kind == "elementwise"
    }
