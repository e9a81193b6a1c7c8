"""Rows of the table as programs, numbers for them, and how closely the laws must hold."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from autodiff.ir.program import Program
from autodiff.ir.types import type_of
from autodiff.tracing.build import build
from tests.calculus import cotangents, inexact, pushed
from tests.primitives.spec import Spec
from tests.primitives.table import SPECS

__all__ = [
    "FORMS", "arguments", "arrays", "close", "differentiable", "directions", "every_form",
    "every_row", "has_derivative", "is_double", "precise", "program_of", "rows", "same_bits",
    "second_order", "smooth", "tolerance", "typical",
]  # fmt: skip

# ---- a row as a program, and numbers for it


@lru_cache
def program_of(spec: Spec) -> Program:
    """The primitive as a program of one equation; scalar constants are literals in it."""
    made = spec.make()

    def fun(*args: Any) -> Any:
        remaining = iter(args)
        inputs = [x if isinstance(x, np.generic) else next(remaining) for x in made]
        results = spec.primitive(*inputs, **spec.params)
        return results if spec.primitive.multiple else [results]

    types = [type_of(x) for x in made if not isinstance(x, np.generic)]
    return build(fun, types, spec.primitive.name)


def arrays(spec: Spec, seed: int = 0) -> list[Any]:
    return [x for x in spec.make(seed) if not isinstance(x, np.generic)]


def like(x: Any, rng: np.random.Generator) -> Any:
    """Random numbers in the type of `x`."""
    numbers = rng.uniform(-1, 1, x.shape)
    if x.dtype.kind == "c":
        numbers = numbers + 1j * rng.uniform(-1, 1, x.shape)
    return np.asarray(numbers).astype(x.dtype)


def directions(types: Any, seed: int = 1) -> list[Any]:
    """A random tangent (or cotangent) for everything that has one."""
    rng = np.random.default_rng(seed)
    return [like(t, rng) for t in types if t.dtype.kind in "fc"]


FORMS = {"value": lambda p: p, "tangent": pushed, "cotangent": cotangents}


def arguments(spec: Spec, form: str, seed: int = 0) -> list[Any]:
    """What the program of a form takes."""
    xs = arrays(spec, seed)
    if form == "value":
        return xs
    types = xs if form == "tangent" else program_of(spec).out_types
    return [*xs, *directions(types, seed + 1)]


# ---- precision


def precise(x: Any) -> Any:
    """The same numbers in double precision, so that differences can be taken."""
    return x.astype(np.result_type(x.dtype, np.float64)) if x.dtype.kind in "fc" else x


def is_double(types: Any) -> bool:
    return all(np.finfo(t.dtype).eps < 1e-15 for t in types if t.dtype.kind in "fc")


def close(actual: Any, expected: Any, tolerance: float) -> None:
    """Equal up to `tolerance`, relative to the largest entry of each array."""
    assert len(actual) == len(expected)
    for a, b in zip(actual, expected, strict=True):
        finite = np.abs(np.asarray(b)[np.isfinite(b)])
        scale = max(1.0, float(finite.max(initial=0)))
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale)


def tolerance(spec: Spec, double: float, single: float) -> float:
    program = program_of(spec)
    return double if is_double((*program.in_types, *program.out_types)) else single


def same_bits(actual: Any, expected: Any) -> None:
    assert len(actual) == len(expected)
    for a, b in zip(map(np.asarray, actual), map(np.asarray, expected), strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        assert a.tobytes() == b.tobytes(), f"{a!r} is not {b!r}"


# ---- which rows a law is about


def has_derivative(spec: Spec) -> bool:
    """Whether something floating-point goes in and something floating-point comes out."""
    program = program_of(spec)
    return any(inexact(program.in_types)) and any(inexact(program.out_types))


def rows(*conditions: Any) -> Any:
    chosen = [spec for spec in SPECS if all(holds_for(spec) for holds_for in conditions)]
    return pytest.mark.parametrize("spec", chosen, ids=str)


def smooth(spec: Spec) -> bool:
    return spec.smooth


def second_order(spec: Spec) -> bool:
    return spec.order >= 2


def _first_rows() -> set[Spec]:
    """Two rows of each primitive; all of them with AUTODIFF_ROWS=all in the environment."""
    if os.environ.get("AUTODIFF_ROWS") == "all":
        return set(SPECS)
    chosen: dict[str, list[Spec]] = {}
    for spec in SPECS:
        chosen.setdefault(spec.primitive.name, []).append(spec)
    return {spec for specs in chosen.values() for spec in specs[:2]}


_FIRST = _first_rows()


def typical(spec: Spec) -> bool:
    """Whether a row is among those that represent its primitive in the laws about programs.

    How a primitive is printed, compiled and simplified depends little on what it is called with.
    """
    return spec in _FIRST


every_row = rows()
differentiable = rows(has_derivative)
every_form = pytest.mark.parametrize(
    ("spec", "form"),
    [
        pytest.param(spec, form, id=f"{form}-{spec}")
        for form in FORMS
        for spec in SPECS
        if typical(spec) and (form == "value" or has_derivative(spec))
    ],
)
