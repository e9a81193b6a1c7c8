"""The exceptions that autodiff raises.

Each says what was wrong, where in the user's code, and what to write instead.
"""

from __future__ import annotations

__all__ = [
    "AutodiffError",
    "AutodiffWarning",
    "EscapeError",
    "GradientError",
    "InvalidProgramError",
    "LeakedTracerError",
    "MissingRuleError",
    "NoValueError",
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


class LeakedTracerError(AutodiffError, RuntimeError):
    """A traced value was used after the function that it belongs to had returned."""


class AutodiffWarning(UserWarning):
    """Base of every warning that is the library's own."""


class ZeroGradientWarning(AutodiffWarning):
    """The output does not depend on an input that it was differentiated by."""
