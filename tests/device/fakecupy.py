"""A stand-in for CuPy, with its manners but on the host: it finds accidental NumPy calls anywhere.

Its arrays are opaque. A NumPy function that meets one raises, and so does whatever real CuPy
refuses: operands that are NumPy arrays, implicit conversions, names, keywords and dtypes that CuPy
lacks (see `cupy_api.json`). Where CuPy differs silently, the stand-in does too, in the least
convenient way: an element of an array is a view of it, reductions give 0-d arrays, memory that is
not initialised holds NaN, indices out of bounds wrap around, and of several writes to one place the
*first* one stays.

Two things that real CuPy would accept count as mistakes: NumPy functions called on device arrays (a
detour of several microseconds), and functions on nothing but host scalars.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from tests.device import cupy_indexing

__all__ = ["API", "NAME", "Counter", "library", "ndarray"]

NAME = "fakecupy"
API = json.loads(Path(__file__).with_name("cupy_api.json").read_text())


class Counter:
    """How often the host has waited for the device."""

    syncs = 0


# ---- to and from the arrays behind


def wrap(x: Any) -> Any:
    """Host results as device arrays; what is no array stays."""
    if isinstance(x, np.ndarray | np.generic):
        return ndarray(np.asarray(x))
    return tuple([wrap(e) for e in x]) if isinstance(x, tuple | list) else x


def unwrap(x: Any) -> Any:
    """The host arrays behind device arrays, for what may not be a host array itself."""
    if isinstance(x, ndarray):
        return x.host
    if isinstance(x, np.ndarray | range):
        raise TypeError(f"Unsupported type {type(x)}")
    return type(x)(map(unwrap, x)) if type(x) in (tuple, list) else x


def silently(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """A device does not warn of a division by zero, an overflow or a cast that loses something."""
    with np.errstate(all="ignore"):
        return function(*args, **kwargs)


def call(function: Callable[..., Any], accepts: list[str], args: Any, kwargs: Any) -> Any:
    """Call a host function in place of one of CuPy's that has these parameters."""
    unknown = kwargs.keys() - set(accepts)
    if unknown or (len(args) > len(accepts) and not any(p.startswith("*") for p in accepts)):
        name = function.__name__
        raise TypeError(f"{name}() takes {accepts}, not {len(args)} and {sorted(unknown)}")
    host_kwargs = {name: unwrap(x) for name, x in kwargs.items()}
    return wrap(silently(function, *map(unwrap, args), **host_kwargs))


def holds_device_array(x: Any) -> bool:
    if isinstance(x, tuple | list):
        return any(map(holds_device_array, x))
    return isinstance(x, ndarray)


# ---- arrays


