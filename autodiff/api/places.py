"""Containers of tangents and cotangents: checked against what they belong to, and put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autodiff.api.arguments import is_traceable
from autodiff.ir.source import here
from autodiff.ir.types import ArrayType, type_of
from autodiff.numpy.promotion import convert
from autodiff.tracing import tree
from autodiff.tracing.tracer import Tracer

__all__ = ["Places", "describe"]

_NUMBERS = (int, float, complex)


class Places:
    """The leaves of a container of arguments or results, and the type of the derivative at each."""

    __slots__ = ("names", "spec", "types")

    def __init__(
        self,
        spec: tree.Spec,
        types: Sequence[ArrayType | None],
        names: Callable[[], list[str]],
    ) -> None:
        self.spec = spec
        self.types = types  # None: a leaf that has no derivative
        self.names = names  # what to call the leaves in an error

    def fits(self, given: Any) -> bool:
        """Whether a container has the structure."""
        try:
            self.spec.flatten_up_to(given)
        except (TypeError, ValueError):
            return False
        return True

    def put(self, derivatives: Iterable[Any]) -> Any:
        """A container with these at the leaves that have a derivative, and None at the others."""
        remaining = iter(derivatives)
        leaves = [None if t is None else next(remaining) for t in self.types]
        return tree.unflatten(self.spec, leaves)

    def take(self, given: Any, rule: str) -> list[Any]:
        """What a container holds at the leaves that have a derivative.

        Raises ValueError or TypeError, with `rule` as the start of the text, where it does not fit.
        """
        if not self.fits(given):
            raise ValueError(
                f"{rule}.{here()}{self._contrast(given)}\n"
                "Write instead: a container of the expected structure, such as "
                "`ad.tree.map(np.zeros_like, x)` of one that has it"
            )
        taken = []
        for i, (x, t) in enumerate(zip(self.spec.flatten_up_to(given), self.types, strict=True)):
            if t is not None:
                fitting = as_type(x, t)
                if fitting is None:
                    raise self._misfit(i, x, given, rule)
                taken.append(fitting)
            elif not _is_nothing(x):
                raise TypeError(
                    f"{rule}: {self.names()[i]} is not floating-point and has no derivative, so "
                    f"None (or zero) belongs there, not {describe(x)}."
                    f"{here()}{self._contrast(given)}"
                )
        return taken

    def _misfit(self, i: int, x: Any, given: Any, rule: str) -> Exception:
        expected = self.types[i]
        assert expected is not None
        name = self.names()[i]
        shown = f"{rule}: expected {expected} for {name}, but {describe(x)} was given.{here()}\n"
        if type(x) in _NUMBERS:
            advice = f"`np.full({expected.shape}, ...)`"
        elif not is_traceable(x):
            advice = f"`np.array(..., dtype=np.{expected.dtype})`"
        elif x.shape != expected.shape:
            advice = _reshaped(x.shape, expected.shape)
        else:
            return TypeError(f"{shown}Write instead: `.astype(np.{expected.dtype})`")
        return ValueError(f"{shown}Write instead: {advice}{self._contrast(given)}")

    def _contrast(self, given: Any) -> str:
        expected = describe(tree.unflatten(self.spec, self.types))
        return f"\n  expected: {expected}\n  given:    {describe(given)}"


def as_type(x: Any, t: ArrayType) -> Any:
    """`x` as an array of type `t`, or None. Python's numbers and integers take any such dtype."""
    kind = x.kind if type(x) is Tracer else type(x)
    if kind not in _NUMBERS:
        if not is_traceable(x) or type_of(x) is t:
            return x if is_traceable(x) else None
        whole = x.shape == t.shape and x.dtype.kind in "iu" and t.inexact
        return convert(x, t.dtype) if whole else None
    if t.shape or (kind is complex and t.dtype.kind != "c"):
        return None
    return convert(x, t.dtype)


def describe(container: Any) -> str:
    """A container with the types of its arrays in their place."""
    leaves, spec = tree.flatten(container)
    return repr(tree.unflatten(spec, [_Text(_described(x)) for x in leaves]))


def _described(leaf: Any) -> str:
    if isinstance(leaf, ArrayType):
        return repr(leaf)
    return str(type_of(leaf)) if is_traceable(leaf) else type(leaf).__name__


class _Text(str):
    """Text that is shown without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


def _is_nothing(x: Any) -> bool:
    """Whether `x` can stand where there is no derivative: None, or zeros."""
    if x is None or type(x) is Tracer:
        return x is None
    if not is_traceable(x) and type(x) not in (bool, *_NUMBERS):
        return False
    return not (x if is_traceable(x) else np.asarray(x)).any()


def _reshaped(given: tuple[int, ...], expected: tuple[int, ...]) -> str:
    """How an array of one shape can be brought to another."""
    try:
        broadcasts = np.broadcast_shapes(given, expected) == expected
    except ValueError:
        broadcasts = False
    if broadcasts:
        return f"`np.broadcast_to(..., {expected})`"
    return f"an array of shape {expected}, as it has to have the shape of what it belongs to"
