"""What all distributions of one number have in common: parameters, support, logarithms, errors.

A distribution is a record of formulas for location 0 and scale 1 (`Formulas`); `Continuous` and
`Discrete` make of it the functions that users know from `scipy.stats`, by the same names and with
the same arguments. They are written in NumPy's and SciPy's functions, so they work on plain arrays
as well as on traced ones, and are differentiated like any code of the user's.

Outside of the support the density is 0, its logarithm -inf, and all derivatives are 0. Where a
parameter is impossible, or an argument is NaN, both the results and their derivatives are NaN.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autodiff.errors import UnsupportedFunctionError
from autodiff.ir.source import here
from autodiff.numpy.promotion import as_operand, convert, result_dtype
from autodiff.tracing.tracer import Tracer

__all__ = [
    "Continuous", "Discrete", "Formulas", "Frozen", "common", "defined_where", "without_warnings",
]  # fmt: skip

Formula = Callable[..., Any]


def all_positive(*shapes: Any) -> Any:
    """Whether shapes are what most distributions ask of theirs."""
    valid: Any = True
    for shape in shapes:
        valid = valid & (shape > 0)
    return valid


@dataclass(frozen=True, slots=True)
class Formulas:
    """A distribution with location 0 and scale 1. Formulas take a number and the shapes.

    Those that are None have no closed form in functions that have derivatives.
    """

    log_density: Formula
    shapes: tuple[str, ...] = ()
    # the ends of the support: two numbers, or a function of the shapes
    support: tuple[float, float] | Callable[..., tuple[Any, Any]] = (-np.inf, np.inf)
    open: bool = False  # whether the density at finite ends is that outside
    valid: Formula = all_positive  # whether shapes are possible
    # the density where it is 0 within the support, which has derivatives there; default: 0
    vanishing: Formula | None = None
    cdf: Formula | None = None
    sf: Formula | None = None
    logcdf: Formula | None = None  # default: the logarithm of cdf
    logsf: Formula | None = None
    ppf: Formula | None = None
    symmetric: bool = False  # about 0: sf(x) = cdf(-x)

    def ends(self, shapes: Sequence[Any]) -> tuple[Any, Any]:
        """Lower and upper end of the support."""
        return self.support(*shapes) if callable(self.support) else self.support


def common(*operands: Any) -> list[Any]:
    """Numbers and arrays in the floating dtype to which NumPy promotes them, float32 at least."""
    given = [as_operand(x) for x in operands]
    dtype = np.result_type(result_dtype(*given, 1.0), np.float32)
    if dtype.kind != "f":
        raise TypeError(f"distributions are of real numbers, not {dtype}{here()}")
    return [convert(x, dtype) for x in given]


def without_warnings(method: Formula) -> Formula:
    """Formulas are computed outside of the support, too, where they warn."""

    @functools.wraps(method)
    def quiet(*args: Any, **kwargs: Any) -> Any:
        with np.errstate(all="ignore"):
            return method(*args, **kwargs)

    return quiet


def defined_where(good: Any, value: Any, operands: Sequence[Any]) -> Any:
    """`value`, but NaN where parameters are impossible, and so are the derivatives."""
    if type(good) is not Tracer and np.all(good):
        return value
    nan = functools.reduce(lambda total, operand: total + operand, operands) * np.nan
    return np.where(good, value, nan)[()]


class Family:
    """What has a name, and some of the functions that SciPy's of this name has."""

    name: str

    def __repr__(self) -> str:
        return f"<distribution {self.name}>"

    def __getattr__(self, function: str) -> Any:
        if function.startswith("_") or function == "name":
            raise AttributeError(function)
        raise AttributeError(
            f"autodiff.scipy.stats.{self.name} has no function {function!r}.{here()}\nWrite "
            f"instead, where no gradient is wanted: `scipy.stats.{self.name}.{function}`"
        )


