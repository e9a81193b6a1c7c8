"""The warning that a derivative is zero because something on the way has none."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from autodiff.errors import ZeroGradientWarning
from autodiff.ir.program import Program
from autodiff.ir.source import user_level
from autodiff.transforms.linearity import first_cut

__all__ = ["cut_reason", "warn_zero"]


def cut_reason(program: Program, active: Sequence[bool]) -> str:
    """Where the path from the active inputs ends."""
    cut = first_cut(program, active)
    if cut is None:
        return ""
    place = f" at {cut.source}" if cut.source is not None else ""
    return f" It ends in `{cut.primitive.name}`{place}, whose derivative is zero everywhere."


def warn_zero(name: str, reason: str) -> None:
    """Warn that the derivative of a function is zero, at the user's line."""
    warnings.warn(
        f"a result of {name} does not depend on the arguments it is differentiated by, so its "
        f"derivative is zero.{reason} If it should depend on them, write it without integers, "
        "comparisons, `np.floor`, `np.sign` and `stop_gradient`, or choose another argument by "
        "argnums; if zero is meant, say so by `ad.stop_gradient`",
        ZeroGradientWarning,
        stacklevel=user_level(),
    )
