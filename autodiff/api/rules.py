"""Calls of functions that have rules of their own: the rules are traced, checked and put together.

The user's rules are Python functions of containers. Here they become the programs of a `custom`
equation (see `autodiff.control.custom`), in a trace of their own, so that nothing leaks and what
they capture becomes further operands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from autodiff.api.arguments import FlatCall
from autodiff.api.rule_sides import Sides, rule_text
from autodiff.api.staging import Staged, restore, stage_call
from autodiff.control.call import call as call_primitive
from autodiff.control.custom import custom, itself
from autodiff.errors import AutodiffError
from autodiff.ir.source import here
from autodiff.ir.types import ArrayType, type_of
from autodiff.solving.captures import (
    captured,
    equal,
    identical,
    lifted,
    merged,
    with_constants,
    without_lifted,
)
from autodiff.tracing import tree, values
from autodiff.tracing.bind import builder_of
from autodiff.tracing.tracer import Tracer

__all__ = ["Rules", "call_with_rules"]

Rule = Callable[..., Any]


@dataclass(slots=True, eq=False)
class Rules:
    """A function and its rules; `nondiff` are the positions of arguments without a derivative."""

    fun: Callable[..., Any]
    jvp: Rule | None
    vjp: tuple[Rule, Rule] | None
    nondiff: frozenset[int]


@dataclass(slots=True, eq=False)
class _Frame:
    """A call whose rules are being traced."""

    rules: Rules
    sides: Sides
    value: Staged
    constants: list[Any]  # what it and its rules are known to capture
    token: Any = None  # a variable of the rule that is being traced
    met: bool = False  # the rule calls its own function

    def is_same(self, value: Staged) -> bool:
        """Whether another call, on arguments of the same types, means the same function."""
        return value.program is self.value.program and all(
            map(equal, value.constants, self.value.constants)
        )


_frames: ContextVar[tuple[_Frame, ...]] = ContextVar("autodiff_rule_frames", default=())


@contextmanager
def _within(frames: tuple[_Frame, ...]) -> Iterator[None]:
    token = _frames.set(frames)
    try:
        yield
    finally:
        _frames.reset(token)


def call_with_rules(rules: Rules, args: tuple[Any, ...]) -> Any:
    """The function's result within a trace: one equation that holds the function and its rules."""
    sides = Sides(rules.fun, args, rules.nondiff)
    frames = _frames.get()
    similar = [
        (level, frame)
        for level, frame in enumerate(frames)
        if rules is frame.rules and sides.is_like(frame.sides)
    ]
    for level, frame in similar:
        value = _value(sides, frames[:level])
        if frame.is_same(value):
            frame.met = True
            types, inputs = value.out_types, (*frame.constants, *sides.inputs)
            outs = itself(frame.token, *inputs, level=level, types=types, maps=())
            return restore(value, outs)
    if len(similar) > _MOST_SIMILAR:
        raise _InconstantRule(rules, "that makes another program in every call")
    value = _value(sides, frames)
    operands = [*value.constants, *sides.inputs]
    if builder_of(operands) is None or not sides.has_derivative:
        outs = call_primitive(*operands, program=value.program, policy=None)
        return restore(value, outs)
    return restore(value, _bound(rules, sides, value))


def _value(sides: Sides, frames: tuple[_Frame, ...]) -> Staged:
    """The function as traced within `frames`, by whose number what it holds refers to them."""
    with _within(frames):
        value = stage_call(sides.call, "which has rules of its own", [None] * len(sides.inputs))
    sides.results_like(value)
    return value


def _bound(rules: Rules, sides: Sides, value: Staged) -> Sequence[Any]:
    """The results of the `custom` equation."""
    level = len(_frames.get())
    frame = _Frame(rules, sides, value, captured(value))
    for _ in range(_PASSES):
        asked = values.asked
        with _within((*_frames.get(), frame)):
            staged = [value, *_staged_rules(frame)]
        if frame.met and values.asked != asked:
            raise _InconstantRule(rules, "asks for the value of something traced")
        same = equal if frame.met else identical
        constants = merged([frame.constants, *map(captured, staged)], same)
        if not frame.met or len(constants) == len(frame.constants):
            break
        frame.constants = constants  # once more: the rule passes these on to its own function
    else:
        raise _InconstantRule(rules, "captures something else in every call")
    if frame.met:
        pairs = [(without_lifted(s), captured(s)) for s in staged]
    else:
        pairs = [(s.program, s.constants) for s in staged]
        constants = [*constants, *(x for s in staged for x in lifted(s))]
    names = ["program", *_rule_names(rules)]
    whole = [with_constants(program, own, constants, same) for program, own in pairs]
    held = dict(zip(names, whole, strict=True))
    return custom(
        *constants,
        *sides.inputs,
        program=held["program"],
        jvp=held.get("jvp"),
        forward=held.get("forward"),
        backward=held.get("backward"),
        constants=len(constants),
        active=sides.active,
        level=level,
        batched=None,
    )


_MOST_SIMILAR = 8  # a rule that calls its function at other shapes, say, comes to an end before
_PASSES = 4  # two are enough, or three if it captures more when it is passed what it captured


