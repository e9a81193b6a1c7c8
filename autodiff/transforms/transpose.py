"""Reverse mode's second half: a linear program, run backwards on cotangents.

Values that are not linear are computed when the first transposed equation asks for them, so that
what a policy decided to recompute is recomputed as late as possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from autodiff.errors import MissingRuleError
from autodiff.ir.program import Atom, Equation, Program, Var
from autodiff.ir.remembering import remembered
from autodiff.ir.types import ArrayType, Literal
from autodiff.primitives.algebra import add, zeros_like
from autodiff.primitives.arithmetic import select
from autodiff.primitives.comparison import logical_and, logical_or
from autodiff.primitives.masked import Form, Masked, form_of, packed, unpacked
from autodiff.tracing.build import apply, build, located, split
from autodiff.tracing.builder import current_builder

__all__ = ["added", "divided", "of_form", "plain", "transpose", "transpose_masked"]


def transpose(program: Program, linear: tuple[bool, ...]) -> Program:
    """`(nonlinear inputs, output cotangents) -> cotangents of the linear inputs`."""
    return _transpose(program, linear, ("plain",) * len(program.outputs), plainly=True)[0]


def transpose_masked(
    program: Program, linear: tuple[bool, ...], forms: tuple[Form, ...]
) -> tuple[Program, tuple[Form, ...]]:
    """The same for cotangents of these forms, and the forms of the resulting cotangents."""
    return _transpose(program, linear, forms, plainly=False)


@remembered
def _transpose(
    program: Program, linear: tuple[bool, ...], forms: tuple[Form, ...], plainly: bool
) -> tuple[Program, tuple[Form, ...]]:
    ins, lin = split(program.inputs, linear)
    found: list[Any] = []

    def fun(*args: Any) -> Sequence[Any]:
        tape, producers = _tape(program, lin)
        values = _Values(dict(zip(ins, args[: len(ins)], strict=True)), producers)
        cts = _Cotangents()
        for a, ct in zip(program.outputs, packed(forms, args[len(ins) :]), strict=True):
            if isinstance(a, Var) and a not in producers and a not in values.env:
                cts.add(a, ct)
        for equation in located(reversed(tape)):
            _pull(equation, cts, values)
        found.extend(cts.total(v) if plainly else cts.pop(v) for v in lin)
        return unpacked(found)

    names = split(program.names, linear)[0]
    types = [*(v.type for v in ins), *unpacked(map(of_form, forms, program.out_types))]
    new = build(fun, types, f"transpose_{program.name}", names)
    return new, tuple(map(form_of, found))


def of_form(form: Form, t: ArrayType) -> Any:
    """A cotangent of this form, with types in place of arrays."""
    if form in ("masked", "clean"):
        return Masked(t, t.with_dtype(bool))
    return None if form == "none" else t


def _tape(program: Program, lin: Sequence[Var]) -> tuple[list[Equation], dict[Var, Equation]]:
    """The linear equations, and the equation behind each value that is not linear.

    A loop that computes both (a value and its tangent, say) is cut in two.
    """
    late: set[Any] = set(lin)
    tape: list[Equation] = []
    producers: dict[Var, Equation] = {}
    for e in program.equations:
        if not late.isdisjoint(e.inputs):
            known, linear = divided(e, late)
            tape.append(linear)
            late.update(linear.outputs)
            if known is not None:
                producers.update(dict.fromkeys(known.outputs, known))
        else:
            producers.update(dict.fromkeys(e.outputs, e))
    return tape, producers


def divided(equation: Equation, late: set[Any]) -> tuple[Equation | None, Equation]:
    """The part of an equation that does not depend on what is `late`, if any, and the rest.

    The rest may run the first part again (a checkpointed loop); those results have new names in it.
    """
    unzip = equation.primitive.unzip
    parts = None if unzip is None else unzip(equation, [a in late for a in equation.inputs])
    if parts is None or parts[1].outputs == equation.outputs:
        return None, equation
    return parts


class _Values:
    """The values that are not linear, each computed when it is first read."""

    def __init__(self, env: dict[Var, Any], producers: dict[Var, Equation]) -> None:
        self.env, self.producers = env, producers

    def is_linear(self, a: Atom) -> bool:
        return type(a) is Var and a not in self.env and a not in self.producers

    def read(self, a: Atom) -> Any:
        """The value of a nonlinear atom; the type of a linear one, as transpose rules expect."""
        if isinstance(a, Literal):
            return a.value
        if a not in self.env:
            if a not in self.producers:
                return a.type
            self._compute(a)
        return self.env[a]

    def _compute(self, v: Var) -> None:
        env, pending = self.env, [self.producers[v]]
        builder = current_builder()
        while pending:
            e = pending[-1]
            missing = [a for a in e.inputs if isinstance(a, Var) and a not in env]
            if missing:
                pending += [self.producers[a] for a in missing]
                continue
            pending.pop()
            if e.outputs[0] not in env:
                if builder is not None:
                    builder.trail = e.trail
                env.update(zip(e.outputs, apply(e, map(self.read, e.inputs)), strict=True))


class _Cotangents:
    """The cotangent of each variable, summed up as contributions arrive."""

    def __init__(self) -> None:
        self.sums: dict[Var, Any] = {}

    def add(self, v: Var, ct: Any) -> None:
        if ct is not None:
            self.sums[v] = added(self.sums[v], ct) if v in self.sums else ct

    def pop(self, v: Var) -> Any:
        return self.sums.pop(v, None)

    def total(self, v: Var) -> Any:
        return plain(self.sums[v]) if v in self.sums else zeros_like(v.type)


def plain(ct: Any) -> Any:
    """The cotangent itself, with its mask applied."""
    if not isinstance(ct, Masked):
        return ct
    return ct.ct if ct.clean else select(ct.mask, ct.ct, zeros_like(ct.ct))


def added(a: Any, b: Any) -> Any:
    """The sum, which counts wherever one of the two does."""
    if not (isinstance(a, Masked) and isinstance(b, Masked)):
        return add(plain(a), plain(b))
    if a.mask._number == b.mask._number:
        return Masked(add(a.ct, b.ct), a.mask, a.clean and b.clean)
    return Masked(add(plain(a), plain(b)), logical_or(a.mask, b.mask), clean=True)


def _pull(equation: Equation, cts: _Cotangents, values: _Values) -> None:
    """Turn the cotangents of an equation's results into contributions to those of its inputs."""
    primitive = equation.primitive
    out = [cts.pop(v) for v in equation.outputs]
    if all(ct is None for ct in out):
        return
    if primitive.transpose is None:
        raise MissingRuleError(
            f"{primitive.name} ({equation.source}) has no transpose rule, so a program that is "
            "linear in its input cannot be run in reverse; use forward mode (`ad.jvp`, "
            "`ad.jacfwd`), or give the primitive a `transpose`"
        )
    inputs = [values.read(a) for a in equation.inputs]
    linear = [values.is_linear(a) for a in equation.inputs]
    if primitive.multiple:
        if primitive.mask != "kept":
            out = [
                zeros_like(v.type) if ct is None else plain(ct)
                for v, ct in zip(equation.outputs, out, strict=True)
            ]
        pulled: Iterable[Any] = primitive.transpose(out, linear, *inputs, **equation.params)
    else:
        pulled = [
            _pull_one(equation, out[0], i, inputs) if m else None for i, m in enumerate(linear)
        ]
    for a, ct in zip(equation.inputs, pulled, strict=True):
        if isinstance(a, Var):
            cts.add(a, ct)


def _pull_one(equation: Equation, ct: Any, i: int, inputs: list[Any]) -> Any:
    """The contribution to input i; a mask on the cotangent passes through as the primitive says."""
    primitive, params = equation.primitive, equation.params
    rule, mask_rule = primitive.transpose, primitive.mask
    assert rule is not None
    if not isinstance(ct, Masked) or mask_rule is None:
        return rule(plain(ct), i, *inputs, **params)
    if callable(mask_rule):
        new = rule(plain(ct), i, *inputs, **params)
        # Where nothing but the cotangent enters, its zeros stay; by infinity they become NaN.
        clean = primitive.kind == "linear"
        return Masked(new, mask_rule(ct.mask, i, *inputs, **params), clean)
    new = rule(ct.ct, i, *inputs, **params)
    if new is None:
        return None
    if mask_rule == "same":
        mask, clean = ct.mask, False
    else:
        mask, clean = _unmasked(rule(ct.mask, i, *inputs, **params)), ct.clean
    if isinstance(new, Masked):  # a select inside a select: both masks hold
        return Masked(new.ct, logical_and(new.mask, mask), new.clean and clean)
    return Masked(new, mask, clean)


def _unmasked(x: Any) -> Any:
    return x.ct if isinstance(x, Masked) else x
