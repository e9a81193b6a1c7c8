"""What is known of an array before it exists: its shape and its dtype.

Types are interned (one object for each shape and dtype), so that comparing and hashing them,
which tracing does for every operation, costs no more than comparing two addresses.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from autodiff.ir.source import here

__all__ = ["UNKNOWN", "ArrayType", "Literal", "dtype_name", "literal", "parse_dtype", "type_of"]

# The length of an axis that only the run decides: how many steps a `while_loop` took, say.
UNKNOWN = -1

_SHORT_PREFIX = {"b": "bool", "i": "i", "u": "u", "f": "f", "c": "c"}


class ArrayType:
    """The shape and dtype of an array; equal types are the same object.

    A length is `UNKNOWN` for what the loops of `autodiff.control` keep of each step.
    """

    __slots__ = ("dtype", "shape")
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    _interned: ClassVar[dict[tuple[tuple[int, ...], np.dtype[Any]], ArrayType]] = {}

    def __new__(cls, shape: tuple[int, ...], dtype: Any) -> ArrayType:
        """The one type of this shape and dtype (any spelling of it)."""
        try:
            return cls._interned[shape, dtype]
        except KeyError:
            return cls._intern(tuple(int(d) for d in shape), np.dtype(dtype).newbyteorder("="))

    @classmethod
    def _intern(cls, shape: tuple[int, ...], dtype: np.dtype[Any]) -> ArrayType:
        if dtype.kind not in _SHORT_PREFIX:
            raise TypeError(
                f"autodiff works on numeric arrays, not on arrays of dtype {dtype}.{here()}\n"
                "Write instead: convert the array to a numeric dtype, or keep it out of the traced "
                "function"
            )
        new = object.__new__(cls)
        object.__setattr__(new, "shape", shape)
        object.__setattr__(new, "dtype", dtype)
        return cls._interned.setdefault((shape, dtype), new)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("an ArrayType is immutable; make a new one")

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        return ArrayType, (self.shape, self.dtype)

    def __repr__(self) -> str:
        lengths = ["?" if d == UNKNOWN else str(d) for d in self.shape]
        return f"{dtype_name(self.dtype)}[{','.join(lengths)}]"

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements; an axis of unknown length counts once."""
        return abs(math.prod(self.shape))

    @property
    def nbytes(self) -> int:
        """Bytes that an array of this type takes."""
        return self.size * self.dtype.itemsize

    @property
    def inexact(self) -> bool:
        """Whether a derivative with respect to it exists: a real or complex floating dtype."""
        return self.dtype.kind in "fc"

    def fits(self, wanted: ArrayType) -> bool:
        """Whether it is this type, but for lengths that are not known in `wanted`."""
        return self is wanted or (
            self.dtype == wanted.dtype
            and self.ndim == wanted.ndim
            and all(d in (n, UNKNOWN) for n, d in zip(self.shape, wanted.shape, strict=True))
        )

    def with_shape(self, shape: tuple[int, ...]) -> ArrayType:
        """The same dtype with another shape."""
        return ArrayType(shape, self.dtype)

    def with_dtype(self, dtype: Any) -> ArrayType:
        """The same shape with another dtype."""
        return ArrayType(self.shape, dtype)


class Literal:
    """A scalar constant inside a program, made by `literal`; equal literals are the same object."""

    __slots__ = ("type", "value")

    def __init__(self, value: np.generic, type: ArrayType) -> None:
        self.value, self.type = value, type

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return literal, (self.value, self.type.dtype)

    def __repr__(self) -> str:
        return str(self.value)


_literals: dict[Any, Literal] = {}
_LITERALS_KEPT = 1 << 16
_PYTHON_DTYPES = {c: np.dtype(c) for c in (float, int, complex, bool)}


def literal(value: Any, dtype: Any = None) -> Literal:
    """The literal for a Python or NumPy scalar, of `dtype` or else of the dtype NumPy gives it."""
    dtype = np.dtype(dtype) if dtype is not None else np.asarray(value).dtype
    if dtype.kind == "c":  # the parts may be zeros of either sign, which compare as equal
        return _exact_literal(dtype.type(value), dtype)
    # 0.0 equals -0.0, and NaN does not equal itself: those are told apart by their text.
    key = (dtype, value if value and value == value else repr(float(value)))
    found = _literals.get(key)
    if found is None:
        found = _literals[key] = _exact_literal(dtype.type(value), dtype)
    return found


def _exact_literal(scalar: np.generic, dtype: np.dtype[Any]) -> Literal:
    # By its bytes, since 0.1 and float32(0.1) are different values but one float32.
    key = (dtype, scalar.tobytes())
    found = _literals.get(key)
    if found is None:
        if len(_literals) >= _LITERALS_KEPT:
            _literals.clear()
        found = _literals.setdefault(key, Literal(scalar, ArrayType((), dtype)))
    return found


def type_of(x: Any) -> ArrayType:
    """The type of an array, a scalar, or anything that carries a `type` (tracers, variables)."""
    if type(x) is np.ndarray or isinstance(x, np.generic):
        return ArrayType(x.shape, x.dtype)
    if type(x) in _PYTHON_DTYPES:
        return ArrayType((), _PYTHON_DTYPES[type(x)])
    own = getattr(x, "type", None)
    if isinstance(own, ArrayType):
        return own
    if hasattr(x, "shape") and hasattr(x, "dtype"):
        return ArrayType(tuple(x.shape), x.dtype)
    return ArrayType((), np.asarray(x).dtype)


def dtype_name(dtype: np.dtype[Any]) -> str:
    """The short name of a dtype: `f64`, `i32`, `c128`, `bool`."""
    if dtype.kind == "b":
        return "bool"
    return f"{_SHORT_PREFIX[dtype.kind]}{8 * dtype.itemsize}"


def parse_dtype(name: str) -> np.dtype[Any]:
    """The dtype that `dtype_name` gave this name."""
    if name == "bool":
        return np.dtype(bool)
    if name[:1] not in set("iufc") or not name[1:].isdigit():
        raise ValueError(
            f"unknown dtype {name!r}: expected bool or one of i, u, f, c and a bit width"
        )
    return np.dtype(f"{name[0]}{int(name[1:]) // 8}")
