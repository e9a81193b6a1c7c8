"""What a checkpoint keeps for the backward pass: the policies that `checkpoint` takes.

| policy | what is kept |
|---|---|
| `nothing` | nothing but the arguments: all else is computed again (the default) |
| `everything` | what the derivative needs, as without a checkpoint |
| `save_contractions` | products of matrices; all else is computed again |
| `save_costly` | everything but what is cheap: arithmetic, views |
| `save_named("h", ...)` | what `checkpoint_name` gave one of these names |
| a function `equation -> bool` | the results of equations for which it returns True |

A policy is what the text of a program shows: a name, or a tuple of a name and its arguments.
"""

from __future__ import annotations

__all__ = [
    "everything",
    "nothing",
    "save_contractions",
    "save_costly",
    "save_named",
]

nothing = "recompute"
everything = "sink"
save_contractions = "save_contractions"
save_costly = "recompute_cheap"


def save_named(*names: str) -> tuple[str, ...]:
    """Keep the values that `checkpoint_name` gave one of these names, and nothing else.

    Args:
        *names: the names.

    Returns:
        A policy for `checkpoint`.

    Raises:
        TypeError: a name is not a string.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> @ad.checkpoint(policy=ad.policies.save_named("h"))
        ... def f(x):
        ...     h = ad.checkpoint_name(np.sin(x), "h")
        ...     return np.sum(np.exp(np.cos(h)))
        >>> print(ad.saved_residuals(f)(np.ones(3)))
        name  type    bytes  from      line
        x     f64[3]     24  argument
        h     f64[3]     24  sin       <doctest ...save_named[2]>:3
        computed: 24 B, arguments: 24 B
    """
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"save_named takes names, which are strings, not {name!r:.60}")
    return ("save_named", *names)