class ndarray:
    """An array on the device."""

    __slots__ = ("__weakref__", "host")
    __array_priority__ = 100
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, host: np.ndarray) -> None:
        assert type(host) is np.ndarray
        self.host = host

    shape = property(lambda self: self.host.shape)
    dtype = property(lambda self: self.host.dtype)
    ndim = property(lambda self: self.host.ndim)
    size = property(lambda self: self.host.size)

    # What NumPy calls. With operands that neither NumPy nor CuPy knows, it is for those to answer.

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise TypeError("Implicit conversion to a NumPy array is not allowed")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if any(_is_foreign(x) for x in inputs):
            return NotImplemented
        if method == "__call__" and any(isinstance(x, np.generic) for x in inputs):
            return getattr(library, ufunc.__name__)(*inputs, **kwargs)  # scalar + array
        raise TypeError(f"numpy.{ufunc.__name__} reached a device array")

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if not all(issubclass(t, np.ndarray | ndarray) for t in types):
            return NotImplemented
        raise TypeError(f"numpy.{function.__name__} reached a device array")

    # What makes the host wait.

    def get(self) -> np.ndarray:
        Counter.syncs += 1
        return self.host.copy()

    def item(self, *index: int) -> Any:
        return self.get().item(*index)

    def tolist(self) -> Any:
        return self.get().tolist()

    def __bool__(self) -> bool:
        return bool(self.get())

    def __int__(self) -> int:
        return int(self.get())

    def __float__(self) -> float:
        return float(self.get())

    def __complex__(self) -> complex:
        return complex(self.get())

    def __repr__(self) -> str:
        return repr(self.get())

    def __format__(self, spec: str) -> str:
        return format(self.get(), spec)

    # Attributes and methods.

    def __getattr__(self, name: str) -> Any:
        if name in API["methods"]:
            method, accepts = getattr(self.host, name), API["methods"][name]
            return lambda *args, **kwargs: call(method, accepts, args, kwargs)
        if name in API["attributes"]:
            attribute = getattr(self.host, name)
            return ndarray(attribute) if name in ("T", "mT") else attribute
        raise AttributeError(f"cupy.ndarray {API['version']} has no attribute {name!r}")

    @property
    def real(self) -> ndarray:
        return ndarray(self.host.real)

    @real.setter
    def real(self, value: Any) -> None:
        self.host.real = unwrap(value)

    @property
    def imag(self) -> ndarray:
        return ndarray(self.host.imag)

    @imag.setter
    def imag(self, value: Any) -> None:
        self.host.imag = unwrap(value)

    def take(self, indices: Any, axis: Any = None) -> ndarray:
        found = self.host.take(_host_index(indices), axis=axis, mode="wrap")
        return ndarray(np.array(found))

    def __len__(self) -> int:
        return len(self.host)

    def __iter__(self) -> Iterator[ndarray]:
        return (self[i] for i in range(len(self.host)))

    def _normal(self, index: Any) -> Any:
        index = cupy_indexing.normal(_host_index(index), self.host.shape)
        Counter.syncs += cupy_indexing.asks_for_values(index)
        return index

    def __getitem__(self, index: Any) -> ndarray:
        return ndarray(self.host[self._normal(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        cupy_indexing.assign(self.host, self._normal(index), unwrap(value))


ndarray.__module__ = NAME


def _is_foreign(x: Any) -> bool:
    """Whether `x` has ideas of its own about NumPy's ufuncs (a tracer has)."""
    known = issubclass(type(x), np.ndarray | np.generic | ndarray | int | float | complex)
    return not known and hasattr(x, "__array_ufunc__")


def _host_index(index: Any) -> Any:
    """The index on the host. Index arrays may come from there: CuPy sends them to the device."""
    if isinstance(index, tuple):
        return tuple(map(_host_index, index))
    return index.host if isinstance(index, ndarray) else index


def _binary(name: str, symbol: str) -> None:
    """The operator, the reflected one and the in-place one that stand for a ufunc."""

    def straight(self: ndarray, other: Any) -> Any:
        if _is_foreign(other):
            return other.__array_ufunc__(getattr(np, name), "__call__", self, other)
        return getattr(library, name)(self, other)

    def reflected(self: ndarray, other: Any) -> Any:
        return getattr(library, name)(other, self)

    def in_place(self: ndarray, other: Any) -> Any:
        self.host[...] = getattr(library, name)(self, other).host
        return self

    setattr(ndarray, f"__{symbol}__", straight)
    setattr(ndarray, f"__r{symbol}__", reflected)
    setattr(ndarray, f"__i{symbol}__", in_place)


def _comparison(name: str, symbol: str) -> None:
    def compare(self: ndarray, other: Any) -> Any:
        if _is_foreign(other):
            return other.__array_ufunc__(getattr(np, name), "__call__", self, other)
        return getattr(library, name)(self, other)

    setattr(ndarray, f"__{symbol}__", compare)


def _unary(name: str, symbol: str) -> None:
    setattr(ndarray, f"__{symbol}__", lambda self: getattr(library, name)(self))


for _name, _symbol in {
    "add": "add", "subtract": "sub", "multiply": "mul", "true_divide": "truediv",
    "floor_divide": "floordiv", "remainder": "mod", "power": "pow", "matmul": "matmul",
    "bitwise_and": "and", "bitwise_or": "or", "bitwise_xor": "xor", "left_shift": "lshift",
    "right_shift": "rshift",
}.items():  # fmt: skip
    _binary(_name, _symbol)
for _name, _symbol in {
    "equal": "eq", "not_equal": "ne", "less": "lt", "less_equal": "le", "greater": "gt",
    "greater_equal": "ge",
}.items():  # fmt: skip
    _comparison(_name, _symbol)
for _name, _symbol in {
    "negative": "neg", "positive": "pos", "absolute": "abs", "invert": "invert",
}.items():  # fmt: skip
    _unary(_name, _symbol)


# ---- ufuncs: CuPy's choice of dtypes, NumPy's numbers


class ufunc:
    """A ufunc with the dtype loops that CuPy has for it."""

    def __init__(self, name: str, loops: str) -> None:
        self.__name__ = name
        self.loops = [tuple(loop.split("->")) for loop in loops.split()]

    def __call__(self, *args: Any, out: ndarray | None = None) -> Any:
        if not any(isinstance(x, ndarray) for x in args):
            raise TypeError(f"cupy.{self.__name__} is a detour for host values {args}")
        inputs = [unwrap(x) for x in args]
        ins, outs = self._loop(inputs)
        converted = [np.asarray(x).astype(char) for x, char in zip(inputs, ins, strict=True)]
        results = silently(getattr(np, self.__name__), *converted)
        if out is not None:
            np.copyto(unwrap(out), np.asarray(results).astype(outs), casting="same_kind")
            return out
        if len(outs) == 1:
            return wrap(np.asarray(results).astype(outs))
        return tuple([wrap(np.asarray(r).astype(c)) for r, c in zip(results, outs, strict=True)])

    def _loop(self, inputs: list[Any]) -> tuple[str, str]:
        """The first loop that takes the operands without loss; Python numbers adapt."""
        for ins, outs in self.loops:
            if len(ins) == len(inputs) and all(map(_fits, inputs, ins)):
                return ins, outs
        given = [x.dtype.char if hasattr(x, "dtype") else type(x).__name__ for x in inputs]
        raise TypeError(f"Wrong type {given} of arguments for cupy_{self.__name__}")

    def at(self, a: ndarray, indices: Any, b: Any) -> None:
        """Only addition, and only for dtypes with an atomic one."""
        if self.__name__ != "add" or a.dtype.char not in "iIlqLQefd":
            raise TypeError(f"cupy.{self.__name__}.at does not support {a.dtype}")
        np.add.at(a.host, a._normal(indices), unwrap(b))


def _fits(x: Any, char: str) -> bool:
    if isinstance(x, np.ndarray | np.generic):
        return np.can_cast(x.dtype, char, "safe")
    kinds = {bool: "?iufc", int: "iufc", float: "fc", complex: "c"}
    return np.dtype(char).kind in kinds[type(x)].replace("?", "b")


# ---- the module


class Library(ModuleType):
    """The module: functions of NumPy on the arrays behind, as far as CuPy has them."""

    ndarray = ndarray
    creators = frozenset(
        ["array", "asarray", "arange", "empty", "eye", "full", "identity", "linspace", "ones",
         "result_type", "tri", "zeros"]
    )  # fmt: skip
    joiners = frozenset(["column_stack", "concatenate", "dstack", "hstack", "stack", "vstack"])

    def __getattr__(self, name: str) -> Any:
        if name in API["ufuncs"]:
            made: Any = ufunc(name, API["ufuncs"][name])
        elif name in API["shared"]:
            made = getattr(np, name)
        elif name in API["functions"]:
            made = self._function(name)
        else:
            raise AttributeError(f"cupy {API['version']} has no attribute {name!r}")
        setattr(self, name, made)
        return made

    def _function(self, name: str) -> Callable[..., Any]:
        host, accepts = getattr(np, name), API["functions"][name]

        def function(*args: Any, **kwargs: Any) -> Any:
            if name in self.joiners:
                acceptable = all(isinstance(x, ndarray) for x in args[0])
            elif name == "broadcast_arrays":
                acceptable = all(isinstance(x, ndarray) for x in args)
            else:
                acceptable = name in self.creators or holds_device_array([*args, *kwargs.values()])
            if not acceptable:
                raise TypeError(f"cupy.{name} takes arrays on the device, not {args}, {kwargs}")
            return call(host, accepts, args, kwargs)

        return function

    def array(self, obj: Any, dtype: Any = None, copy: bool = True, order: str = "K") -> ndarray:
        """The one way for host arrays to the device."""
        return ndarray(np.array(_host_index(obj), dtype=dtype, order=order))

    def asarray(self, a: Any, dtype: Any = None) -> ndarray:
        same = isinstance(a, ndarray) and (dtype is None or a.dtype == dtype)
        return a if same else self.array(a, dtype)

    def asnumpy(self, a: ndarray) -> np.ndarray:
        return a.get()

    def broadcast(self, *arrays: Any) -> Any:
        shapes = [getattr(a, "shape", ()) for a in arrays]
        return SimpleNamespace(shape=np.broadcast_shapes(*shapes))

    def empty(self, shape: Any, dtype: Any = float) -> ndarray:
        """Memory with something in it that shows: NaN, or a large number."""
        host = np.empty(shape, dtype)
        host.fill(np.nan if host.dtype.kind in "fc" else 1 if host.dtype.kind == "b" else 99)
        return ndarray(host)

    def empty_like(self, a: ndarray) -> ndarray:
        return self.empty(a.shape, a.dtype)

    def where(self, condition: ndarray, x: Any, y: Any) -> ndarray:
        """A ufunc in CuPy, in all but the name."""
        char = np.result_type(*[getattr(v, "dtype", v) for v in (x, y)]).char
        host = np.where(unwrap(condition.astype("?")), unwrap(x), unwrap(y))
        return ndarray(host.astype(char))

    def matmul(self, a: Any, b: Any) -> ndarray:
        return wrap(silently(operator.matmul, unwrap(a), unwrap(b)))

    @property
    def linalg(self) -> Any:
        return SimpleNamespace(**{name: _linalg(name) for name in LINALG})


# What `cupy.linalg` has.
LINALG = (
    "cholesky", "det", "eigh", "eigvalsh", "inv", "lstsq", "matrix_rank", "norm", "pinv", "qr",
    "slogdet", "solve", "svd",
)  # fmt: skip


def _linalg(name: str) -> Callable[..., Any]:
    """NumPy raises for a singular matrix; CuPy does not wait to see whether it is one."""
    host = getattr(np.linalg, name)

    def function(a: ndarray, *args: Any, **kwargs: Any) -> Any:
        if not all(isinstance(x, ndarray | str | int | tuple) for x in (a, *args)):
            raise TypeError(f"cupy.linalg.{name} takes arrays on the device, not {(a, *args)}")
        others = [unwrap(x) for x in args]
        try:
            return wrap(silently(host, unwrap(a), *others, **kwargs))
        except np.linalg.LinAlgError:
            regular = np.broadcast_to(np.eye(*a.shape[-2:], dtype=a.dtype), a.shape)
            return _filled(wrap(host(regular, *others, **kwargs)))

    return function


def _filled(x: Any) -> Any:
    """The same arrays, but that all they hold is NaN."""
    if isinstance(x, tuple):
        return tuple([_filled(part) for part in x])
    return ndarray(np.full_like(x.host, np.nan))


library = Library(NAME)
