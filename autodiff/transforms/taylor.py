"""Taylor mode: `(x, its coefficients) -> (y, its coefficients)`, for derivatives of high order.

Where x moves along a power series in t, y is one, too. What a primitive makes of the series of its
operands is derived from its jvp rule, so no primitive needs a rule for it:

- if the rule is linear in the tangents alone (sums, whatever moves elements, and also functions
  made of linear pieces), it is applied to one coefficient after the other;
- else the rule, as a program, is run on the series of x and of its derivative x'. The result is
  the series of y', and coefficient k of y is coefficient k - 1 of y', divided by k.

For y = exp(x) the rule says y' = y x': the series of y is made from its own earlier coefficients.
Coefficients are computed when they are first read, and equal applications of a primitive are one
series. So k of them take O(k²) operations, where derivatives of derivatives take 2^k.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from autodiff.ir.editing import dependents
from autodiff.ir.program import Atom, Equation, Program
from autodiff.ir.types import ArrayType, Literal, literal, type_of
from autodiff.primitives.algebra import zeros_like
from autodiff.primitives.record import Primitive
from autodiff.tracing.bind import bind
from autodiff.tracing.build import build, located
from autodiff.transforms.power_series import Series, divided, multiplied, rule_of

__all__ = ["Expansion", "Mask", "taylor"]

Mask = tuple[bool, ...]


@lru_cache(maxsize=256)
def taylor(
    program: Program, order: int, given: tuple[Mask, ...], wanted: tuple[bool, ...] = ()
) -> tuple[Program, tuple[Mask, ...]]:
    """`(x, coefficients of each x) -> (y, coefficients of each y)`, up to t to the power `order`.

    The coefficients are those of powers of t (derivatives divided by factorials), from the first
    on. `given` says, for each input, which of them are given; others are zero. Returns the program
    and which coefficients of each output it computes: those that are not zero, and all of the
    outputs that are marked in `wanted`.
    """
    found: list[Mask] = []

    def fun(*args: Any) -> Sequence[Any]:
        remaining = iter(args[len(program.inputs) :])
        xs = [
            Series.polynomial(x, [next(remaining) if m else None for m in mask])
            for x, mask in zip(args, given, strict=False)
        ]
        ys = Expansion(order).forward(program, xs)
        marks = wanted or (False,) * len(ys)
        rows = [
            [_zero(y) if c is None and w else c for c in map(y.__getitem__, range(1, order + 1))]
            for y, w in zip(ys, marks, strict=True)
        ]
        found.extend(tuple([c is not None for c in row]) for row in rows)
        return [*[y[0] for y in ys], *[c for row in rows for c in row if c is not None]]

    types = [t for t, mask in zip(program.in_types, given, strict=True) for m in mask if m]
    names = [
        f"{n}{k}" if n else ""
        for n, mask in zip(program.names, given, strict=True)
        for k, m in enumerate(mask, 1)
        if m
    ]
    with np.errstate(all="ignore"):  # of what becomes constant
        new = build(
            fun, [*program.in_types, *types], f"taylor_{program.name}", [*program.names, *names]
        )
    return new, tuple(found)


def _zero(y: Series) -> Any:
    return zeros_like(type_of(y[0]))


class Expansion:
    """Applies primitives to series.

    The `taylor` rule of a primitive gets the expansion first, to make other series by `apply`.
    """

    def __init__(self, order: int) -> None:
        self.order = order
        self.ahead = False  # whether all coefficients of what primitives are applied to are known
        self.applied: dict[Any, Any] = {}
        self.constants: dict[Literal, Series] = {}
        self.derivatives: dict[Series, Series] = {}

    def forward(self, program: Program, xs: Sequence[Series]) -> list[Series]:
        """The series of the outputs, with all coefficients, equation by equation."""
        env: dict[Any, Series] = dict(zip(program.inputs, xs, strict=True))
        for equation in located(program.equations):
            self.ahead = True
            results = dict(self._step(equation, env))
            self.ahead = False
            for y in results.values():
                y[self.order]  # now, so that no computation has to go deep
            env.update(results)
        return [self._read(env, a) for a in program.outputs]

    def run(self, program: Program, xs: Sequence[Series]) -> list[Series]:
        """The series of the outputs, with as many coefficients as will be read."""
        env: dict[Any, Series] = dict(zip(program.inputs, xs, strict=True))
        for equation in program.equations:
            env.update(self._step(equation, env))
        return [self._read(env, a) for a in program.outputs]

    def _step(self, equation: Equation, env: dict[Any, Series]) -> Iterator[tuple[Any, Series]]:
        inputs = [self._read(env, a) for a in equation.inputs]
        results = self.apply(equation.primitive, *inputs, **equation.params)
        outs = results if equation.primitive.multiple else (results,)
        return zip(equation.outputs, outs, strict=True)

    def _read(self, env: dict[Any, Series], a: Atom) -> Series:
        return self.constant(a.value) if isinstance(a, Literal) else env[a]

    # ---- what rules call

    def constant(self, value: np.generic) -> Series:
        """The series of a scalar."""
        return self.constants.setdefault(literal(value), Series(value))

    def series(self, first: Any, later: Callable[[int], Any]) -> Series:
        """The series whose coefficient k > 0 is `later(k)`."""
        return Series(first, later)

    def derivative(self, x: Series) -> Series:
        """The derivative of a series by t."""
        if x not in self.derivatives:
            first = _zero(x) if x[1] is None else x[1]
            self.derivatives[x] = Series(first, lambda k: multiplied(x[k + 1], k + 1))
        return self.derivatives[x]

    def terms(self, inputs: Sequence[Series]) -> list[list[Any]] | None:
        """All coefficients of the operands but the first; None, if not all are known by now."""
        if not self.ahead:
            return None
        return [[x[k] for k in range(1, self.order + 1)] for x in inputs]

    def same(self, primitive: Primitive, inputs: tuple[Series, ...], result: Series) -> None:
        """Let this be the result of applying a primitive without params."""
        self.applied[primitive, (), inputs] = result

    def apply(self, primitive: Primitive, *inputs: Series, **params: Any) -> Any:
        """The series of the result of a primitive; a tuple of them if it has several."""
        key = (primitive, tuple(params.items()), inputs)
        if key not in self.applied:
            self.applied[key] = self._expanded(primitive, inputs, params)
        return self.applied[key]

    def _expanded(self, primitive: Primitive, inputs: tuple[Series, ...], params: Any) -> Any:
        moving = tuple([not x.is_constant for x in inputs])
        rule = rule_of(primitive)
        if primitive.jvp is None or not any(moving):
            outs = [Series(y) for y in _values(primitive, inputs, params)]
        elif rule is not None and (found := rule(self, inputs, params)) is not None:
            return found
        else:
            operands = tuple([_operand(x) for x in inputs])
            pushed = _pushed(primitive, tuple(params.items()), operands, moving)
            if pushed.is_linear:
                outs = self._by_coefficient(primitive, inputs, params, pushed)
            else:
                outs = self._by_derivative(primitive, inputs, params, pushed)
        return tuple(outs) if primitive.multiple else outs[0]

    def _by_coefficient(
        self, primitive: Primitive, inputs: Sequence[Series], params: Any, pushed: _Pushed
    ) -> list[Series]:
        """Coefficient k of the results is the tangent that belongs to those of the operands."""
        xs, rule = [x[0] for x in inputs], primitive.jvp
        assert rule is not None

        def coefficient(i: int, k: int) -> Any:
            dxs = [x[k] for x in inputs]
            if all(dx is None for dx in dxs):
                return None
            dys = rule(xs, dxs, **params)[1]
            return dys[i] if primitive.multiple else dys

        return [
            Series(y, (lambda k, i=i: coefficient(i, k)) if active else None)  # type: ignore[misc]
            for i, (y, active) in enumerate(
                zip(_values(primitive, inputs, params), pushed.active, strict=True)
            )
        ]

    def _by_derivative(
        self, primitive: Primitive, inputs: Sequence[Series], params: Any, pushed: _Pushed
    ) -> list[Series]:
        """Coefficient k of the results is that of their derivative before it, over k."""
        found: list[Series] = []

        def derivatives() -> list[Series]:
            if not found:  # made late, since it may need further series, without an end
                primals = [x for x in inputs if isinstance(_operand(x), ArrayType)]
                moving = [self.derivative(x) for x in inputs if not x.is_constant]
                ahead, self.ahead = self.ahead, False
                found.extend(self.run(pushed.program, [*primals, *moving]))
                self.ahead = ahead
            return found

        outs, position = [], 0
        for y, active in zip(_values(primitive, inputs, params), pushed.active, strict=True):
            later = (lambda k, i=position: divided(derivatives()[i][k - 1], k)) if active else None
            outs.append(Series(y, later))
            position += active
        return outs


def _values(primitive: Primitive, inputs: Sequence[Series], params: Any) -> Sequence[Any]:
    results = bind(primitive, *[x[0] for x in inputs], **params)
    return results if primitive.multiple else (results,)


# ---- jvp rules as programs


class _Pushed(NamedTuple):
    program: Program  # (operands but literals, tangents of what moves) -> tangents of results
    active: tuple[bool, ...]  # results that have a tangent
    is_linear: bool  # in the tangents, with coefficients that do not move


def _operand(x: Series) -> ArrayType | Literal:
    """What a jvp rule sees of an operand: that it is a certain constant, or only its type."""
    is_literal = x.is_constant and isinstance(x[0], np.generic)
    return literal(x[0]) if is_literal else type_of(x[0])


@lru_cache(maxsize=4096)
def _pushed(
    primitive: Primitive,
    items: tuple[tuple[str, Any], ...],
    operands: tuple[ArrayType | Literal, ...],
    moving: tuple[bool, ...],
) -> _Pushed:
    """The jvp rule of a primitive, applied to operands of these types."""
    active: list[bool] = []
    rule = primitive.jvp
    assert rule is not None

    def fun(*args: Any) -> list[Any]:
        remaining = iter(args)
        xs = [t.value if isinstance(t, Literal) else next(remaining) for t in operands]
        dxs = [next(remaining) if m else None for m in moving]
        dys = rule(xs, dxs, **dict(items))[1]
        dys = dys if primitive.multiple else (dys,)
        active.extend(t is not None for t in dys)
        return [t for t in dys if t is not None]

    primals = [t for t in operands if isinstance(t, ArrayType)]
    tangents = [t for t, m in zip(operands, moving, strict=True) if isinstance(t, ArrayType) and m]
    program = build(fun, [*primals, *tangents], f"push_{primitive.name}")
    moved = [m for t, m in zip(operands, moving, strict=True) if isinstance(t, ArrayType)]
    return _Pushed(program, tuple(active), _is_linear(program, moved))


def _is_linear(program: Program, moving: Sequence[bool]) -> bool:
    """Whether no tangent meets anything that moves with the first inputs, marked in `moving`.

    What has no derivative (a comparison, say) does not move: it is constant between its jumps.
    """
    rest = len(program.inputs) - len(moving)
    tangents = dependents(program, [False] * len(moving) + [True] * rest)
    values: set[Any] = {v for v, m in zip(program.inputs, moving, strict=False) if m}
    for equation in program.equations:
        if not values.isdisjoint(equation.inputs):
            if not tangents.isdisjoint(equation.inputs):
                return False
            if equation.primitive.jvp is not None:
                values.update([v for v in equation.outputs if v.type.inexact])
    return True
