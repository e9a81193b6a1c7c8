"""`define_primitive`: a primitive of the user's own, with its rules in one record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any

import numpy as np

from autodiff.api.places import as_type, describe
from autodiff.api.rule_sides import rule_text
from autodiff.api.trials import tried
from autodiff.control.one_by_one import one_by_one
from autodiff.errors import MissingRuleError
from autodiff.ir.source import here
from autodiff.ir.types import ArrayType, type_of
from autodiff.primitives.algebra import zeros_like
from autodiff.primitives.record import Primitive
from autodiff.tracing.bind import builder_of
from autodiff.tracing.builder import current_builder

__all__ = ["UserPrimitive", "define_primitive"]

Rule = Callable[..., Any]

KIND = "user"  # of primitives that may be defined anew


def define_primitive(
    name: str,
    run: Rule,
    *,
    types: Rule | None = None,
    jvp: Rule | None = None,
    transpose: Rule | None = None,
    batch: Rule | None = None,
) -> UserPrimitive:
    """A primitive of your own: an operation that programs hold as one equation.

    Rules are Python functions. Those for derivatives and `vmap` are called on traced arrays, so
    they are written with NumPy functions, or with primitives. All rules also get the keyword
    arguments (`**params`) of the call, which must be hashable.

    Args:
        name: how programs call it. No other primitive may have this name; but your own is replaced
            if it is defined again.
        run: `(*arrays) -> result(s)`: an array, or a tuple of them; the inputs must not be changed.
        types: `(*types) -> type(s)` of the results, for inputs of such `ad.ArrayType`s. By default
            `run` is called on ones, once for each combination of types.
        jvp: `(inputs, tangents) -> (result(s), tangent(s))`, where the tangent of an input that is
            not floating-point is None, and of a result likewise. It must be linear in the tangents.
        transpose: `(ct, i, *inputs) -> cotangent` of input i, in which the primitive is linear;
            inputs in which it is linear have no value, but are `ad.ArrayType`s. It is only needed
            if the primitive is applied to tangents.
        batch: `(size, inputs, mapped) -> result(s)`, where the inputs marked in `mapped` have a
            new first axis, and so have all results. By default a loop over the rows.

    Returns:
        The primitive: a function of arrays, numbers and traced arrays, and of its params.

    Raises:
        ValueError: a primitive of the library has this name.
        MissingRuleError: (when it is needed) the rule for a derivative is missing.
        TypeError: (when it is called) a rule returns something of another type than expected.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> def inner(ct, y):  # the part of a convolution that is not at its ends
        ...     return convolve(ct, y[::-1])[len(y) - 1 : len(ct)]
        >>> convolve = ad.define_primitive(
        ...     "convolve",
        ...     run=np.convolve,
        ...     jvp=lambda xs, dxs: (
        ...         convolve(*xs), convolve(dxs[0], xs[1]) + convolve(xs[0], dxs[1])
        ...     ),
        ...     transpose=lambda ct, i, *xs: inner(ct, xs[1 - i]),
        ... )
        >>> x, kernel = np.arange(4.0), np.array([1.0, -1.0])
        >>> print(ad.grad(lambda x: np.sum(convolve(x, kernel) ** 2))(x))
        [-2.  0.  0.  8.]
    """
    existing = Primitive.named.get(name)
    if not name.isidentifier() or (existing is not None and existing.kind != KIND):
        problem = "is no name" if existing is None else "is the name of a primitive of the library"
        raise ValueError(
            f"define_primitive: {name!r} {problem}.{here()}\n"
            f"Write instead: another name, such as 'my_{name}'"
        )
    for rule, what in ((run, "run"), *((r, "a rule") for r in (types, jvp, transpose, batch) if r)):
        if not callable(rule):
            raise TypeError(f"define_primitive({name!r}): {what} is no function, but {rule!r:.60}")
    return UserPrimitive(name, run, types, jvp, transpose, batch)


class UserPrimitive:
    """What `define_primitive` returns: the rules as the user wrote them, and how they are used.

    Within programs every such primitive gives a tuple.
    """

    def __init__(
        self,
        name: str,
        run: Rule,
        types: Rule | None,
        jvp: Rule | None,
        transpose: Rule | None,
        batch: Rule | None,
    ) -> None:
        self.__name__ = name
        self.rules = {"run": run, "types": types, "jvp": jvp, "transpose": transpose}
        self.rules["batch"] = batch
        self.declared = lru_cache(maxsize=256)(types or partial(tried, run, {}))
        self.primitive = Primitive(
            name,
            types=self._types,
            run=self._run,
            jvp=self._jvp,
            transpose=None if transpose is None else self._transpose,
            batch=self._batch,
            kind=KIND,
            multiple=True,
        )

    def __repr__(self) -> str:
        return f"<primitive {self.__name__}>"

    def __call__(self, *inputs: Any, **params: Any) -> Any:
        """The result(s) on arrays; within a trace an equation."""
        given = [x if hasattr(x, "dtype") else np.asarray(x)[()] for x in inputs]
        if builder_of(given) is None:
            return self.rules["run"](*given, **params)  # type: ignore[misc]
        try:
            many = isinstance(self.declared(*map(type_of, given), **params), tuple | list)
        except TypeError as error:
            if "unhashable" not in str(error):
                raise
            raise TypeError(
                f"{self.__name__} takes arrays by position, and as keyword arguments what is "
                f"hashable.{here()}\nWrite instead: a tuple for a list"
            ) from None
        outs = self.primitive(*given, **params)
        return outs if many else outs[0]

    def _types(self, *types: ArrayType, **params: Any) -> tuple[ArrayType, ...]:
        found = _several(self.declared(*types, **params))
        if not all(isinstance(t, ArrayType) for t in found):
            raise self._error("types", "ad.ArrayType", found)
        return found

    def _run(self, xp: Any, *xs: Any, **params: Any) -> tuple[Any, ...]:
        expected = self._types(*map(type_of, xs), **params)
        ys = _several(self.rules["run"](*xs, **params))  # type: ignore[misc]
        ys = tuple([xp.asarray(y)[()] if not hasattr(y, "dtype") else y for y in ys])
        if [type_of(y) for y in ys] != list(expected):
            raise self._error("run", expected, ys)
        # The program may write over its results, and the inputs are not its own.
        return tuple([y.copy() if any(_may_share(xp, y, x) for x in xs) else y for y in ys])

    def _jvp(self, xs: Any, dxs: Any, **params: Any) -> Any:
        outs = self._types(*map(type_of, xs), **params)
        rule = self.rules["jvp"]
        if not any(t.inexact for t in outs):
            return self.primitive(*xs, **params), [None] * len(outs)
        if rule is None:
            raise self._missing("jvp", "it is differentiated")
        types = [type_of(x) for x in xs]
        tangents = tuple([
            (zeros_like(t) if dx is None else dx) if t.inexact else None
            for t, dx in zip(types, dxs, strict=True)
        ])  # fmt: skip
        with self._guarded("jvp"):
            returned = rule(tuple(xs), tangents, **params)
        moving = [t if t.inexact else None for t in outs]
        if not isinstance(returned, tuple | list) or len(returned) != 2:
            raise self._error("jvp", "(result, its tangent)", returned)
        ys, dys = map(_several, returned)
        return self._fitting("jvp", outs, ys), self._fitting("jvp", moving, dys)

    def _transpose(self, cts: Any, linear: Sequence[bool], *inputs: Any, **params: Any) -> Any:
        rule = self.rules["transpose"]
        assert rule is not None
        many = isinstance(self.declared(*map(_type, inputs), **params), tuple | list)
        ct = tuple(cts) if many else cts[0]
        with self._guarded("transpose"):
            pulled = [rule(ct, i, *inputs, **params) if m else None for i, m in enumerate(linear)]
        expected = [
            _type(x) if m and ct is not None else None
            for x, m, ct in zip(inputs, linear, pulled, strict=True)
        ]
        return self._fitting("transpose", expected, pulled)

    def _batch(self, size: int, xs: Any, mapped: Any, **params: Any) -> Any:
        rule = self.rules["batch"]
        if rule is None:
            return one_by_one(self.primitive, size, xs, mapped, params)
        rows = [
            t.with_shape(t.shape[1:]) if m else t
            for t, m in zip(map(type_of, xs), mapped, strict=True)
        ]
        expected = [t.with_shape((size, *t.shape)) for t in self._types(*rows, **params)]
        with self._guarded("batch"):
            return self._fitting("batch", expected, _several(rule(size, xs, mapped, **params)))

    def _fitting(self, kind: str, types: Sequence[ArrayType | None], given: Any) -> list[Any]:
        """What a rule returned, if it is of these types (None: there is nothing)."""
        if len(given) == len(types):
            ys = [None if t is None else as_type(y, t) for y, t in zip(given, types, strict=True)]
            if all((y is None) == (t is None) for y, t in zip(ys, types, strict=True)):
                return ys
        raise self._error(kind, tuple(types), tuple(given))

    def _error(self, kind: str, expected: Any, given: Any) -> TypeError:
        shown = expected if isinstance(expected, str) else describe(expected)
        return TypeError(
            f"{self._text(kind)} returned something of another type than expected.{here()}\n"
            f"  expected: {shown}\n  given:    {describe(given)}"
        )

    def _missing(self, kind: str, when: str) -> MissingRuleError:
        return MissingRuleError(
            f"the primitive {self.__name__} has no {kind} rule, which is needed when {when}."
            f"{here()}\nWrite instead: `define_primitive({self.__name__!r}, ..., {kind}=...)`"
        )

    def _text(self, kind: str) -> str:
        return rule_text(f"{kind} rule", self.rules[kind] or self.rules["run"], self)  # type: ignore[arg-type]

    @contextmanager
    def _guarded(self, kind: str) -> Iterator[None]:
        """Refuse rules that use arrays other than their inputs: they have no place for them."""
        builder = current_builder()
        before = 0 if builder is None else len(builder.captured)
        yield
        if builder is not None and len(builder.captured) > before:
            raise TypeError(
                f"{self._text(kind)} uses an array that is not among its inputs.{here()}\n"
                "Write instead: make it an input of the primitive; or write a function with "
                "`ad.custom_rule`, whose rules may capture arrays"
            )


def _several(results: Any) -> tuple[Any, ...]:
    return tuple(results) if isinstance(results, tuple | list) else (results,)


def _type(x: Any) -> ArrayType:
    return x if isinstance(x, ArrayType) else type_of(x)


def _may_share(xp: Any, x: Any, y: Any) -> bool:
    return bool(x.shape and y.shape and xp.may_share_memory(x, y))
