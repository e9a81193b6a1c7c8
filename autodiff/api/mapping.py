"""`map` and `associative_scan`: a function of rows, one after the other; all prefixes, in parallel.

Both are compositions of what the library has anyway (`scan`, `vmap`, slices), so they need no rules
of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import index
from typing import Any

from autodiff.api.arguments import function_name, is_traceable
from autodiff.api.batching import vmap
from autodiff.api.loops import scan
from autodiff.api.places import describe
from autodiff.arrays import namespace
from autodiff.ir.source import here
from autodiff.ir.types import type_of
from autodiff.tracing import tree

__all__ = ["associative_scan", "map"]


def map(fun: Callable[..., Any], xs: Any, batch_size: int | None = None) -> Any:
    """Apply a function to each row of arrays, one row at a time, and stack the results.

    It means the same as `vmap(fun)(xs)`, but needs memory for one row only. As the function is
    traced once and sees one row, its branches (`cond`) and loops cost what this row makes of them.

    Args:
        fun: a function of one row, or of a container of rows like `xs`.
        xs: an array, or a container of arrays with as many rows (entries of the first axis).
        batch_size: how many rows to take at a time, by `vmap`; None for one.

    Returns:
        What `fun` returns, with a new first axis of one entry for each row.

    Raises:
        TypeError: `xs` contains something else than arrays, or `batch_size` is no integer.
        ValueError: the arrays have different numbers of rows, or there is none; or `batch_size` is
            not positive.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> print(ad.map(lambda x: x @ x, np.array([[1.0, 2.0], [3.0, 4.0], [0.0, 1.0]])))
        [ 5. 25.  1.]
        >>> print(ad.map(np.sum, np.ones((5, 3)), batch_size=2))
        [3. 3. 3. 3. 3.]
    """
    count = _count("map", tree.flatten(xs)[0], tree.paths(xs), axis=0)
    if batch_size is None:
        return _one_by_one(fun, xs, count)
    if index(batch_size) < 1:
        raise ValueError(f"map: batch_size={batch_size}; expected a positive number, or None")
    chunks, left = divmod(count, batch_size)
    full = chunks * batch_size
    if not chunks:
        return vmap(fun)(xs)
    folded = tree.map(lambda x: x[:full].reshape(chunks, batch_size, *x.shape[1:]), xs)
    made = _one_by_one(vmap(fun), folded, chunks)
    ys = tree.map(lambda y: y.reshape(full, *y.shape[2:]), made)
    return ys if not left else tree.map(_joined, ys, vmap(fun)(tree.map(lambda x: x[full:], xs)))


def _one_by_one(fun: Callable[..., Any], xs: Any, count: int) -> Any:
    def step(_: None, x: Any) -> Any:
        return None, fun(x)

    step.__name__ = function_name(fun)  # errors are about the user's function
    return scan(step, None, xs, length=count)[1]


def associative_scan(
    fn: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0
) -> Any:
    """Combine all first k elements, for each k, in O(log n) steps.

    It gives `e[0], fn(e[0], e[1]), fn(fn(e[0], e[1]), e[2]), ...` where `fn` is associative:
    `fn(fn(a, b), c)` equals `fn(a, fn(b, c))`, up to rounding. Each step applies `fn` to many pairs
    at once: in all, to fewer than 2n.

    Source: R. E. Ladner and M. J. Fischer, "Parallel prefix computation" (1980).

    Args:
        fn: `(a, b) -> c` for stacks of elements: it is called with arrays that have any number of
            entries along `axis`, and combines the entries of `a` with those of `b` one by one.
            (Of a function of single elements, pass its `ad.vmap`.) The result is like `a` and `b`.
        elems: an array, or a container of arrays with as many entries along `axis`.
        reverse: whether to begin with the last element.
        axis: along which the elements are stacked.

    Returns:
        A container like `elems`.

    Raises:
        TypeError: `fn` changes the structure, shape or dtype, or `elems` contains something else
            than arrays.
        ValueError: the arrays have different numbers of entries along `axis`, or no such axis.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> print(ad.associative_scan(np.maximum, np.array([1.0, 3.0, 2.0, 5.0, 4.0])))
        [1. 3. 3. 5. 5.]

        The recurrence y[i] = a[i] * y[i - 1] + b[i], whose steps compose:

        >>> def compose(first, then):
        ...     return first[0] * then[0], first[1] * then[0] + then[1]
        >>> a, b = np.array([0.5, 0.5, 2.0]), np.array([1.0, 1.0, 1.0])
        >>> print(ad.associative_scan(compose, (a, b))[1])
        [1.  1.5 4. ]
    """
    leaves, spec = tree.flatten(elems)
    count = _count("associative_scan", leaves, tree.paths(elems), axis)
    prefixes = _Prefixes(fn, spec, [axis % x.ndim for x in leaves])
    if reverse:
        leaves = prefixes.cut(leaves, slice(None, None, -1))
    found = prefixes(leaves, count)
    return tree.unflatten(spec, prefixes.cut(found, slice(None, None, -1)) if reverse else found)


class _Prefixes:
    """The algorithm, on the leaves of a container."""

    def __init__(self, fn: Callable[[Any, Any], Any], spec: tree.Spec, axes: list[int]) -> None:
        self.fn, self.spec, self.axes = fn, spec, axes

    def __call__(self, xs: list[Any], count: int) -> list[Any]:
        """All prefixes: those of pairs of neighbours are every other one."""
        if count < 2:
            return xs
        firsts, seconds = self.cut(xs, slice(0, -1, 2)), self.cut(xs, slice(1, None, 2))
        odd = self(self.combined(firsts, seconds), count // 2)
        before = odd if count % 2 else self.cut(odd, slice(0, -1))
        first = self.cut(xs, slice(0, 1))
        if count == 2:
            return self.joined(first, odd)
        later = self.combined(before, self.cut(xs, slice(2, None, 2)))
        return self.woven(self.joined(first, later), odd, count)

    def combined(self, a: list[Any], b: list[Any]) -> list[Any]:
        """`fn` of two stacks."""
        result = self.fn(tree.unflatten(self.spec, a), tree.unflatten(self.spec, b))
        leaves, spec = tree.flatten(result)
        same = spec == self.spec and all(
            is_traceable(y) and type_of(y) is type_of(x) for x, y in zip(a, leaves, strict=True)
        )
        if not same:
            raise TypeError(
                f"associative_scan: {function_name(self.fn)} makes {describe(result)} of elements "
                f"that are {describe(tree.unflatten(self.spec, a))}.{here()}\n"
                "Write instead: a function whose result has the structure, shapes and dtypes of "
                "its arguments; `ad.vmap` of a function of single elements"
            )
        return leaves

    def cut(self, xs: Sequence[Any], part: slice) -> list[Any]:
        """Some of the elements."""
        return [x[(slice(None),) * axis + (part,)] for x, axis in zip(xs, self.axes, strict=True)]

    def joined(self, xs: Sequence[Any], ys: Sequence[Any]) -> list[Any]:
        """Two stacks, one after the other."""
        return [_joined(x, y, axis) for x, y, axis in zip(xs, ys, self.axes, strict=True)]

    def woven(self, even: list[Any], odd: list[Any], count: int) -> list[Any]:
        """Two stacks in turn: an element of the one, an element of the other."""
        pairs = count // 2
        turns = []
        for x, y, axis in zip(self.cut(even, slice(pairs)), odd, self.axes, strict=True):
            both = namespace([x, y]).stack([x, y], axis=axis + 1)
            turns.append(both.reshape(*x.shape[:axis], 2 * pairs, *x.shape[axis + 1 :]))
        return self.joined(turns, self.cut(even, slice(pairs, None))) if count % 2 else turns


def _joined(x: Any, y: Any, axis: int = 0) -> Any:
    return namespace([x, y]).concatenate([x, y], axis=axis)


def _count(what: str, leaves: Sequence[Any], paths: Sequence[str], axis: int) -> int:
    """The number of entries that all arrays have along an axis."""
    lengths = {}
    for x, path in zip(leaves, paths, strict=True):
        if not is_traceable(x):
            raise TypeError(
                f"{what} takes arrays, but the element {path} is {describe(x)}.{here()}\n"
                "Write instead: `np.array(xs)` of a list of numbers"
            )
        if not -x.ndim <= axis < x.ndim:
            raise ValueError(
                f"{what}: there is no axis {axis} in an array of shape {x.shape}.{here()}"
            )
        lengths[path] = int(x.shape[axis])
    if len(set(lengths.values())) == 1:
        return next(iter(lengths.values()))
    shown = ", ".join([f"{path} has {n}" for path, n in lengths.items()]) or "there is no array"
    raise ValueError(f"{what} takes arrays of one length along axis {axis}, but {shown}.{here()}")
