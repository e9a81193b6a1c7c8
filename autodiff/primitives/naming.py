"""`name`: a value that the user gave a name, so that a policy can say whether to keep it.

It is the identity, and linear. What it names is its operand: the two share memory, and it is the
operand that the derivative of the operation before refers to.
"""

from __future__ import annotations

from autodiff.primitives.kinds import elementwise
from autodiff.primitives.record import Primitive

__all__ = ["name"]

name: Primitive = elementwise(
    "name",
    [1],
    types=lambda x, *, label: (x,),
    run=lambda xp, x, *, label: x,
    transpose=lambda ct, i, x, *, label: ct,
    text="{0}",
    view=True,
)
