"""Is what a user calls linear linear? If not, an error that names the operation."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, NoReturn

import numpy as np

from autodiff.api.staging import Staged
from autodiff.ir.program import Atom, Equation, Program
from autodiff.ir.source import here
from autodiff.tracing.tracer import Tracer
from autodiff.transforms.linearity import additions, first_nonlinear

__all__ = ["check_linear"]


def check_linear(staged: Staged, name: str) -> None:
    """Raise ValueError if a function is not linear in its arguments."""
    k = len(staged.constants)
    found = _findings(staged.program, k)
    if found.nonlinear is not None:
        _refuse(staged.name, name, f"{found.nonlinear.primitive.name} (at "
                f"{found.nonlinear.source}) is not linear in its argument")  # fmt: skip
    for equation, position in found.added:
        if position is None or not _is_zero(staged.constants[position]):
            _refuse(staged.name, name, f"{equation.primitive.name} (at {equation.source}) adds a "
                    "constant")  # fmt: skip


class _Findings(NamedTuple):
    nonlinear: Equation | None
    added: list[tuple[Equation, int | None]]  # and which constant it is that is added


@lru_cache(maxsize=256)
def _findings(program: Program, constants: int) -> _Findings:
    active = [i >= constants for i in range(len(program.inputs))]
    inputs: dict[Atom, int] = {v: i for i, v in enumerate(program.inputs)}
    added = [(e, inputs.get(a)) for e, a in additions(program, active)]
    return _Findings(first_nonlinear(program, active), added)


def _is_zero(x: object) -> bool:
    return type(x) is not Tracer and not np.any(x)  # type: ignore[call-overload]


def _refuse(function: str, name: str, reason: str) -> NoReturn:
    raise ValueError(
        f"{name} takes a linear function, and {function} is not: {reason}.{here()}\n"
        "Write instead: what is added to A x on the other side, as a part of b; for equations that "
        "are not linear, `ad.custom_root`"
    )
