"""The tracer: what a traced function sees in place of an array.

It speaks NumPy's protocols, and hands every operation to the tables below, which `autodiff.numpy`
fills. A tracer is a handle on a variable: in-place assignment moves it to a new variable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from types import FunctionType
from typing import Any

import numpy as np

from autodiff.errors import NoValueError, UnsupportedFunctionError
from autodiff.ir.types import ArrayType
from autodiff.tracing.builder import Builder
from autodiff.tracing.calls import remembered_call
from autodiff.tracing.values import depends_on_wanted, refuse_escape, value_of_number

__all__ = ["ATTRIBUTES", "FUNCTIONS", "METHODS", "UFUNCS", "Tracer"]

UFUNCS: dict[Any, Callable[..., Any]] = {}  # numpy ufunc -> traced form, called with its operands
UFUNC_METHODS: dict[str, Callable[..., Any]] = {}  # "reduce", "at", ... -> f(ufunc, *args, **kwargs)
FUNCTIONS: dict[Any, Callable[..., Any]] = {}  # numpy function -> traced form, same signature
METHODS: dict[str, Callable[..., Any]] = {}  # ndarray method, "__getitem__", ... -> f(tracer, ...)
ATTRIBUTES: dict[str, Callable[[Any], Any]] = {}  # ndarray attribute -> f(tracer)


class Tracer:
    """Stands for a variable of the program that is being recorded."""

    __slots__ = ("__weakref__", "_alias", "_builder", "_number", "kind", "type")
    __array_priority__ = 1000
    __hash__ = None  # type: ignore[assignment]  # as ndarray: comparison is elementwise

    def __init__(self, builder: Builder, number: int, type: ArrayType) -> None:
        self._builder = builder
        self._number = number
        self.type = type
        # How promotion sees it: as an array of its type, or as a Python scalar (float, int, ...).
        self.kind: Any = type
        self._alias: Any = None  # what it is a view of, and the views of it

    shape = property(lambda self: self.type.shape)
    dtype = property(lambda self: self.type.dtype)
    ndim = property(lambda self: len(self.type.shape))
    size = property(lambda self: self.type.size)

    # ---- NumPy's protocols

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        traced = UFUNCS.get(ufunc)
        if traced is None:
            raise _unsupported(f"{ufunc.__name__} (a ufunc)")
        if method == "__call__" and not kwargs:
            if traced.__class__ is FunctionType:
                return remembered_call(self._builder, Tracer, ufunc, traced, inputs, kwargs)
            return traced(*inputs)
        return UFUNC_METHODS[method](ufunc, *inputs, **kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        traced = FUNCTIONS.get(func)
        if traced is None:
            raise _unsupported(f"{func.__module__}.{func.__name__}")
        return remembered_call(self._builder, Tracer, func, traced, args, kwargs)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return METHODS["__array_namespace__"](self, api_version=api_version)

    def __getattr__(self, name: str) -> Any:
        known = hasattr(np.ndarray, name)
        raise AttributeError(
            f"a traced array has no attribute {name!r}"
            + (", which depends on how an array lies in memory or is not supported" * known)
        )

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *METHODS, *ATTRIBUTES})

    # ---- operators

    def __add__(self, other: Any) -> Any:
        return UFUNCS[np.add](self, other)

    def __radd__(self, other: Any) -> Any:
        return UFUNCS[np.add](other, self)

    def __sub__(self, other: Any) -> Any:
        return UFUNCS[np.subtract](self, other)

    def __rsub__(self, other: Any) -> Any:
        return UFUNCS[np.subtract](other, self)

    def __mul__(self, other: Any) -> Any:
        return UFUNCS[np.multiply](self, other)

    def __rmul__(self, other: Any) -> Any:
        return UFUNCS[np.multiply](other, self)

    def __truediv__(self, other: Any) -> Any:
        return UFUNCS[np.divide](self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return UFUNCS[np.divide](other, self)

    def __floordiv__(self, other: Any) -> Any:
        return UFUNCS[np.floor_divide](self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return UFUNCS[np.floor_divide](other, self)

    def __mod__(self, other: Any) -> Any:
        return UFUNCS[np.remainder](self, other)

    def __rmod__(self, other: Any) -> Any:
        return UFUNCS[np.remainder](other, self)

    def __divmod__(self, other: Any) -> Any:
        return UFUNCS[np.divmod](self, other)

    def __rdivmod__(self, other: Any) -> Any:
        return UFUNCS[np.divmod](other, self)

    def __pow__(self, other: Any) -> Any:
        return remembered_call(self._builder, Tracer, np.power, UFUNCS[np.power], (self, other), {})

    def __rpow__(self, other: Any) -> Any:
        return UFUNCS[np.power](other, self)

    def __matmul__(self, other: Any) -> Any:
        return remembered_call(self._builder, Tracer, np.matmul, UFUNCS[np.matmul], (self, other), {})

    def __rmatmul__(self, other: Any) -> Any:
        return UFUNCS[np.matmul](other, self)

    def __and__(self, other: Any) -> Any:
        return UFUNCS[np.bitwise_and](self, other)

    def __rand__(self, other: Any) -> Any:
        return UFUNCS[np.bitwise_and](other, self)

    def __or__(self, other: Any) -> Any:
        return UFUNCS[np.bitwise_or](self, other)

    def __ror__(self, other: Any) -> Any:
        return UFUNCS[np.bitwise_or](other, self)

    def __xor__(self, other: Any) -> Any:
        return UFUNCS[np.bitwise_xor](self, other)

    def __rxor__(self, other: Any) -> Any:
        return UFUNCS[np.bitwise_xor](other, self)

    def __lshift__(self, other: Any) -> Any:
        return UFUNCS[np.left_shift](self, other)

    def __rlshift__(self, other: Any) -> Any:
        return UFUNCS[np.left_shift](other, self)

    def __rshift__(self, other: Any) -> Any:
        return UFUNCS[np.right_shift](self, other)

    def __rrshift__(self, other: Any) -> Any:
        return UFUNCS[np.right_shift](other, self)

    def __lt__(self, other: Any) -> Any:
        return UFUNCS[np.less](self, other)

    def __le__(self, other: Any) -> Any:
        return UFUNCS[np.less_equal](self, other)

    def __gt__(self, other: Any) -> Any:
        return UFUNCS[np.greater](self, other)

    def __ge__(self, other: Any) -> Any:
        return UFUNCS[np.greater_equal](self, other)

    def __eq__(self, other: Any) -> Any:  # type: ignore[override]
        return UFUNCS[np.equal](self, other)

    def __ne__(self, other: Any) -> Any:  # type: ignore[override]
        return UFUNCS[np.not_equal](self, other)

    def __neg__(self) -> Any:
        return UFUNCS[np.negative](self)

    def __pos__(self) -> Any:
        return UFUNCS[np.positive](self)

    def __abs__(self) -> Any:
        return UFUNCS[np.absolute](self)

    def __invert__(self) -> Any:
        return UFUNCS[np.invert](self)

    # ---- in-place forms: the handle moves, so that every name for this array sees the change

    def __iadd__(self, other: Any) -> Any:
        return METHODS["__inplace__"](self, np.add, other)

    def __isub__(self, other: Any) -> Any:
        return METHODS["__inplace__"](self, np.subtract, other)

    def __imul__(self, other: Any) -> Any:
        return METHODS["__inplace__"](self, np.multiply, other)

    def __itruediv__(self, other: Any) -> Any:
        return METHODS["__inplace__"](self, np.divide, other)

    def __ifloordiv__(self, other: Any) -> Any:
        return METHODS["__inplace__"](self, np.floor_divide, other)

    def __imod__(self, other: Any) -> Any:
        return METHODS["__inplace__"](self, np.remainder, other)

    def __ipow__(self, other: Any) -> Any:
        return METHODS["__inplace__"](self, np.power, other)

    def __imatmul__(self, other: Any) -> Any:
        return METHODS["__inplace__"](self, np.matmul, other)

    def __iand__(self, other: Any) -> Any:
        return METHODS["__inplace__"](self, np.bitwise_and, other)

    def __ior__(self, other: Any) -> Any:
        return METHODS["__inplace__"](self, np.bitwise_or, other)

    def __ixor__(self, other: Any) -> Any:
        return METHODS["__inplace__"](self, np.bitwise_xor, other)

    def __ilshift__(self, other: Any) -> Any:
        return METHODS["__inplace__"](self, np.left_shift, other)

    def __irshift__(self, other: Any) -> Any:
        return METHODS["__inplace__"](self, np.right_shift, other)

    def __getitem__(self, index: Any) -> Any:
        return METHODS["__getitem__"](self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        METHODS["__setitem__"](self, index, value)

    # ---- questions for the value

    def __len__(self) -> int:
        if not self.type.shape:
            raise TypeError("len() of unsized object")
        return self.type.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if not self.type.shape:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(self.type.shape[0]))

    def __contains__(self, x: Any) -> bool:
        return bool((self == x).any())

    def __bool__(self) -> bool:
        return bool(self._value("the truth of a traced value (`if`, `while`, `and`, `not`)"))

    def __int__(self) -> int:
        return int(self._exit("int(x)", "`np.floor(x)`, or keep `x` an array"))

    def __index__(self) -> int:
        if self.type.dtype.kind not in "iu":
            raise TypeError("only integer scalar arrays can be converted to a scalar index")
        return int(self._value("a traced value used as an index or a count"))

    def __float__(self) -> float:
        return float(self._exit("float(x) (or a function of `math`)", "`x` itself, and `np.sin` for `math.sin`"))

    def __complex__(self) -> complex:
        return complex(self._exit("complex(x)", "`x` itself, or `x.astype(complex)`"))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        instead = "`x` itself; for an array of several values, `np.stack([...])`, or `np.zeros(n, like=x)` before assigning"
        value = self._exit("np.asarray(x), np.array([x, ...]) or assignment into a plain array", instead)
        return np.array(value, dtype=dtype)

    def item(self, *index: int) -> Any:
        """The value as a Python scalar, unless a gradient would be lost."""
        return self._exit("x.item()", "`x` itself, or `x[index]`").item(*index)

    def tolist(self) -> Any:
        """The value as nested lists, unless a gradient would be lost."""
        return self._exit("x.tolist()", "`x` itself, or `list(x)`").tolist()

    def __repr__(self) -> str:
        try:
            return f"traced {self.type} = {self._value('print')}"
        except NoValueError:
            return f"traced {self.type}"

    def __format__(self, spec: str) -> str:
        return format(self._value("formatting a traced value"), spec) if spec else str(self)

    def _value(self, asked: str) -> Any:
        return value_of_number(self._builder, self._number, asked)

    def _exit(self, asked: str, instead: str) -> Any:
        """The value, for good: refused where a derivative would have to follow it."""
        if depends_on_wanted(self._builder, self._number):
            refuse_escape(self._builder, asked, instead)
        return self._value(asked)


def remembering(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    """The method of tracers that does what `method` does, or did when it was called like this before."""

    @wraps(method)
    def remembered(self: Tracer, *args: Any, **kwargs: Any) -> Any:
        return remembered_call(self._builder, Tracer, name, method, (self, *args), kwargs)

    return remembered


def _unsupported(name: str) -> UnsupportedFunctionError:
    return UnsupportedFunctionError(
        f"{name} has no traced form. Compose it from functions that have one (see docs/coverage.md), "
        "wrap it with a rule of your own, or call it on `ad.stop_gradient(x)` values outside the traced function"
    )
