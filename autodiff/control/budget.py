"""`budgeted`: a program whose derivative has to be computed within so many bytes.

It is run as it is. When it is differentiated, it is divided into stages, some of which become
checkpoints (`call` with a policy), within one another where memory is short. How is searched for:
`segments` finds plans for a model of the program, and what they really take is told by the
`footprint` of the derivative that they lead to.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from autodiff.control.call import call
from autodiff.control.optimize import optimize
from autodiff.control.sizes import enough, size_text
from autodiff.control.taylor_rules import expand_call
from autodiff.errors import MemoryBudgetError
from autodiff.ir.checking import maybe_check
from autodiff.ir.program import Atom, Equation, Program, Var
from autodiff.ir.remembering import remembered
from autodiff.ir.source import here
from autodiff.primitives.record import Primitive
from autodiff.tracing.build import build, evaluate, split
from autodiff.transforms.batch import Unmapped, batch
from autodiff.transforms.footprint import effort, peak_bytes
from autodiff.transforms.jvp import jvp
from autodiff.transforms.linearize import linearize
from autodiff.transforms.segments import Candidate, Kept, Plan, Plans
from autodiff.transforms.stages import stages
from autodiff.transforms.unzip import Named

__all__ = ["budgeted", "within_budget"]

Mask = tuple[bool, ...]

_WORTHWHILE = 0.005  # less of the work is not worth the search for a better plan
_OBJECTS = 6144  # bytes that Python takes for an equation, to trace it and to derive it


class Found(NamedTuple):
    """A program in segments, and what its derivative takes."""

    program: Program
    peak: int
    work: float


def within_budget(program: Program, active: Mask, budget: int) -> Program:
    """The program in segments, such that its pullback takes no more than `budget` bytes.

    Of the plans that do, the one of least work that is found. Raises MemoryBudgetError if there is
    none.
    """
    return _segmented(program, active, budget) or program


@remembered
def _segmented(program: Program, active: Mask, budget: int) -> Program | None:
    """The program in segments; None if it may stay as it is."""
    available = budget - _OBJECTS * len(program.equations)
    whole = _found(program, active)
    if whole.peak <= available:
        return None
    tried = [whole, *_search(program, active, available, whole)]
    fitting = [found for found in tried if found.peak <= available]
    if not fitting:
        raise _too_little(program.name, budget, budget - available + min(f.peak for f in tried))
    return min(fitting, key=lambda found: found.work).program


def _search(program: Program, active: Mask, available: int, whole: Found) -> Iterator[Found]:
    """Plans on the way to the one of least work that fits.

    Where none fits at first, memory is counted in smaller steps.
    """
    if len(program.equations) < 2:
        return
    cuts = stages(program, active)
    segments = _Segments(program, cuts.bounds)
    least = whole.peak
    for _ in range(2):
        plans = Plans(cuts, least * 3 // 2).candidates()  # the model is on the safe side
        for found in _bisection(segments, active, plans, available, whole.work):
            yield found
            least = min(least, found.peak)
        if least <= available:
            return


def _bisection(
    segments: _Segments, active: Mask, plans: Sequence[Candidate], available: int, work: float
) -> Iterator[Found]:
    """Plans on the way to the last that fits, guided by how far the model was off before."""
    first, last, error = 0, len(plans), 0
    while first < last:
        estimates = [plan.memory + error for plan in plans[first:last]]
        guess = first + max(0, bisect_right(estimates, available) - 1)
        found = _found(segments.program(plans[guess].plan), active)
        yield found
        error = found.peak - plans[guess].memory
        if found.peak > available:
            last = guess
        elif plans[guess].work - plans[last - 1].work < _WORTHWHILE * work:
            return
        else:
            first = guess + 1


def _too_little(name: str, budget: int, least: int) -> MemoryBudgetError:
    return MemoryBudgetError(
        f"the derivative of {name} cannot be computed within {size_text(budget)}; the least "
        f"possible is {enough(least)}.{here()}\n"
        f"Write instead: `ad.checkpoint({name}, budget='{enough(least)}')`, or pass less at once: "
        "a smaller batch, or parts of it one after the other"
    )


def _found(program: Program, active: Mask) -> Found:
    pullback = optimize(_pullback(program, active))
    return Found(program, peak_bytes(pullback), effort(pullback.equations))


def _pullback(program: Program, active: Mask) -> Program:
    """`(x, ct) -> (y, ct of the active x)`."""
    linear = linearize(program, active)
    back = linear.transposed()
    n, m = len(program.inputs), len(program.outputs)

    def fun(*args: Any) -> Sequence[Any]:
        outs = evaluate(linear.known, args[:n])
        return [*outs[:m], *evaluate(back, [*outs[m:], *args[n:]])]

    cotangents = split(program.out_types, linear.active)[1]
    return build(fun, (*program.in_types, *cotangents), f"pullback_{program.name}")


class _Segments:
    """Makes a program with segments that run again; equal segments hold the same program."""

    def __init__(self, program: Program, bounds: Sequence[int]) -> None:
        self.whole, self.bounds = program, bounds
        self.last: dict[Atom, int] = {}  # where a variable is used for the last time
        for i, e in enumerate(program.equations):
            self.last.update(dict.fromkeys(e.inputs, i))
        self.last.update(dict.fromkeys(program.outputs, len(program.equations)))
        self.held: dict[Any, Program] = {}

    def program(self, plan: Plan) -> Program:
        """The program according to a plan."""
        return maybe_check(replace(self.whole, equations=tuple(self.equations(plan))))

    def equations(self, plan: Plan) -> list[Equation]:
        made: list[Equation] = []
        for part in plan:
            if not isinstance(part, Kept):
                made.append(self.call(self.equations(part), _end(part), "recompute"))
                continue
            stage = self.whole.equations[self.bounds[part.stage] : self.bounds[part.stage + 1]]
            made += [self.call(stage, part.stage, "recompute_cheap")] if part.lean else stage
        return made

    def call(self, equations: Sequence[Equation], stage: int, policy: Named) -> Equation:
        """A call of equations, of which the last is the last one of a stage."""
        bound = dict.fromkeys(v for e in equations for v in e.outputs)
        used = dict.fromkeys(a for e in equations for a in e.inputs if isinstance(a, Var))
        inputs = tuple([v for v in used if v not in bound])
        stop = self.bounds[stage + 1]
        outputs = tuple([v for v in bound if self.last.get(v, -1) >= stop])
        program = Program(inputs, tuple(equations), outputs, f"{self.whole.name}_part")
        held = self.held.setdefault(_structure(program), program)
        return Equation(
            call, inputs, {"program": held, "policy": policy}, outputs, equations[-1].trail
        )


def _structure(program: Program) -> tuple[Any, ...]:
    """What equal programs have in common: all but their variables."""
    number: dict[Any, Any] = {v: i for i, v in enumerate(program.inputs)}
    rows = []
    for e in program.equations:
        atoms = tuple([number.get(a, a) for a in e.inputs])
        number.update((v, len(number)) for v in e.outputs)
        rows.append((e.primitive, tuple(e.params.items()), atoms, e.trail))
    return (program.in_types, tuple(rows), tuple([number[a] for a in program.outputs]))


def _end(plan: Plan) -> int:
    """The number of the last stage of a segment."""
    last = plan[-1]
    return last.stage if isinstance(last, Kept) else _end(last)


# ---- the primitive


def _jvp(xs: Any, dxs: Any, *, program: Program, budget: int) -> Any:
    active = tuple([t is not None for t in dxs])
    forward, out_active = jvp(within_budget(program, active, budget), active)
    outs = evaluate(forward, [*xs, *(t for t in dxs if t is not None)])
    n = len(program.outputs)
    moving = iter(outs[n:])
    return outs[:n], [next(moving) if a else None for a in out_active]


def _batch(size: int, xs: Any, mapped: Any, *, program: Program, budget: int) -> Any:
    mapped_program, out_mapped = batch(program, tuple(mapped), size)
    outs = budgeted(*xs, program=mapped_program, budget=budget)
    return tuple([y if m else Unmapped(y) for y, m in zip(outs, out_mapped, strict=True)])


def _transpose(
    cts: Any, linear: Sequence[bool], *inputs: Any, program: Program, budget: int
) -> list[Any]:
    rule = call.transpose
    assert rule is not None
    return rule(cts, linear, *inputs, program=program, policy="recompute")


def _unzip(equation: Equation, unknown: Sequence[bool]) -> Any:
    params = {"program": equation.params["program"], "policy": "recompute"}
    plain = Equation(call, equation.inputs, params, equation.outputs, equation.trail)
    rule = call.unzip
    assert rule is not None
    return rule(plain, unknown)


budgeted: Primitive = replace(
    call,
    name="budgeted",
    types=lambda *types, program, budget: call.types(*types, program=program, policy=None),
    run=lambda xp, *xs, program, budget: tuple(evaluate(program, xs, xp)),
    jvp=_jvp,
    transpose=_transpose,
    batch=_batch,
    unzip=_unzip,
    taylor=lambda using, inputs, params: expand_call(
        using, inputs, {"program": params["program"], "policy": None}
    ),
    sparsity=lambda xs, linear, *, program, budget: evaluate(program, xs),
)
