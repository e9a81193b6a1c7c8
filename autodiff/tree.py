"""Containers of arrays: `map`, `flatten`, `ravel` to one vector and back, `partition` into two.

A container is any nesting of tuples, lists, dicts, named tuples, dataclasses and registered
classes. Everything else is a leaf; None is a container without leaves. The leaves of a dict come in
the order of its sorted keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import accumulate, pairwise
from typing import Any

import optree

from autodiff.api.arguments import is_inexact
from autodiff.arrays import namespace
from autodiff.ir.types import ArrayType, type_of
from autodiff.tracing import tree

__all__ = [
    "combine", "flatten", "leaves", "map", "partition", "ravel", "register", "unflatten",
]  # fmt: skip


def flatten(container: Any) -> tuple[list[Any], tree.Spec]:
    """The leaves of a container in order, and its structure.

    Example:
        >>> import autodiff as ad
        >>> leaves, spec = ad.tree.flatten({"b": 1.0, "w": (2.0, None)})
        >>> leaves
        [1.0, 2.0]
    """
    return tree.flatten(container)


def unflatten(spec: tree.Spec, leaves: Iterable[Any]) -> Any:
    """The container of a structure that `flatten` returned, with these leaves.

    Example:
        >>> import autodiff as ad
        >>> leaves, spec = ad.tree.flatten([1.0, (2.0, 3.0)])
        >>> ad.tree.unflatten(spec, [10, 20, 30])
        [10, (20, 30)]
    """
    return tree.unflatten(spec, leaves)


def leaves(container: Any) -> list[Any]:
    """The leaves of a container in order.

    Example:
        >>> import autodiff as ad
        >>> ad.tree.leaves({"a": 1, "b": [2, 3]})
        [1, 2, 3]
    """
    return tree.flatten(container)[0]


def map(fun: Callable[..., Any], container: Any, *rest: Any) -> Any:
    """Apply a function to each leaf, and to the leaves at the same place in the other containers.

    Args:
        fun: a function of one leaf of each container.
        container: the container that gives the result its structure.
        *rest: containers of the same structure.

    Raises:
        ValueError: the containers differ in structure.

    Example:
        >>> import autodiff as ad
        >>> ad.tree.map(lambda p, g: p - 0.5 * g, {"w": 1.0, "b": 2.0}, {"w": 2.0, "b": 2.0})
        {'w': 0.0, 'b': 1.0}
    """
    return tree.map(fun, container, *rest)


def register(
    cls: type, flatten_fun: Callable[[Any], Any], unflatten_fun: Callable[[Any, Any], Any]
) -> None:
    """Make a class a container. (Dataclasses and named tuples are containers already.)

    Args:
        cls: the class.
        flatten_fun: `flatten_fun(x)` returns the children, and what else makes up `x` (hashable).
        unflatten_fun: `unflatten_fun(rest, children)` makes an object of both.

    Example:
        >>> import autodiff as ad
        >>> class Scale:
        ...     def __init__(self, factor):
        ...         self.factor = factor
        >>> ad.tree.register(Scale, lambda s: ((s.factor,), None), lambda _, c: Scale(*c))
        >>> ad.tree.leaves([Scale(2.0), 3.0])
        [2.0, 3.0]
    """
    tree.register(cls, flatten_fun, unflatten_fun)


# ---- one vector


def ravel(container: Any) -> tuple[Any, Callable[[Any], Any]]:
    """All floating-point entries as one vector, and the way back.

    For what works on vectors only: optimisers, linear solvers, samplers. The vector of a gradient
    has the same layout as that of what it is the gradient of. Works on traced arrays.

    Args:
        container: a container of arrays, floats and anything else.

    Returns:
        A vector of the dtype that NumPy promotes the leaves to, and a function `unravel(vector)`
        that gives a container like the original one, with the shapes and dtypes of its leaves
        (numbers become scalars of NumPy's). Leaves that are not floating-point are not part of the
        vector, and `unravel` puts them back as they were.

    Raises:
        ValueError: (when `unravel` is called) the vector has another length.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> vector, unravel = ad.tree.ravel({"w": np.ones((2, 2)), "n": 3, "b": 0.5})
        >>> print(vector)
        [0.5 1.  1.  1.  1. ]
        >>> unravel(2 * vector)["n"]
        3
    """
    all_leaves, spec = tree.flatten(container)
    chosen = [is_inexact(x) for x in all_leaves]
    parts = [x for x, c in zip(all_leaves, chosen, strict=True) if c]
    types = [type_of(x) for x in parts]
    xp = namespace(parts)
    columns = [x.reshape(-1) if hasattr(x, "reshape") else xp.asarray([x]) for x in parts]
    vector = xp.concatenate(columns) if columns else xp.zeros(0)
    return vector, partial(_unravel, spec=spec, kept=[
        None if c else (x,) for x, c in zip(all_leaves, chosen, strict=True)
    ], types=types)  # fmt: skip


def _unravel(
    vector: Any, *, spec: tree.Spec, kept: list[tuple[Any] | None], types: list[ArrayType]
) -> Any:
    ends = [0, *accumulate(t.size for t in types)]
    if vector.shape != (ends[-1],):
        raise ValueError(
            f"unravel takes a vector of shape ({ends[-1]},), like the one that `ravel` returned, "
            f"not one of shape {vector.shape}"
        )
    pieces = (_piece(vector[a:b], t) for (a, b), t in zip(pairwise(ends), types, strict=True))
    return tree.unflatten(spec, [next(pieces) if x is None else x[0] for x in kept])


def _piece(x: Any, t: ArrayType) -> Any:
    if x.dtype.kind == "c" and t.dtype.kind == "f":
        x = x.real
    x = x.astype(t.dtype)
    return x.reshape(t.shape) if t.shape else x[0]


# ---- two halves


def partition(container: Any, chosen: Any) -> tuple[Any, Any]:
    """Divide a container in two of the same shape, to treat some leaves otherwise: to freeze them.

    Args:
        container: a container of arrays and anything else.
        chosen: a function that says of a leaf whether it is chosen; or a container of truth values
            like `container`, or like the upper part of it.

    Returns:
        Two containers: one with the chosen leaves, one with the others; None is where the other one
        has a leaf. `combine` puts them together.

    Raises:
        ValueError: `chosen` is a container that does not fit.

    Example:
        >>> import autodiff as ad
        >>> params = {"w": 2.0, "scale": 3.0}
        >>> free, frozen = ad.tree.partition(params, {"w": True, "scale": False})
        >>> free, frozen
        ({'w': 2.0, 'scale': None}, {'w': None, 'scale': 3.0})
        >>> def loss(free):
        ...     p = ad.tree.combine(free, frozen)
        ...     return p["w"] * p["scale"]
        >>> print(ad.grad(loss)(free)["w"])
        3.0
    """
    all_leaves, spec = tree.flatten(container)
    marks = _marks(chosen, container, all_leaves)
    first = [x if m else None for x, m in zip(all_leaves, marks, strict=True)]
    second = [None if m else x for x, m in zip(all_leaves, marks, strict=True)]
    return tree.unflatten(spec, first), tree.unflatten(spec, second)


def _marks(chosen: Any, container: Any, all_leaves: list[Any]) -> list[bool]:
    if callable(chosen):
        return [bool(chosen(x)) for x in all_leaves]
    wanted = tree.flatten(chosen)[1]
    try:
        marks = optree.broadcast_prefix(chosen, container, namespace=tree.NAMESPACE)
    except ValueError:
        raise ValueError(
            f"partition: truth values of the structure {wanted} do not fit a container of the "
            f"structure {tree.flatten(container)[1]}. Write instead: a function of a leaf, or "
            "truth values in the structure of the container or of the upper part of it"
        ) from None
    return [bool(m) for m in marks]


def combine(first: Any, second: Any) -> Any:
    """The container of which `partition` made these two.

    Args:
        first: a container with None where `second` has a leaf.
        second: the same, the other way round.

    Raises:
        ValueError: both have a leaf at the same place, or they differ in structure.

    Example:
        >>> import autodiff as ad
        >>> ad.tree.combine([1.0, None], [None, 2.0])
        [1.0, 2.0]
    """
    specs = [tree.flatten(container)[1] for container in (first, second)]
    try:
        return optree.tree_map(_present, first, second, none_is_leaf=True, namespace=tree.NAMESPACE)
    except _Overlap:
        raise ValueError("combine: both containers have a leaf at the same place") from None
    except ValueError:
        raise ValueError(f"combine: the structures {specs[0]} and {specs[1]} differ") from None


class _Overlap(ValueError):
    """Two leaves at one place."""


def _present(x: Any, y: Any) -> Any:
    if x is not None and y is not None:
        raise _Overlap
    return y if x is None else x
