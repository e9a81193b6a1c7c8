"""`custom`: a program that is differentiated by rules of its own.

    custom[program=f, jvp=J, forward=F, backward=B, ...] *constants *x -> *y

Every program takes the same constants first (what the user's functions captured) and is what a
user's Python function was traced to:

    f: (constants, x) -> y
    J: (constants, x, dx) -> (y, dy)      or None
    F: (constants, x) -> (y, residuals)   or None, and then so is
    B: (constants, residuals, ct) -> ct of x

There is a dx for each x marked in `active`, and a dy and a ct for each y of a floating dtype. With
J alone, reverse mode is the transpose of J, as always. With F and B, the tangent is a `linear_call`
whose transpose is B, and whose forward part is J, or follows from B. The rules are about x only: by
constants, f is differentiated like any other program.

**Rules that call their own function.** The rule of exp calls exp. Traced, that call is an equation
`itself[level]`, which stands for the `custom` equation around it: `level` counts the rules within
which the tracing of that one began. Taking the derivative unfolds the rule once, and so on for each
order.

**Mapping.** `batch` maps the program, and only notes in `batched` what is to be done to the rules:
it is done when a derivative asks for them, after they were unfolded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from autodiff.control.call import call
from autodiff.control.linear_call import derived_forward, linear_call, nonlinearity, pushed
from autodiff.errors import MissingRuleError
from autodiff.ir.editing import held_programs, map_equations
from autodiff.ir.program import Equation, Program, Var
from autodiff.ir.source import here
from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import sum_tangents, zeros_like
from autodiff.primitives.record import Primitive
from autodiff.tracing.build import build, evaluate, split
from autodiff.transforms.batch import batch
from autodiff.transforms.jvp import jvp

__all__ = ["custom", "itself"]

Mask = tuple[bool, ...]
Params = dict[str, Any]


def _types(*types: ArrayType, program: Program, **_: Any) -> tuple[ArrayType, ...]:
    if types != program.in_types:
        raise TypeError(f"{program.name} takes {program.in_types}, not {types}")
    return program.out_types


def _jvp(xs: Any, dxs: Any, **params: Any) -> Any:
    n, program = params["constants"], params["program"]
    moving = split(dxs[n:], params["active"])[1]
    fixed = [None] * (len(xs) - n)
    if all(t is None for t in moving):
        return custom(*xs, **params), pushed(program, xs, (*dxs[:n], *fixed))
    likes = split(xs[n:], params["active"])[1]
    full = [zeros_like(x) if t is None else t for x, t in zip(likes, moving, strict=True)]
    outs = call(*xs, *full, program=_rule(**params), policy=None)
    count = len(program.outputs)
    tangents = iter(outs[count:])
    dys = [next(tangents) if t.inexact else None for t in program.out_types]
    by_constants = pushed(program, xs, (*dxs[:n], *fixed))
    return outs[:count], [sum_tangents(pair) for pair in zip(dys, by_constants, strict=True)]


def _transpose(cts: Any, linear: Sequence[bool], *xs: Any, program: Program, **_: Any) -> Any:
    """Of a linear function the transpose is that of its program: no derivative is asked for."""
    transpose = call.transpose
    assert transpose is not None
    return transpose(cts, linear, *xs, program=program, policy=None)


def _batch(size: int, xs: Any, mapped: Any, **params: Any) -> Any:
    return custom(*xs, **_with_axis(params, size, tuple(mapped)))


def _with_axis(params: Params, size: int, mapped: Mask) -> Params:
    """The params of the same over a new first axis of the operands marked in `mapped`."""
    program = params["program"]
    original, maps = params["batched"] or (program, ())
    every = (True,) * len(program.outputs)
    return {
        **params,
        "program": batch(program, mapped, size, every)[0],
        "batched": (original, (*maps, (size, mapped))),
    }


custom: Primitive = Primitive(
    "custom",
    types=_types,
    run=lambda xp, *xs, program, **_: tuple(evaluate(program, xs, xp)),
    jvp=_jvp,
    transpose=_transpose,
    batch=_batch,
    python=lambda types, params: f"{{program}}({', '.join(['{}'] * len(types))})",
    mask="kept",
    kind="holder",
    multiple=True,
)


# ---- the rule: (constants, x, dx) -> (y, dy)


@lru_cache(maxsize=256)
def _rule(**params: Any) -> Program:
    """The rule as one program, unfolded and mapped."""
    original, maps = params["batched"] or (params["program"], ())
    whole = {**params, "program": original, "batched": None}
    straight, forward, backward = [
        None if params[name] is None else _unfolded(params[name], tuple(whole.items()))
        for name in ("jvp", "forward", "backward")
    ]
    rule: Any = straight
    if forward is None or backward is None:
        _check_linear(params["jvp"], original)
    else:
        rule = _with_transpose(original, straight, forward, backward, params["constants"])
    for size, mapped in maps:
        moving = split(mapped[params["constants"] :], params["active"])[1]
        rule = batch(rule, (*mapped, *moving), size, (True,) * len(rule.outputs))[0]
    return rule


def _check_linear(rule: Program, program: Program) -> None:
    """Refuse a jvp rule that is surely not linear in the tangents, as it is to be transposed."""
    mask = tuple([i >= len(program.inputs) for i in range(len(rule.inputs))])
    try:
        moving = jvp(rule, mask)[1][: len(program.outputs)]
        problem = "has its result depend on" if any(moving) else nonlinearity(rule, mask)
    except MissingRuleError:  # it calls Python, or its own function, on tangents
        return
    if problem:
        raise ValueError(
            f"the jvp rule of {program.name} is not linear in the tangents: it {problem} them."
            f"{here()}\n"
            "Write instead: a rule that returns `(result, tangent)`, where the tangent is a sum of "
            "products with tangents"
        )


def _with_transpose(
    program: Program, straight: Program | None, forward: Program, backward: Program, constants: int
) -> Program:
    """A rule whose tangent is a linear call with `backward` as its transpose."""
    count, n = len(program.outputs), len(program.inputs)
    kept = [Var(t) for t in forward.out_types[count:]]
    unused = [Var(v.type) for v in program.inputs[constants:]]
    # Both halves take constants, x and the residuals of the vjp rule; what neither uses is dropped.
    transposed = replace(
        backward,
        inputs=(*backward.inputs[:constants], *unused, *backward.inputs[constants:]),
        input_names=(),
    )
    residuals = n + len(kept)
    if straight is None:
        tangent_part = derived_forward(transposed, residuals, program.name)
    else:
        inputs = (*straight.inputs[:n], *kept, *straight.inputs[n:])
        tangent_part = replace(
            straight, inputs=inputs, outputs=straight.outputs[count:], input_names=()
        )
    used = [
        _is_used(transposed, i) or (straight is not None and _is_used(tangent_part, i))
        for i in range(residuals)
    ]
    halves = {
        "forward": _without(tangent_part, used),
        "transposed": _without(transposed, used),
        "residuals": sum(used),
    }

    def fun(*args: Any) -> Sequence[Any]:
        outs = evaluate(forward, args[:n])
        known = split([*args[:n], *outs[count:]], used)[1]
        return [*outs[:count], *linear_call(*known, *args[n:], **halves)]

    types = [*program.in_types, *tangent_part.in_types[residuals:]]
    return build(fun, types, f"jvp_{program.name}", program.names)


def _is_used(program: Program, i: int) -> bool:
    v = program.inputs[i]
    return v in program.outputs or any(v in e.inputs for e in program.equations)


def _without(program: Program, used: Sequence[bool]) -> Program:
    """The program without those of its first inputs that nobody uses."""
    first, last = program.inputs[: len(used)], program.inputs[len(used) :]
    return replace(program, inputs=(*split(first, used)[1], *last), input_names=())


# ---- rules that call their own function


@lru_cache(maxsize=256)
def _unfolded(program: Program, whole: tuple[tuple[str, Any], ...]) -> Program:
    """A rule in which the calls of its own function are `custom` equations with the params `whole`.

    They stand for the function where it is not mapped.
    """
    params = dict(whole)
    level = params["level"]

    def change(equation: Equation) -> Equation:
        inputs, own = equation.inputs, equation.params
        if equation.primitive is itself and own["level"] == level:
            new = params
            for size, mapped in own["maps"]:
                new = _with_axis(new, size, mapped)
            return Equation(custom, inputs[1:], new, equation.outputs, equation.trail)
        if equation.primitive is custom and own["level"] == level:
            return equation  # whose rules mean another function by this level
        changed = {name: _unfold_held(own[name], whole) for name, _ in held_programs(equation)}
        if all(new is own[name] for name, new in changed.items()):
            return equation
        return Equation(
            equation.primitive, inputs, {**own, **changed}, equation.outputs, equation.trail
        )

    return map_equations(program, change)


def _unfold_held(x: Any, whole: tuple[tuple[str, Any], ...]) -> Any:
    """A param that is a program or a tuple of programs and other things."""
    if isinstance(x, Program):
        return _unfolded(x, whole)
    if not isinstance(x, tuple):
        return x
    new = tuple([_unfold_held(item, whole) for item in x])
    return x if all(a is b for a, b in zip(x, new, strict=True)) else new


def _not_yet(*_: Any, **__: Any) -> Any:
    raise MissingRuleError(
        "the rule of a function asks for the derivative of the same function, which is what the "
        "rule is to say. Write instead: the derivative as a formula; or give the rule the "
        "derivative of another function"
    )


def _itself_batch(size: int, xs: Any, mapped: Any, **params: Any) -> Any:
    if mapped[0]:
        _not_yet()
    types = tuple([t.with_shape((size, *t.shape)) for t in params["types"]])
    maps = (*params["maps"], (size, tuple(mapped[1:])))
    return itself(*xs, level=params["level"], types=types, maps=maps)


# The first operand is a variable of the rule that is being traced. It has no other meaning than to
# tie the equation to that rule: what is traced within (by `jit`, say) must not be used elsewhere.
itself: Primitive = Primitive(
    "itself",
    types=lambda *xs, level, types, maps: types,
    run=_not_yet,
    jvp=_not_yet,
    transpose=_not_yet,
    batch=_itself_batch,
    multiple=True,
)
