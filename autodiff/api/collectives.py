"""Collectives: `psum`, `pmean`, `pmax`, `pmin`, `all_gather`, `psum_scatter`, `ppermute`, and where
a row is: `axis_index`.

They are called in a function that `vmap(..., axis_name=...)` maps. Such a function says what one
row does and where it needs the others, and nothing about how many rows there are or where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from autodiff.api.named_axes import Axis, find_axis
from autodiff.api.places import describe
from autodiff.api.staging import is_array_like
from autodiff.control import collectives
from autodiff.ir.source import here
from autodiff.tracing import tree
from autodiff.tracing.tracer import Tracer

__all__ = [
    "all_gather", "axis_index", "pmax", "pmean", "pmin", "ppermute", "psum", "psum_scatter",
]  # fmt: skip

Names = str | Sequence[str]
_NUMBERS = (bool, int, float, complex)


def psum(x: Any, axis_name: Names) -> Any:
    """Sum over all rows of a mapped axis.

    Args:
        x: an array or a number, or a container of them. Small integers are summed as by `np.sum`.
        axis_name: the name that `vmap` was given, or a tuple of names for several axes.

    Returns:
        A container like `x` with the sums, which are the same for all rows. The sum of a Python
        number is one: `psum(1, name)` is the size of the axis.

    Raises:
        UnboundAxisError: no enclosing `vmap` has this axis_name.
        ValueError: the axis is mapped in chunks, or named twice.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> share = ad.vmap(lambda x: x / ad.psum(x, "i"), axis_name="i")
        >>> print(share(np.array([1.0, 2.0, 5.0])))
        [0.125 0.25  0.625]
    """
    axes = _axes(axis_name, "psum")
    size = _size(axes)

    def summed(leaf: Any) -> Any:
        return leaf * size if type(leaf) in _NUMBERS else _sum(leaf, axes)

    return _map(summed, x, "psum")


def pmean(x: Any, axis_name: Names) -> Any:
    """Average over all rows of a mapped axis.

    Args:
        x: a container of arrays and numbers.
        axis_name: the name that `vmap` was given, or a tuple of names for several axes.

    Returns:
        A container like `x` with the averages, in the dtypes that `np.mean` gives.

    Raises:
        UnboundAxisError: no enclosing `vmap` has this axis_name.
        ValueError: the axis is mapped in chunks, or named twice.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> centered = ad.vmap(lambda x: x - ad.pmean(x, "i"), axis_name="i")
        >>> print(centered(np.array([1.0, 2.0, 6.0])))
        [-2. -1.  3.]
    """
    axes = _axes(axis_name, "pmean")
    size = _size(axes)

    def averaged(leaf: Any) -> Any:
        return leaf * 1.0 if type(leaf) in _NUMBERS else _sum(leaf, axes) / size

    return _map(averaged, x, "pmean")


def pmax(x: Any, axis_name: Names) -> Any:
    """Find the greatest among all rows of a mapped axis, element by element.

    Args:
        x: a container of arrays and numbers.
        axis_name: the name that `vmap` was given, or a tuple of names for several axes.

    Returns:
        A container like `x` with the maxima. Rows that tie share the derivative evenly.

    Raises:
        UnboundAxisError: no enclosing `vmap` has this axis_name.
        ValueError: the axis is mapped in chunks, or named twice.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> below = ad.vmap(lambda x: x - ad.pmax(x, "i"), axis_name="i")
        >>> print(below(np.array([1.0, 4.0, 2.0])))
        [-3.  0. -2.]
    """
    return _extreme(collectives.pmax, x, axis_name)


def pmin(x: Any, axis_name: Names) -> Any:
    """Find the least among all rows of a mapped axis, element by element.

    Args:
        x: a container of arrays and numbers.
        axis_name: the name that `vmap` was given, or a tuple of names for several axes.

    Returns:
        A container like `x` with the minima. Rows that tie share the derivative evenly.

    Raises:
        UnboundAxisError: no enclosing `vmap` has this axis_name.
        ValueError: the axis is mapped in chunks, or named twice.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> above = ad.vmap(lambda x: x - ad.pmin(x, "i"), axis_name="i")
        >>> print(above(np.array([1.0, 4.0, 2.0])))
        [0. 3. 1.]
    """
    return _extreme(collectives.pmin, x, axis_name)


def all_gather(x: Any, axis_name: Names, *, axis: int = 0) -> Any:
    """Put what all rows have side by side, for each row.

    Args:
        x: a container of arrays and numbers.
        axis_name: the name that `vmap` was given, or a tuple of names: the rows of the last of them
            are then neighbours.
        axis: where the new axis goes in each array.

    Returns:
        A container like `x`, whose arrays have a new axis with an entry for each row.

    Raises:
        UnboundAxisError: no enclosing `vmap` has this axis_name.
        ValueError: the axis is mapped in chunks, or named twice.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> rank = ad.vmap(lambda x: np.sum(ad.all_gather(x, "i") < x), axis_name="i")
        >>> print(rank(np.array([7.0, 3.0, 5.0])))
        [2 0 1]
    """
    axes = _axes(axis_name, "all_gather")

    def gathered(leaf: Any) -> Any:
        y = leaf
        for a in reversed(axes):
            y = collectives.all_gather(y, a.row, size=a.size)
        y = y.reshape((_size(axes), *y.shape[len(axes) :]))
        return np.moveaxis(y, 0, axis) if axis else y

    return _map(gathered, x, "all_gather")


def psum_scatter(x: Any, axis_name: str) -> Any:
    """Sum over all rows of a mapped axis, and give each row its own entry of the sum.

    Args:
        x: a container of arrays whose first axis has an entry for each row.
        axis_name: the name that `vmap` was given.

    Returns:
        A container like `x` without those first axes: row r has the sum over all rows of `x[r]`.

    Raises:
        UnboundAxisError: no enclosing `vmap` has this axis_name.
        ValueError: the axis is mapped in chunks, or an array does not have an entry for each row.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> columns = ad.vmap(lambda x: ad.psum_scatter(x, "i"), axis_name="i")
        >>> print(columns(np.array([[1.0, 2.0], [10.0, 20.0]])))
        [11. 22.]
    """
    axis = _axis(axis_name, "psum_scatter")

    def scattered(leaf: Any) -> Any:
        shape = np.shape(leaf)
        if shape[:1] != (axis.size,):
            raise ValueError(
                f"psum_scatter over {axis.name!r}: an array of shape {shape} has not one entry for "
                f"each of the {axis.size} rows.{here()}"
            )
        return collectives.psum_scatter(_widened(leaf), axis.row, size=axis.size)

    return _map(scattered, x, "psum_scatter")


def ppermute(x: Any, axis_name: str, perm: Sequence[tuple[int, int]]) -> Any:
    """Send what rows of a mapped axis have to other rows.

    Args:
        x: a container of arrays and numbers.
        axis_name: the name that `vmap` was given.
        perm: pairs (from, to) of row numbers. No row sends or receives twice.

    Returns:
        A container like `x` with what each row received; zeros where that is nothing.

    Raises:
        UnboundAxisError: no enclosing `vmap` has this axis_name.
        ValueError: the axis is mapped in chunks, there is no such row, or it occurs twice.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> right = lambda x: ad.ppermute(x, "i", [(0, 1), (1, 2), (2, 0)])
        >>> print(ad.vmap(right, axis_name="i")(np.array([1.0, 2.0, 3.0])))
        [3. 1. 2.]
    """
    axis = _axis(axis_name, "ppermute")
    senders, receivers = [a for a, _ in perm], [b for _, b in perm]
    for rows, verb in ((senders, "send"), (receivers, "receive")):
        if len(set(rows)) < len(rows) or not all(0 <= r < axis.size for r in rows):
            raise ValueError(
                f"ppermute over {axis.name!r}: {perm} has rows {rows} {verb}, but a row may {verb} "
                f"only once and rows are numbered from 0 to {axis.size - 1}.{here()}"
            )
    source = dict(zip(receivers, senders, strict=True))
    sources = tuple([source.get(r, -1) for r in range(axis.size)])
    return _map(lambda leaf: collectives.ppermute(leaf, axis.row, sources=sources), x, "ppermute")


def axis_index(axis_name: Names) -> Any:
    """Get the number of the row that the function runs for.

    Args:
        axis_name: the name that `vmap` was given, or a tuple of names: rows are then numbered
            through, those of the last axis being neighbours.

    Returns:
        The number, a traced integer.

    Raises:
        UnboundAxisError: no enclosing `vmap` has this axis_name.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> print(ad.vmap(lambda x: x * ad.axis_index("i"), axis_name="i")(np.ones(3)))
        [0. 1. 2.]
    """
    first, *others = _named(axis_name, "axis_index")
    index: Any = first.row
    for axis in others:
        index = index * axis.size + axis.row
    return index


# ---- what they have in common


def _extreme(primitive: Any, x: Any, axis_name: Names) -> Any:
    axes = _axes(axis_name, primitive.name)

    def found(leaf: Any) -> Any:
        return leaf if type(leaf) in _NUMBERS else _bind(primitive, leaf, axes, axes=())

    return _map(found, x, primitive.name)


def _sum(leaf: Any, axes: Sequence[Axis]) -> Any:
    return _bind(collectives.psum, _widened(leaf), axes)


def _bind(primitive: Any, leaf: Any, named: Sequence[Axis], **params: Any) -> Any:
    y = primitive(leaf, *[a.row for a in named], **params)
    if type(leaf) is Tracer and isinstance(leaf.kind, type):
        y.kind = leaf.kind  # the sum of Python's numbers is one
    return y


def _widened(leaf: Any) -> Any:
    """`leaf` in the dtype that `np.sum` gives: small integers do not overflow."""
    dtype = np.zeros(0, leaf.dtype).sum().dtype
    return leaf if leaf.dtype == dtype else leaf.astype(dtype)


def _named(axis_name: Names, what: str) -> list[Axis]:
    names = (axis_name,) if isinstance(axis_name, str) else tuple(axis_name)
    if not names or len(set(names)) < len(names):
        raise ValueError(f"{what}: axis_name={axis_name!r} names no axis, or one twice.{here()}")
    return [find_axis(name, what) for name in names]


def _axes(axis_name: Names, what: str) -> list[Axis]:
    """The open axes of these names, if all their rows are there."""
    axes = _named(axis_name, what)
    for axis in axes:
        if not axis.whole:
            raise ValueError(
                f"{what} over {axis.name!r}: vmap(chunk_size=...) maps this axis in chunks, none "
                f"of which has all rows.{here()}\nWrite instead: `vmap` without chunk_size"
            )
    return axes


def _axis(axis_name: str, what: str) -> Axis:
    (axis,) = _axes((axis_name,), what)
    return axis


def _size(axes: Sequence[Axis]) -> int:
    return int(np.prod([a.size for a in axes]))


def _map(fun: Callable[[Any], Any], x: Any, what: str) -> Any:
    return tree.map(partial(_checked, fun, what), x)


def _checked(fun: Callable[[Any], Any], what: str, leaf: Any) -> Any:
    if not is_array_like(leaf):
        raise TypeError(
            f"{what} takes arrays, numbers and containers of them, not {describe(leaf)}.{here()}"
        )
    return fun(leaf)