class Distribution(Family):
    """The functions that continuous and discrete distributions share."""

    extra: dict[str, float]  # parameters beside the shapes, with their defaults

    def __init__(self, name: str, formulas: Formulas) -> None:
        self.name = name
        self.formulas = formulas

    def __call__(self, *args: Any, **kwargs: Any) -> Frozen:
        """The distribution with these parameters."""
        self.parameters("__call__", args, kwargs)
        return Frozen(self, args, kwargs)

    # ---- parameters

    def parameters(self, method: str, args: Any, kwargs: dict[str, Any]) -> list[Any]:
        """Shapes, location and scale, as far as the distribution has them."""
        names = [*self.formulas.shapes, *self.extra]
        if len(args) > len(names):
            raise TypeError(self._misuse(method, f"{len(args)} parameters are given"))
        given = dict(zip(names, args, strict=False))
        for name, value in kwargs.items():
            if name not in names or name in given:
                problem = "given twice" if name in given else "none of them"
                raise TypeError(self._misuse(method, f"{name!r} is {problem}"))
            given[name] = value
        missing = [name for name in self.formulas.shapes if name not in given]
        if missing:
            raise TypeError(self._misuse(method, f"{', '.join(missing)} is missing"))
        return [given.get(name, self.extra.get(name)) for name in names]

    def _misuse(self, method: str, problem: str) -> str:
        names = [*self.formulas.shapes, *[f"{n}={v:g}" for n, v in self.extra.items()]]
        return f"{self.name}.{method} takes the parameters {', '.join(names)}: {problem}{here()}"

    def standard(self, method: str, x: Any, args: Any, kwargs: Any) -> tuple[Any, ...]:
        """Return x at location 0 and scale 1, shapes, scales, and what guards a result."""
        x, *parameters = common(x, *self.parameters(method, args, kwargs))
        count = len(self.formulas.shapes)
        shapes, (loc, *scales) = parameters[:count], parameters[count:]
        good = self.formulas.valid(*shapes)
        y = x - loc
        for scale in scales:
            y, good = y / scale, good & (scale > 0)
        return y, shapes, scales, lambda value: defined_where(good, value, (x, *parameters))

    def formula(self, name: str) -> Formula:
        """A formula of the record, or the error that there is none."""
        found: Formula | None = getattr(self.formulas, name)
        if found is None:
            raise UnsupportedFunctionError(
                f"autodiff.scipy.stats.{self.name}.{name} has no closed form in functions that "
                f"have derivatives.{here()}\nWrite instead, where no gradient is wanted: "
                f"`scipy.stats.{self.name}.{name}` of `ad.value_of(x)` and values of parameters"
            )
        return found

    # ---- the distribution function and its like

    def at(self, x: Any) -> Any:
        """Where the distribution function is evaluated for x."""
        return x

    def _cumulative(self, name: str, x: Any, args: Any, kwargs: Any, ends: Any) -> Any:
        x, shapes, _, guarded = self.standard(name, x, args, kwargs)
        x = self.at(x)
        low, high = self.formulas.ends(shapes)
        below, above = ends
        value = self._probability(name, x, shapes)
        value = np.where(self.precedes(x, low), below, np.where(x >= high, above, value))
        return guarded(value[()])

    def precedes(self, x: Any, low: Any) -> Any:
        """Where no number is at most x."""
        return x <= low

    def _probability(self, name: str, x: Any, shapes: Any) -> Any:
        """A formula, or what follows from another one."""
        f = self.formulas
        if name.startswith("log"):
            if getattr(f, name) is not None:
                return getattr(f, name)(x, *shapes)
            if name == "logsf" and f.symmetric and f.logcdf is not None:
                return f.logcdf(-x, *shapes)
            return self._logarithm(name[3:], x, shapes)
        if name == "sf" and f.sf is None and f.symmetric:
            return self.formula("cdf")(-x, *shapes)
        return self.formula(name)(x, *shapes)

    def _logarithm(self, name: str, x: Any, shapes: Any) -> Any:
        """The logarithm of a probability, if that is nearly 1 by way of its complement."""
        value = self._probability(name, x, shapes)
        rest = self._probability("sf" if name == "cdf" else "cdf", x, shapes)
        return np.where(value < 0.5, np.log(value), np.log1p(-rest))

    @without_warnings
    def cdf(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """The probability of a number that is at most x."""
        return self._cumulative("cdf", x, args, kwargs, (0.0, 1.0))

    @without_warnings
    def sf(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """The probability of a number above x, without the cancellation of 1 - cdf."""
        return self._cumulative("sf", x, args, kwargs, (1.0, 0.0))

    @without_warnings
    def logcdf(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """The logarithm of `cdf`."""
        return self._cumulative("logcdf", x, args, kwargs, (-np.inf, 0.0))

    @without_warnings
    def logsf(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """The logarithm of `sf`."""
        return self._cumulative("logsf", x, args, kwargs, (0.0, -np.inf))

    def _log_density(self, name: str, x: Any, args: Any, kwargs: Any) -> Any:
        x, shapes, scales, guarded = self.standard(name, x, args, kwargs)
        value = self._inner_logarithm(x, shapes, scales)
        return guarded(np.where(self.excludes(x, shapes), -np.inf, value)[()])

    def _density(self, name: str, x: Any, args: Any, kwargs: Any) -> Any:
        x, shapes, scales, guarded = self.standard(name, x, args, kwargs)
        value = self._inner_logarithm(x, shapes, scales)
        limit = self.formulas.vanishing
        zero = 0.0 if limit is None else limit(x, *shapes)
        density = np.where(value == -np.inf, zero, np.exp(value))
        return guarded(np.where(self.excludes(x, shapes), 0.0, density)[()])

    def _inner_logarithm(self, x: Any, shapes: Any, scales: Any) -> Any:
        value = self.formulas.log_density(x, *shapes)
        for scale in scales:
            value = value - np.log(scale)
        return value

    def excludes(self, x: Any, shapes: Any) -> Any:
        """Where the density is 0 (a NaN is not excluded, and gives NaN)."""
        low, high = self.formulas.ends(shapes)
        outside = (x <= low) | (x >= high) if self.formulas.open else (x < low) | (x > high)
        return outside | (np.abs(x) == np.inf)


class Continuous(Distribution):
    """A continuous distribution: `logpdf(x, *shapes, loc=0, scale=1)` and its like."""

    extra = {"loc": 0, "scale": 1}  # noqa: RUF012  # not to be changed

    @without_warnings
    def logpdf(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """The logarithm of the density."""
        return self._log_density("logpdf", x, args, kwargs)

    @without_warnings
    def pdf(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """The density; at an end of the support where it is 0, its derivatives are 0, too."""
        return self._density("pdf", x, args, kwargs)

    @without_warnings
    def ppf(self, q: Any, *args: Any, **kwargs: Any) -> Any:
        """The inverse of `cdf`."""
        q, *parameters = common(q, *self.parameters("ppf", args, kwargs))
        *shapes, loc, scale = parameters
        low, high = self.formulas.ends(shapes)
        value = self.formula("ppf")(q, *shapes)
        value = loc + scale * np.where(q <= 0, low, np.where(q >= 1, high, value))
        good = self.formulas.valid(*shapes) & (scale > 0) & (q >= 0) & (q <= 1)
        return defined_where(good, value, (q, *parameters))


class Discrete(Distribution):
    """A distribution of integers: `logpmf(k, *shapes, loc=0)` and its like."""

    extra = {"loc": 0}  # noqa: RUF012  # not to be changed

    @without_warnings
    def logpmf(self, k: Any, *args: Any, **kwargs: Any) -> Any:
        """The logarithm of the probability of k."""
        return self._log_density("logpmf", k, args, kwargs)

    @without_warnings
    def pmf(self, k: Any, *args: Any, **kwargs: Any) -> Any:
        """The probability of k."""
        return self._density("pmf", k, args, kwargs)

    def excludes(self, x: Any, shapes: Any) -> Any:
        """Where no integer of the support is."""
        return super().excludes(x, shapes) | (np.floor(x) < x)

    def at(self, x: Any) -> Any:
        """The distribution function is constant between integers."""
        return np.floor(x)

    def precedes(self, x: Any, low: Any) -> Any:
        """Where no integer is at most x."""
        return x < low


class Frozen:
    """A distribution with its parameters, as `norm(loc, scale)` gives it."""

    def __init__(self, distribution: Any, args: Any, kwargs: dict[str, Any]) -> None:
        self.dist = distribution
        self.args = args
        self.kwds = kwargs

    def __getattr__(self, name: str) -> Any:
        """A function of the distribution that takes a number only."""
        if name.startswith("_"):  # as `copy` asks for, before there is a distribution
            raise AttributeError(name)
        method = getattr(self.dist, name)
        return lambda x: method(x, *self.args, **self.kwds)

    def __repr__(self) -> str:
        return f"{self.dist!r} with {self.args} {self.kwds}"
