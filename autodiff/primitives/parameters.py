"""What functions with parameters (orders, shapes, degrees) have in common, whose argument is last.

`jv(v, x)` or `hyp2f1(a, b, c, z)` take parameters that are real, or integers, beside an argument
that may be complex, and have derivatives by the argument only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff.errors import MissingRuleError
from autodiff.ir.source import here
from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import add, elementwise_type
from autodiff.primitives.dtypes import magnitude, scalar
from autodiff.primitives.kinds import Push

__all__ = ["fixed", "raised", "with_parameters"]

Types = Callable[..., tuple[ArrayType]]


def with_parameters(name: str, kinds: str = "f", argument: int = -1) -> Types:
    """The `types` of a function of parameters and one argument, which decides the result's dtype.

    The argument is of one of `kinds`; a parameter is an integer, or real in the argument's
    precision.
    """

    def types(*operands: ArrayType) -> tuple[ArrayType]:
        x = operands[argument]
        real = magnitude(x)
        if x.dtype.kind not in kinds or any(
            p is not x and p.dtype.kind not in "iu" and p.dtype is not real != p.dtype
            for p in operands
        ):
            raise TypeError(
                f"{name} takes parameters that are integers or of the precision of its argument, "
                f"not {', '.join(map(str, operands))}"
            )
        return (elementwise_type(name, *[t.with_dtype(x.dtype) for t in operands]),)

    return types


def fixed(name: str, parameter: str) -> Push:
    """The derivative by a parameter, which is not implemented."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise MissingRuleError(
            f"{name} has no derivative by {parameter}, on which the differentiated inputs have an "
            f"influence.{here()}\nWrite instead: `ad.stop_gradient(...)` of {parameter}, which "
            "holds it fixed"
        )

    return Push(refuse)


def raised(parameter: Any, by: float) -> Any:
    """A parameter (an order, say) plus a constant."""
    return add(parameter, scalar(parameter, by))
