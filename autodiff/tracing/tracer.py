"""The tracer: what a traced function sees in place of an array.

It speaks NumPy's protocols, and hands every operation to the tables below, which `autodiff.numpy`
fills. A tracer is a handle on a variable: in-place assignment moves it to a new variable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import numpy as np

from autodiff.errors import NoValueError, UnsupportedFunctionError
from autodiff.ir.source import here
from autodiff.ir.types import ArrayType
from autodiff.tracing.builder import Builder
from autodiff.tracing.calls import remembered_call
from autodiff.tracing.foreign_calls import called_now
from autodiff.tracing.on_demand import find_or_load
from autodiff.tracing.values import depends_on_wanted, refuse_escape, value_of_number

__all__ = ["ATTRIBUTES", "CONSTRUCTORS", "FUNCTIONS", "METHODS", "UFUNCS", "Tracer"]

UFUNCS: dict[Any, Callable[..., Any]] = {}  # numpy ufunc -> traced form, called with its operands
UFUNC_METHODS: dict[
    str, Callable[..., Any]
] = {}  # "reduce", "at", ... -> f(ufunc, *args, **kwargs)
FUNCTIONS: dict[Any, Callable[..., Any]] = {}  # numpy function -> traced form, same signature
METHODS: dict[str, Callable[..., Any]] = {}  # ndarray method, "__getitem__", ... -> f(tracer, ...)
ATTRIBUTES: dict[str, Callable[[Any], Any]] = {}  # ndarray attribute -> f(tracer)
# "array", ... -> traced form of what in NumPy knows no protocol; see `constructors`
CONSTRUCTORS: dict[str, Any] = {}


def _operator(ufunc: Any) -> Callable[[Any, Any], Any]:
    """`x + y`, with the tracer on the left."""

    def operator(self: Any, other: Any) -> Any:
        try:
            return remembered_call(self, ufunc, UFUNCS[ufunc], (self, other))
        except TypeError:
            if getattr(other, "__array_ufunc__", self) is None:  # it has operators of its own
                return NotImplemented
            raise

    return operator


def _reflected(ufunc: Any) -> Callable[[Any, Any], Any]:
    """`y + x`, with the tracer on the right."""

    def operator(self: Any, other: Any) -> Any:
        return remembered_call(self, ufunc, UFUNCS[ufunc], (other, self))

    return operator


def _unary(ufunc: Any) -> Callable[[Any], Any]:
    return lambda self: remembered_call(self, ufunc, UFUNCS[ufunc], (self,))


def _in_place(ufunc: Any) -> Callable[[Any, Any], Any]:
    return lambda self, other: METHODS["__inplace__"](self, ufunc, other)


def _kept(attribute: str, instead: str) -> Callable[[Any, Any], None]:
    """What refuses `x.shape = ...`."""

    def refuse(self: Any, value: Any) -> None:
        raise AttributeError(
            f"the {attribute} of a traced array cannot be set.{here()}\n"
            f"Write instead: `x = {instead}`"
        )

    return refuse


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

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """What `isinstance` sees: code that asks whether this is an array is told that it is."""
        return np.ndarray if self.type.shape else Tracer

    shape = property(lambda self: self.type.shape, _kept("shape", "x.reshape(...)"))
    dtype = property(lambda self: self.type.dtype, _kept("dtype", "x.astype(...)"))
    ndim = property(lambda self: len(self.type.shape))
    size = property(lambda self: self.type.size)

    # ---- NumPy's protocols

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        traced = UFUNCS.get(ufunc) or find_or_load(UFUNCS, ufunc)
        if traced is None:
            raise _unsupported(f"{ufunc.__name__} (a ufunc)")
        if method != "__call__" or kwargs:
            return UFUNC_METHODS[method](ufunc, *inputs, **kwargs)
        result = remembered_call(self, ufunc, traced, inputs)
        if type(result) is Tracer and result.kind is not result.type:
            # `2.0 + x` of Python numbers is one, but `np.add(2.0, x)` is a NumPy scalar.
            return Tracer(result._builder, result._number, result.type)
        return result

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        traced = FUNCTIONS.get(func) or find_or_load(FUNCTIONS, func)
        if traced is None:
            raise _unsupported(f"{func.__module__}.{func.__name__}")
        return remembered_call(self, func, traced, args, kwargs)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return METHODS["__array_namespace__"](self, api_version=api_version)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or not hasattr(np.ndarray, name):  # asked often, to no harm
            raise AttributeError(f"a traced array has no attribute {name!r}")
        instead = called_now() or (
            "a function of the elements, such as `x.reshape(...)`, "
            "`np.lib.stride_tricks.sliding_window_view(x, n)`, `np.resize` or `x.astype(...)`"
        )
        raise AttributeError(
            f"a traced array has no attribute {name!r}, since that depends on how an array lies in "
            f"memory. Write instead: {instead}"
        )

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *METHODS, *ATTRIBUTES})

    # ---- operators

    __add__, __radd__ = _operator(np.add), _reflected(np.add)
    __sub__, __rsub__ = _operator(np.subtract), _reflected(np.subtract)
    __mul__, __rmul__ = _operator(np.multiply), _reflected(np.multiply)
    __truediv__, __rtruediv__ = _operator(np.divide), _reflected(np.divide)
    __floordiv__, __rfloordiv__ = _operator(np.floor_divide), _reflected(np.floor_divide)
    __mod__, __rmod__ = _operator(np.remainder), _reflected(np.remainder)
    __divmod__, __rdivmod__ = _operator(np.divmod), _reflected(np.divmod)
    __rpow__ = _reflected(np.power)  # `__pow__` is one of METHODS
    __matmul__, __rmatmul__ = _operator(np.matmul), _reflected(np.matmul)
    __and__, __rand__ = _operator(np.bitwise_and), _reflected(np.bitwise_and)
    __or__, __ror__ = _operator(np.bitwise_or), _reflected(np.bitwise_or)
    __xor__, __rxor__ = _operator(np.bitwise_xor), _reflected(np.bitwise_xor)
    __lshift__, __rlshift__ = _operator(np.left_shift), _reflected(np.left_shift)
    __rshift__, __rrshift__ = _operator(np.right_shift), _reflected(np.right_shift)

    __lt__ = _operator(np.less)
    __le__ = _operator(np.less_equal)
    __gt__ = _operator(np.greater)
    __ge__ = _operator(np.greater_equal)
    __eq__ = _operator(np.equal)
    __ne__ = _operator(np.not_equal)

    __neg__ = _unary(np.negative)
    __pos__ = _unary(np.positive)
    __abs__ = _unary(np.absolute)
    __invert__ = _unary(np.invert)

    # In place, the handle moves, so that every name for this array sees the change.
    __iadd__ = _in_place(np.add)
    __isub__ = _in_place(np.subtract)
    __imul__ = _in_place(np.multiply)
    __itruediv__ = _in_place(np.divide)
    __ifloordiv__ = _in_place(np.floor_divide)
    __imod__ = _in_place(np.remainder)
    __ipow__ = _in_place(np.power)
    __imatmul__ = _in_place(np.matmul)
    __iand__ = _in_place(np.bitwise_and)
    __ior__ = _in_place(np.bitwise_or)
    __ixor__ = _in_place(np.bitwise_xor)
    __ilshift__ = _in_place(np.left_shift)
    __irshift__ = _in_place(np.right_shift)

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
        self._check_convertible(bool)
        return bool(self._value("the truth of a traced value (`if`, `while`, `and`, `not`)"))

    def __int__(self) -> int:
        self._check_convertible(int)
        return int(self._exit("int(x)", "`np.floor(x)`, or keep `x` an array"))

    def __index__(self) -> int:
        if self.type.dtype.kind not in "iu" or self.type.shape:
            raise TypeError("only integer scalar arrays can be converted to a scalar index")
        return int(self._value("a traced value used as an index or a count"))

    def __float__(self) -> float:
        self._check_convertible(float)
        asked = "float(x), a function of `math`, np.fromiter or assignment into a plain array"
        instead = "`x` itself; `np.sin` for `math.sin`; `np.zeros(n, like=x)` to assign into"
        return float(self._exit(asked, instead))

    def __complex__(self) -> complex:
        self._check_convertible(complex)
        return complex(self._exit("complex(x)", "`x` itself, or `x.astype(complex)`"))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        instead = (
            "`np.array([...])` of the list first, where a list of traced values is given to a "
            "function of NumPy's (or `np.stack([...])`); `x` itself, where it is one; "
            "`np.zeros(n, like=x)` before assigning"
        )
        asked = "np.asarray(x), np.array([x, ...]) or assignment into a plain array"
        if self.type.dtype.kind in "biu":
            asked = f"`arr[x]` of a plain array (write `ad.numpy.asarray(arr)[x]`), {asked}"
        value = self._exit(asked, instead)
        array = np.array(value, dtype=dtype, copy=copy)
        if array is value:  # which the trace goes on using; a change of it would go unseen
            array = array.view()
            array.flags.writeable = False
        return array

    def __round__(self, ndigits: int | None = None) -> Any:
        if ndigits is None:
            return round(self._exit("round(x)", "`np.round(x)`"))
        return METHODS["round"](self, ndigits)

    def item(self, *index: int) -> Any:
        """The value as a Python scalar, unless a gradient would be lost."""
        return self._exit("x.item()", "`x` itself, or `x[index]`").item(*index)

    def tolist(self) -> Any:
        """The value as nested lists, unless a gradient would be lost."""
        return self._exit("x.tolist()", "`x` itself, or `list(x)`").tolist()

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Pickle the value, unless a gradient would be lost."""
        asked = "pickle.dumps(x), which libraries for several processes call,"
        return self._exit(asked, "`ad.value_of(x)`, or `x` itself").__reduce_ex__(protocol)

    def __repr__(self) -> str:
        try:
            return f"traced {self.type} = {self._value('print')}"
        except NoValueError:
            return f"traced {self.type}"

    def __format__(self, spec: str) -> str:
        return format(self._value("formatting a traced value"), spec) if spec else str(self)

    def _check_convertible(self, scalar: type) -> None:
        """Raise NumPy's own error if it makes no such scalar of an array of this shape."""
        if self.type.size != 1:
            scalar(np.broadcast_to(np.False_, self.type.shape))

    def _value(self, asked: str) -> Any:
        return value_of_number(self._builder, self._number, asked)

    def _exit(self, asked: str, instead: str) -> Any:
        """The value, for good: refused where a derivative would have to follow it."""
        self._builder.made = True
        if depends_on_wanted(self._builder, self._number):
            refuse_escape(self._builder, asked, instead)
        return self._value(asked)


def remembering(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    """The method of tracers that does what `method` does, or did when called like this before."""

    @wraps(method)
    def remembered(self: Tracer, *args: Any, **kwargs: Any) -> Any:
        return remembered_call(self, name, method, (self, *args), kwargs)

    return remembered


def _unsupported(name: str) -> UnsupportedFunctionError:
    return UnsupportedFunctionError(
        f"{name} has no traced form.{here()}\n"
        "Write instead: a composition of functions that have one (mapped by `ad.vmap`, if it is "
        "one of numbers); or, where no gradient is wanted, call it on `ad.value_of(x)`"
    )
