"""Run a function the way transforms do: traced, with or without values, then as a program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.ir.checking import check
from autodiff.ir.types import type_of
from autodiff.tracing.build import evaluate
from autodiff.tracing.record import record

__all__ = ["assert_same", "traced"]


def traced(fun: Callable[..., Any], *args: Any, values: bool = True) -> Any:
    """What the program of `fun` returns; without `values` it is traced as under `jit`."""
    inputs = [np.array(x) for x in args]
    types = None if values else [type_of(x) for x in inputs]
    recording = record(lambda xs: fun(*xs), inputs, label=fun.__name__, types=types)
    program = recording.program(fun.__name__)
    check(program)
    return recording.output(evaluate(program, recording.args()))


def assert_same(fun: Callable[..., Any], *args: Any, values: bool = True) -> None:
    """The traced function gives what the plain one gives: values, shapes and dtypes."""
    expected = fun(*[np.array(x) for x in args])
    found = traced(fun, *args, values=values)
    several = isinstance(expected, tuple | list)
    for e, f in zip(expected, found, strict=True) if several else [(expected, found)]:
        assert np.shape(f) == np.shape(e), f"{np.shape(f)} instead of {np.shape(e)}"
        assert np.asarray(f).dtype == np.asarray(e).dtype
        np.testing.assert_array_equal(f, e)
