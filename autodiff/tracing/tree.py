"""Containers: nested tuples, lists, dicts, named tuples, dataclasses and registered classes.

The work is optree's; here is the one place that says how the library uses it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import optree

from autodiff.tracing.tracer import Tracer

__all__ = ["Spec", "flatten", "map", "paths", "register", "unflatten"]

Spec = optree.PyTreeSpec
NAMESPACE = "autodiff"


def flatten(tree: Any) -> tuple[list[Any], Spec]:
    """The leaves of a container, and its structure. None is structure, not a leaf."""
    if _is_bare[type(tree)]:
        return [tree], LEAF
    leaves, spec = optree.tree_flatten(tree, namespace=NAMESPACE)
    for leaf in leaves:
        if not _is_bare[type(leaf)] and dataclasses.is_dataclass(type(leaf)):
            _register_dataclass(type(leaf))
            return flatten(tree)
    return leaves, spec


def flatten_call(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Any], Spec]:
    """The leaves and the structure of the arguments of a call."""
    if kwargs or not all([_is_bare[type(x)] for x in args]):  # noqa: C419  # a list is faster for few items
        return flatten((args, kwargs))
    spec = _bare_calls.get(len(args))
    if spec is None:
        spec = _bare_calls[len(args)] = flatten(((0,) * len(args), {}))[1]
    return list(args), spec


def unflatten_call(spec: Spec, leaves: list[Any]) -> tuple[Any, dict[str, Any]]:
    """The arguments of a call of this structure with these leaves."""
    if spec is _bare_calls.get(len(leaves)):
        return leaves, {}
    return optree.tree_unflatten(spec, leaves)  # type: ignore[return-value]


def unflatten(spec: Spec, leaves: Any) -> Any:
    """The container of this structure with these leaves."""
    if spec is LEAF:
        (leaf,) = leaves
        return leaf
    return optree.tree_unflatten(spec, leaves)


class _BareTest(dict[type, bool]):
    """Whether values of a class are surely leaves; asked of optree once for each class."""

    def __missing__(self, cls: type) -> bool:
        bare = issubclass(cls, np.ndarray | np.generic | int | float | complex | str | Tracer)
        self[cls] = bare
        return bare


_is_bare = _BareTest()
LEAF: Spec = optree.treespec_leaf()
_bare_calls: dict[int, Spec] = {}


def map(fun: Callable[..., Any], tree: Any, *rest: Any) -> Any:  # the field's name for it
    """Apply `fun` to each leaf (and to the leaves at the same place of the other trees)."""
    leaves, spec = flatten(tree)
    others = [flatten(other) for other in rest]
    for _, other_spec in others:
        if other_spec != spec:
            raise ValueError(f"trees differ in structure: {spec} and {other_spec}")
    return unflatten(spec, [fun(*xs) for xs in zip(leaves, *(o for o, _ in others), strict=True)])


def paths(tree: Any) -> list[str]:
    """How Python would spell each leaf behind the container's name: `[0].weight`, `['b']`."""
    flatten(tree)  # registers what must be
    accessors = optree.tree_accessors(tree, namespace=NAMESPACE)
    return [accessor.codify("") for accessor in accessors]


def register(
    cls: type, flatten_fun: Callable[[Any], Any], unflatten_fun: Callable[..., Any]
) -> None:
    """Make a class a container.

    `flatten_fun(x)` returns `(children, data)`; `unflatten_fun(data, children)` is its inverse.
    """
    optree.register_pytree_node(cls, flatten_fun, unflatten_fun, namespace=NAMESPACE)


def _register_dataclass(cls: type) -> None:
    names = [f.name for f in dataclasses.fields(cls)]

    def take(x: Any) -> tuple[list[Any], None, list[str]]:
        return [getattr(x, name) for name in names], None, names

    def make(_: Any, children: Any) -> Any:
        new: Any = object.__new__(cls)
        for name, child in zip(names, children, strict=True):
            object.__setattr__(new, name, child)
        return new

    entry = optree.GetAttrEntry
    optree.register_pytree_node(cls, take, make, path_entry_type=entry, namespace=NAMESPACE)
