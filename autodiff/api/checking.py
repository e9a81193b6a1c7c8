"""`check_grads`: derivatives against finite differences, and reverse against forward mode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn

import numpy as np

from autodiff.api.arguments import function_name, is_inexact
from autodiff.api.directions import Directions, index_text, numbers, placed, random_like
from autodiff.api.linear_maps import jvp, vjp
from autodiff.errors import GradientError
from autodiff.tracing import tree

__all__ = ["check_grads"]

_MODES = ("forward", "reverse")
# By the bytes of a real number: the relative tolerance, and the step of a finite difference. That
# is extrapolated, so it is wrong by about step**4, and by rounding about precision / step.
_TOLERANCES = {2: 1e-1, 4: 5e-3, 8: 1e-6}
_STEPS = {2: 2e-1, 4: 3e-2, 8: 1e-3}


def check_grads(
    fun: Callable[..., Any],
    args: tuple[Any, ...],
    order: int = 1,
    *,
    modes: Sequence[str] = _MODES,
    rtol: float | None = None,
    atol: float | None = None,
    step: float | None = None,
    entries: int = 10,
    seed: int = 0,
) -> None:
    """Check the derivatives of a function at a point.

    Forward mode is compared with finite differences, and reverse mode with forward mode: along a
    random direction of all arguments, and for single entries. For a higher order, the derivatives
    of each mode are checked as functions, in the same way, so that the modes are combined in all
    orders.

    Args:
        fun: a function of arrays, floats and containers of them.
        args: the tuple of its positional arguments. Leaves that are not floating-point stay as they
            are.
        order: the highest order of derivatives that is checked.
        modes: which modes are checked: "forward", "reverse", or both.
        rtol: how far values may differ, relative to the larger one. By default by the least precise
            dtype among arguments and results: 1e-6 for float64, 5e-3 for float32, and ten times as
            far for each further order.
        atol: how far they may differ in any case, for results of size 1; `rtol` by default.
        step: the step of finite differences, for entries of size 1; by default by the dtype.
        entries: how many entries of each leaf are checked singly, chosen at random.
        seed: of the random directions and of that choice.

    Raises:
        GradientError: (an AssertionError) something differs; the text says what, and by which entry
            of which argument.
        TypeError: `args` is not a tuple, or nothing in it is floating-point.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> ad.check_grads(lambda x: np.sin(x) * x, (np.array([0.5, 2.0]),), order=2)
    """
    if not isinstance(args, tuple):
        raise TypeError(
            "check_grads takes a tuple of arguments. Write instead: `ad.check_grads(f, (x,))`"
        )
    if not modes or not set(modes) <= set(_MODES):
        raise ValueError(f"check_grads: modes={modes!r}: expected one or both of {_MODES}")
    point = Directions(fun, args)
    size = min(_precision(args), _precision(fun(*args)))
    rtol = _TOLERANCES[size] if rtol is None else rtol
    settings = _Settings(
        tuple(modes), rtol, rtol if atol is None else atol, step or _STEPS[size], entries
    )
    _check(fun, function_name(fun), point, order, settings, np.random.default_rng(seed))


class _Settings(NamedTuple):
    modes: tuple[str, ...]
    rtol: float
    atol: float
    step: float
    entries: int


def _precision(container: Any) -> int:
    """The bytes of the least precise real number in a container; 8 if all have more."""
    dtypes = [x.dtype for x in numbers(container)]
    return min([8, *(d.itemsize // (2 if d.kind == "c" else 1) for d in dtypes)])


def _check(
    fun: Callable[..., Any],
    name: str,
    point: Directions,
    order: int,
    settings: _Settings,
    rng: np.random.Generator,
) -> None:
    """Check the first derivative of `fun`, and then that of its derivatives."""
    if order < 1:
        return
    derivative = _Derivative(fun, name, point, settings, rng)
    direction = point.random(rng)
    if derivative.mismatch(direction):
        derivative.report(direction)
    for number in point.entries(rng, settings.entries):
        derivative.check_entry(number)
    wider = settings._replace(rtol=10 * settings.rtol, atol=10 * settings.atol)
    tangents = point.tangents(direction)
    if "forward" in settings.modes:
        moved = lambda *args: jvp(fun, args, tangents)[1]  # noqa: E731
        _check(moved, f"the forward derivative of {name}", point, order - 1, wider, rng)
    if "reverse" in settings.modes:
        pulled = lambda *args: vjp(fun, *args)[1](derivative.cotangent)  # noqa: E731
        _check(pulled, f"the reverse derivative of {name}", point, order - 1, wider, rng)


class _Derivative:
    """The derivative of one function, by all ways there are."""

    def __init__(
        self,
        fun: Callable[..., Any],
        name: str,
        point: Directions,
        settings: _Settings,
        rng: np.random.Generator,
    ) -> None:
        self.fun, self.name, self.point, self.settings = fun, name, point, settings
        self.value = fun(*point.args)
        self.results = numbers(self.value)
        self.weights = random_like(self.results, rng)
        leaves, spec = tree.flatten(self.value)
        weights = iter(self.weights)
        cts = [placed(next(weights), x) if is_inexact(x) else None for x in leaves]
        self.cotangent = tree.unflatten(spec, cts)
        if "reverse" in settings.modes:
            self.gradient = numbers(vjp(fun, *point.args)[1](self.cotangent))

    def check_entry(self, number: int) -> None:
        """Raise if the derivative by one entry is wrong."""
        point = self.point
        for imaginary in (False, True)[: 1 + point.is_complex(number)]:
            found = self.mismatch(point.of_entry(number, imaginary=imaginary))
            if found:
                part = "the imaginary part of " * imaginary
                self.refuse(f"{part}`{point.name(number)}`", found)

    def report(self, direction: list[Any]) -> NoReturn:
        """Say what is wrong in a direction, by a single entry if there is one to blame."""
        point, start, stop = self.point, 0, self.point.ends[-1]
        while stop - start > 1:
            middle = (start + stop) // 2
            if self.mismatch(point.restricted(direction, start, middle)):
                stop = middle
            elif self.mismatch(point.restricted(direction, middle, stop)):
                start = middle
            else:
                break
        if stop - start == 1:
            self.check_entry(start)
        found = self.mismatch(point.restricted(direction, start, stop)) or ""
        self.refuse("all arguments, in a random direction", found)

    def refuse(self, entry: str, found: str) -> NoReturn:
        """Raise what `mismatch` found."""
        raise GradientError(
            f"check_grads: the derivative of {self.name} by {entry} is wrong {found}\n"
            "If the function has a kink near this point (abs, max, where, rounding), finite "
            "differences mean nothing there: check it at another point."
        )

    def mismatch(self, direction: list[Any]) -> str | None:
        """What differs in a direction, if anything."""
        reference, along = "finite differences", self.numeric(direction)
        if "forward" in self.settings.modes:
            tangents = self.point.tangents(direction)
            exact = numbers(jvp(self.fun, self.point.args, tangents)[1])
            found = self._first_difference(exact, along)
            if found:
                return found
            reference, along = "forward mode", exact
        if "reverse" not in self.settings.modes:
            return None
        return self._weighted_difference(direction, reference, along)

    def numeric(self, direction: list[Any]) -> list[Any]:
        """The derivative by finite differences."""
        with np.errstate(all="ignore"):
            return self.point.difference(self.fun, direction, self.settings.step)

    def _first_difference(self, exact: list[Any], along: list[Any]) -> str | None:
        paths = zip(tree.paths(self.value), tree.flatten(self.value)[0], strict=True)
        names = [f"result{path}" for path, x in paths if is_inexact(x)]
        for name, a, b, y in zip(names, exact, along, self.results, strict=True):
            wrong = np.flatnonzero(~self._close(a, b, np.maximum(abs(y), 1)))
            if wrong.size:
                i = int(wrong[0])
                return (
                    f"in `{name}{index_text(i, a.shape)}`:\n"
                    f"  forward mode:       {a.flat[i]}\n  finite differences: {b.flat[i]}"
                )
        return None

    def _weighted_difference(
        self, direction: list[Any], reference: str, along: list[Any]
    ) -> str | None:
        terms = np.concatenate([
            (w * y).real.ravel() for w, y in zip(self.weights, along, strict=True)
        ] or [np.zeros(1)])  # fmt: skip
        forward = terms.sum()
        reverse = sum((g * d).real.sum() for g, d in zip(self.gradient, direction, strict=True))
        if self._close(reverse, forward, max(1.0, abs(terms).sum())):
            return None
        width = max(len(reference), len("reverse mode")) + 1
        return (
            "in a weighted sum of the results:\n"
            f"  {'reverse mode:':{width}} {reverse}\n  {reference + ':':{width}} {forward}"
        )

    def _close(self, a: Any, b: Any, size: Any) -> Any:
        """Whether numbers are equal up to the tolerance (NaN is equal to NaN)."""
        bound = self.settings.atol * size + self.settings.rtol * np.maximum(abs(a), abs(b))
        with np.errstate(invalid="ignore"):
            return (abs(a - b) <= bound) | (a == b) | ((a != a) & (b != b))