class _InconstantRule(AutodiffError, TypeError):
    def __init__(self, rules: Rules, what: str) -> None:
        rule = rules.jvp or (rules.vjp or (rules.fun,))[0]
        super().__init__(
            f"{rule_text('rule', rule, rules.fun)} calls its own function, and {what}, so it is "
            f"not the same rule in every call.{here()}\n"
            "Write instead: `np.where(condition, a, b)` for `if` on data; arrays and `jit(f)` that "
            "are made outside; or a formula in place of the call"
        )


def _rule_names(rules: Rules) -> list[str]:
    return ["jvp"] * (rules.jvp is not None) + ["forward", "backward"] * (rules.vjp is not None)


# ---- tracing the rules


def _staged_rules(frame: _Frame) -> list[Staged]:
    """The jvp rule, and both parts of the vjp rule, as far as there are."""
    rules = frame.rules
    staged = [] if rules.jvp is None else [_staged_jvp(frame, rules.jvp)]
    if rules.vjp is not None:
        forward, backward = rules.vjp
        kept: list[Any] = []
        first = _staged_forward(frame, forward, kept)
        staged += [first, _staged_backward(frame, backward, first, kept)]
    return staged


def _staged(
    frame: _Frame,
    kind: str,
    rule: Rule,
    run: Callable[[list[Any]], Any],
    inputs: Sequence[Any],
    types: Sequence[ArrayType | None],
    names: Sequence[str],
) -> Staged:
    """Trace a rule; `run` calls it on the flat inputs, and checks what it returns."""

    def flat(*xs: Any) -> Any:
        frame.token = xs[0]
        return run(list(xs))

    flat.__name__ = getattr(rule, "__name__", kind)
    call = FlatCall(flat, tuple(inputs), {})
    call.positions = list(range(len(inputs)))
    return stage_call(call, f"the {kind} of {frame.value.name}", types, lambda: list(names))


def _staged_jvp(frame: _Frame, rule: Rule) -> Staged:
    """`(x, dx) -> (y, dy)`."""
    sides, n = frame.sides, len(frame.sides.inputs)
    names = sides.names()

    def run(xs: list[Any]) -> Any:
        args = sides.arguments(xs[:n])
        primals, tangents = sides.moving(args), sides.tangents(xs[n:])
        result = rule(*sides.fixed(args), primals, tangents)
        y, dy = sides.pair(result, "jvp rule", rule, "(result, its tangent)")
        text = rule_text("jvp rule", rule, frame.rules.fun)
        return [
            *sides.take_result(y, f"{text} must return a result like its function"),
            *sides.take_tangent(dy, f"{text} must return a tangent like its result"),
        ]

    tangent_types = [type_of(x) for x in sides.active_inputs]
    return _staged(
        frame,
        "jvp rule",
        rule,
        run,
        [*sides.inputs, *sides.active_inputs],
        [*[None] * n, *tangent_types],
        [*names, *(f"d{name}" for name, a in zip(names, sides.active, strict=True) if a)],
    )


def _staged_forward(frame: _Frame, rule: Rule, kept: list[Any]) -> Staged:
    """`x -> (y, residuals)`; `kept` gets the structure of the residuals, and their leaves."""
    sides = frame.sides

    def run(xs: list[Any]) -> Any:
        result = rule(*sides.arguments(xs))
        y, residuals = sides.pair(result, "fwd rule", rule, "(result, residuals)")
        text = rule_text("fwd rule", rule, frame.rules.fun)
        leaves, spec = tree.flatten(residuals)
        kept[:] = [spec, leaves]
        known = sides.take_result(y, f"{text} must return a result like its function")
        return [*known, *(x for x in leaves if type(x) is Tracer)]

    types = [None] * len(sides.inputs)
    return _staged(frame, "fwd rule", rule, run, sides.inputs, types, sides.names())


def _staged_backward(frame: _Frame, rule: Rule, forward: Staged, kept: Sequence[Any]) -> Staged:
    """`(residuals, ct) -> ct of x`."""
    sides, (spec, leaves) = frame.sides, kept
    count = len(frame.value.out_types)
    residual_types, kinds = forward.out_types[count:], forward.kinds[count:]
    ct_types = sides.tangent_types
    # Only types matter here; a Python number stands for one, since its dtype yields.
    inputs = [
        k(0) if isinstance(k, type) else t.dtype.type(0)
        for t, k in zip(residual_types, kinds, strict=True)
    ]
    n = len(inputs)

    def run(xs: list[Any]) -> Any:
        remaining = iter(xs[:n])
        residuals = tree.unflatten(
            spec, [next(remaining) if type(x) is Tracer else x for x in leaves]
        )
        result = rule(*sides.fixed(sides.args), residuals, sides.cotangent(xs[n:]))
        return sides.take_cotangents(result, rule_text("bwd rule", rule, frame.rules.fun))

    return _staged(
        frame,
        "bwd rule",
        rule,
        run,
        [*inputs, *(t.dtype.type(0) for t in ct_types)],
        [*residual_types, *ct_types],
        [""] * n + ["ct"] * len(ct_types),
    )
