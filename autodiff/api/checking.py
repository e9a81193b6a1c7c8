"""`check_grads`: derivatives against finite differences, and forward against reverse mode."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from autodiff.api.arguments import function_name, is_inexact, parameter_names
from autodiff.api.linear_maps import jvp, vjp
from autodiff.arrays import to_host
from autodiff.ir.types import ArrayType, type_of
from autodiff.tracing import tree

__all__ = ["GradientError", "check_grads"]

_MODES = ("forward", "reverse")
# Relative tolerance and step for each size of a real number. A central difference, extrapolated, is
# wrong by about step**4 and rounds by about precision/step.
_TOLERANCES = {2: 1e-1, 4: 5e-3, 8: 1e-6}
_STEPS = {2: 1e-1, 4: 3e-2, 8: 1e-3}


class GradientError(AssertionError):
    """A derivative is wrong, or two ways of computing it differ."""


def check_grads(
    fun: Callable[..., Any],
    args: tuple[Any, ...],
    order: int = 1,
    *,
    modes: Sequence[str] = _MODES,
    rtol: float | None = None,
    atol: float | None = None,
    step: float | None = None,
    entries: int = 20,
    seed: int = 0,
) -> None:
    """Check the derivatives of a function at a point.

    Forward mode is compared with finite differences, and reverse with forward mode: in a random
    direction of all arguments at once, and by single entries. For higher orders the same is done with
    the derivatives themselves, forward and reverse, as functions.

    Args:
        fun: a function of arrays, floats and containers of them.
        args: the tuple of its positional arguments. Leaves that are not floating-point stay as they
            are.
        order: up to which order derivatives are checked.
        modes: which modes are checked: "forward", "reverse", or both.
        rtol: how far values may differ, relative to the larger one; by default according to the
            dtypes (1e-6 for float64, 5e-3 for float32), ten times as far for each further order.
        atol: how far they may differ in any case; by default `rtol`.
        step: the step of the finite differences, relative to the size of an entry if that is above 1;
            by default according to the dtypes.
        entries: how many entries of each leaf are checked singly; all, if it has no more.
        seed: of the random directions and of the choice of entries.

    Raises:
        GradientError: (an AssertionError) something differs; its text says what, by which entry of
            which argument.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> ad.check_grads(lambda x: np.sin(x) * x, (np.array([0.5, 2.0]),), order=2)
        >>> with ad.no_grad():
        ...     ad.check_grads(np.exp, (1.0,))
    """
    if not isinstance(args, tuple):
        raise TypeError(
            "check_grads takes a tuple of arguments. Write instead: `ad.check_grads(f, (x,))`"
        )
    if not modes or not set(modes) <= set(_MODES):
        raise ValueError(f"check_grads: modes={modes!r}: expected some of {_MODES}")
    checker = _Checker(fun, args, tuple(modes), rtol, atol, step, entries, seed)
    checker.check(fun, order, "")
