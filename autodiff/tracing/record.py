"""Run a user's function on tracers and keep what it did."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any

import numpy as np

from autodiff.arrays import namespace
from autodiff.errors import AutodiffError
from autodiff.ir.program import Program
from autodiff.ir.types import ArrayType, type_of
from autodiff.tracing import tree
from autodiff.tracing.bind import atom
from autodiff.tracing.builder import Builder, Outer, current_builder, enter, leave
from autodiff.tracing.constructors import holds_tracer, offer, withdraw
from autodiff.tracing.foreign_calls import advice, called_of_scipy
from autodiff.tracing.locks import lock
from autodiff.tracing.script import Script
from autodiff.tracing.tracer import Tracer

__all__ = ["Recording", "record"]

_WEAK = (float, int, complex)
_ALWAYS, _IF_NEEDED = (True,), (False, True)


@dataclass(slots=True)
class Recording:
    """What a function did: its rows (in `builder`), its inputs, and what it returned."""

    builder: Builder
    inputs: list[Any]  # the values or outer tracers that were traced
    leaves: list[Any]  # of what the function returned
    spec: tree.Spec
    script: Script  # its outputs are the leaves that are traced

    def args(self) -> list[Any]:
        """What a program made from this takes: the inputs, then what was captured."""
        captured = self.builder.captured
        return [*self.inputs, *map(_outside, captured)] if captured else self.inputs

    def program(self, name: str) -> Program:
        """The recorded rows as a program that returns the traced leaves."""
        return self.builder.program(self.script.outputs, name)

    def output(self, results: Sequence[Any]) -> Any:
        """What the function returns, with these results for the traced leaves."""
        remaining = iter(results)
        return tree.unflatten(
            self.spec, [next(remaining) if type(x) is Tracer else x for x in self.leaves]
        )


def _outside(captured: Any) -> Any:
    if type(captured) is Outer:
        builder, number = captured
        return Tracer(builder, number, builder.types[number])
    return captured


def record(
    fun: Callable[[list[Any]], Any],
    inputs: list[Any],
    *,
    label: str,
    code: CodeType | None = None,
    types: Sequence[ArrayType | None] | None = None,
    wanted: frozenset[int] = frozenset(),
    namer: Callable[[], list[str]] = list,
) -> Recording:
    """Call `fun` on tracers for `inputs`.

    With `types` the tracers have those types; they know values only where an input's type is the
    given one (`types[i] is None` means: the input's own type, with its value). Without `types` all
    know their values. `code` is the user's: what it did the last time is what it is expected to do.
    `wanted` are the positions of inputs by which a derivative is taken.
    """
    known = None if code is None else _scripts.get((code, label))

    # NumPy's constructors are exchanged for a function that is new, or known to need it. One that
    # asks for an array of traced values without is called again, whatever became of it: it may
    # have caught the error, or have got mere numbers.
    for offered in _ALWAYS if known is None or known.made else _IF_NEEDED:
        builder = Builder(label=label, script=known)
        builder.namer, builder.wanted = namer, wanted
        try:
            recording = _recorded(fun, inputs, types, builder, offered)
        except Exception:
            if offered or not builder.made:
                raise
            continue
        if offered or not builder.made:
            break
    if code is not None and recording.script is not known:
        _remember((code, label), recording.script)
    return recording


def _recorded(
    fun: Callable[[list[Any]], Any],
    inputs: list[Any],
    types: Sequence[ArrayType | None] | None,
    builder: Builder,
    offered: bool,
) -> Recording:
    outer = current_builder()  # if it is a transform's, what is done with constants belongs to it
    builder.staging = outer is not None and outer.staging
    library = namespace(inputs)
    if library is not np:
        builder.library = library
    token = enter(builder)
    try:
        if offered:
            offer(builder)
        tracers = [
            _input(builder, x, None if types is None else types[i]) for i, x in enumerate(inputs)
        ]
        leaves, spec = tree.flatten(fun(tracers))
        atoms = [atom(builder, x) for x in leaves if type(x) is Tracer]
    except (TypeError, ValueError) as error:
        hidden = isinstance(error, ValueError)  # by NumPy, as "setting an array element"
        if hidden and isinstance(error.__cause__, AutodiffError):
            raise error.__cause__.with_traceback(error.__traceback__) from None
        if "read-only" in str(error):
            error.add_note(_explain_read_only(builder.label))
        elif not isinstance(error, AutodiffError) and (instead := _instead_of_scipy(error)):
            error.add_note(f"autodiff: SciPy got a traced value. Write instead: {instead}.")
        raise
    finally:
        if offered:
            withdraw(builder)
        leave(builder, token)
    return Recording(builder, inputs, leaves, spec, builder.finish(atoms))


_scripts: dict[tuple[CodeType, str], Script] = {}
_SCRIPTS_KEPT = 256
_ROWS_KEPT = 200_000


def _remember(key: tuple[CodeType, str], script: Script) -> None:
    """Expect that the function will do the same the next time."""
    _scripts.pop(key, None)
    _scripts[key] = script
    rows = sum(len(s.rows) for s in list(_scripts.values()))
    for old in list(_scripts)[:-1]:
        if rows <= _ROWS_KEPT and len(_scripts) <= _SCRIPTS_KEPT:
            break
        dropped = _scripts.pop(old, None)
        rows -= 0 if dropped is None else len(dropped.rows)


def _input(builder: Builder, x: Any, given: ArrayType | None) -> Tracer:
    """A tracer for an input: with the value of `x`, or with a type only."""
    cls = type(x)
    own = (
        (ArrayType(x.shape, x.dtype) if cls is np.ndarray else type_of(x))
        if given is None
        else given
    )
    number = builder.input(own)
    tracer = Tracer(builder, number, own)
    if cls in _WEAK:
        tracer.kind = cls
    elif cls is Tracer and x.kind in _WEAK:
        tracer.kind = x.kind
    if given is None:
        if cls is np.ndarray:
            lock(x, builder.locked)
        known = Outer(x._builder, x._number) if cls is Tracer else x
        builder.values[number] = own.dtype.type(x) if cls in _WEAK else known
    return tracer


def _instead_of_scipy(error: BaseException) -> str:
    """The traced form of SciPy's function that failed, if it was given anything traced."""
    walk = traceback.walk_tb(error.__traceback__)
    frames = [frame for frame, _ in walk]
    within = [f for f in frames if f.f_globals.get("__name__", "").startswith("scipy.")]
    if not within or frames[-1] is not within[-1]:
        return ""
    given = any(holds_tracer([*frame.f_locals.values()]) for frame in within)
    return advice(called_of_scipy(reversed(frames))) if given else ""


def _explain_read_only(label: str) -> str:
    return (
        f"autodiff: while {label} is traced, the arrays that it takes or uses are read-only, "
        "because the program refers to them. Copy before changing: `buffer = buffer.copy()`, or "
        "assign into `np.zeros_like(x)` of a traced x."
    )
