"""The exceptions that autodiff raises.

Each says what was wrong, where in the user's code, and what to write instead.
"""

from __future__ import annotations

__all__ = [
    "AutodiffError",
    "AutodiffWarning",
    "ConvergenceError",
    "ConvergenceWarning",
    "EscapeError",
    "GradientError",
    "InvalidProgramError",
    "LeakedTracerError",
    "MemoryBudgetError",
    "MissingRuleError",
    "NoValueError",
    "UnboundAxisError",
    "UnsupportedFunctionError",
    "ZeroGradientWarning",
]


class AutodiffError(Exception):
    """Base of every error that is the library's own."""


class InvalidProgramError(AutodiffError):
    """A program breaks a rule of the IR: an unbound variable, a wrong type, a double binding."""


class MissingRuleError(AutodiffError, NotImplementedError):
    """A primitive lacks the rule that a transform needs."""


class UnsupportedFunctionError(AutodiffError, TypeError):
    """A NumPy function was called on a traced value and there is no traced form of it."""


class EscapeError(AutodiffError, TypeError):
    """A traced value left the trace (`float(x)`, `np.asarray(x)`): its gradient would be lost."""


class GradientError(AutodiffError, AssertionError):
    """A derivative is wrong, or two ways of computing it differ."""


class NoValueError(AutodiffError, TypeError):
    """Python asked for the value of what has none while it is traced (under jit, vmap)."""


class UnboundAxisError(AutodiffError, NameError):
    """A collective names an axis that no enclosing `vmap` has opened."""


class LeakedTracerError(AutodiffError, RuntimeError):
    """A traced value was used after the function that it belongs to had returned."""


class ConvergenceError(AutodiffError, ArithmeticError):
    """An iterative solver gave up before it was as close to the solution as was asked."""


class MemoryBudgetError(AutodiffError, ValueError):
    """A derivative cannot be computed in as little memory as was asked."""


class AutodiffWarning(UserWarning):
    """Base of every warning that is the library's own."""


class ConvergenceWarning(AutodiffWarning):
    """An iterative solver gave up before it was as close to the solution as was asked."""


class ZeroGradientWarning(AutodiffWarning):
    """The output does not depend on an input that it was differentiated by."""
