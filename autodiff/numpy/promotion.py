"""NumPy's promotion and broadcasting, decided while tracing and written into the program.

The program itself knows neither: a conversion is a `convert`, a repeated axis a `broadcast`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.arrays import is_device_array, is_device_class
from autodiff.errors import EscapeError
from autodiff.ir.source import here
from autodiff.ir.types import ArrayType, literal, type_of
from autodiff.primitives.algebra import broadcast
from autodiff.primitives.arithmetic import convert as convert_dtype
from autodiff.primitives.structure import reshape
from autodiff.tracing.bind import atom
from autodiff.tracing.builder import Builder
from autodiff.tracing.script import Number
from autodiff.tracing.tracer import Tracer

__all__ = [
    "SPECIAL", "as_operand", "broadcast_shapes", "broadcast_to", "convert", "is_operand", "kind_of",
    "operand_atom", "result_dtype",
]  # fmt: skip

Kind = ArrayType | type  # an array of a type, or a Python scalar of a class (which promotes weakly)
PYTHON_SCALARS = (bool, int, float, complex)


class _OperandClasses(dict[type, bool]):
    """Whether values of a class can be operands as they are; decided once for each class."""

    def __missing__(self, cls: type) -> bool:
        known = cls is np.ndarray or issubclass(cls, np.generic | int | float | complex)
        self[cls] = known = known or is_device_class(cls)
        return known


_operand_classes = _OperandClasses()


def is_operand(x: Any) -> bool:
    """Whether `x` is an array or a number (and not a list, say, that must be made one)."""
    return _operand_classes[type(x)]


def kind_of(x: Any) -> Kind:
    """What promotion sees of `x`: the type of an array, or the class of a Python scalar."""
    if type(x) is np.ndarray:
        return ArrayType(x.shape, x.dtype)
    if type(x) is Tracer:
        return x.kind
    if type(x) in PYTHON_SCALARS:
        return type(x)
    if isinstance(x, np.generic) or is_device_array(x):
        return type_of(x)
    for cls in PYTHON_SCALARS:
        if isinstance(x, cls):
            return cls
    raise TypeError(
        f"a traced array cannot be combined with {type(x).__name__} {x!r:.60}{here()}\n"
        "Write instead: a number, or an array of numbers"
    )


def as_operand(x: Any) -> Any:
    """`x` itself if it is a tracer, an array or a scalar; lists and tuples become arrays."""
    if type(x) in (Tracer, np.ndarray) or isinstance(x, np.generic | int | float | complex):
        return x
    if isinstance(x, list | tuple):
        return _from_sequence(x)
    if isinstance(x, np.ndarray):
        return _of_base_class(x)
    return x if is_device_array(x) or not hasattr(x, "__array__") else np.asarray(x)


# By name, since looking at `np.ma` imports it, which takes as long as much of this library.
SPECIAL = {
    "MaskedArray": "`np.where(mask, 0, x)` and the like, or `where=mask` of ufuncs and sums, "
    "or `np.nansum(x)`",
    "matrix": "an array, and `x @ y` for the product",
    "recarray": "a dict of arrays, or a NamedTuple",
}


def instead_of(cls: type[np.ndarray[Any, Any]]) -> str:
    """What to write instead of an array of a subclass that has arithmetic of its own."""
    return SPECIAL.get(_special_class(cls), "a plain array")


def _special_class(cls: type) -> str:
    """The name of NumPy's class with arithmetic of its own that `cls` is, or the empty text."""
    names = [base.__name__ for base in cls.__mro__ if base.__module__.startswith("numpy")]
    return next((name for name in names if name in SPECIAL), "")


def _of_base_class(x: np.ndarray[Any, Any]) -> Any:
    """An array of a subclass (`np.memmap`) as a plain one, unless it has arithmetic of its own."""
    if _special_class(type(x)):
        raise TypeError(
            f"a traced array cannot be combined with a {type(x).__name__}.{here()}\n"
            f"Write instead: {instead_of(type(x))}"
        )
    return x.view(np.ndarray)


def _from_sequence(x: Sequence[Any]) -> Any:
    try:
        return np.asarray(x)
    except EscapeError:
        raise EscapeError(
            "a list that holds traced values stands where an array is expected. "
            "Write instead: `np.stack([...])` of the values"
        ) from None


def result_dtype(*operands: Any) -> np.dtype[Any]:
    """The dtype that NumPy promotes the operands to (Python scalars are weak)."""
    kinds = [kind_of(x) for x in operands]
    return np.result_type(*[k.dtype if isinstance(k, ArrayType) else k(0) for k in kinds])


def convert(x: Any, dtype: Any) -> Any:
    """`x.astype(dtype)`; Python scalars become NumPy scalars."""
    dtype = np.dtype(dtype)
    if type(x) is Tracer:
        return x if x.type.dtype == dtype else convert_dtype(x, dtype=dtype)
    return dtype.type(x) if isinstance(x, PYTHON_SCALARS) else x.astype(dtype, copy=False)


def broadcast_shapes(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The common shape, or NumPy's error."""
    first = shapes[0]
    if all(s == first for s in shapes):
        return first
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        shown = " ".join([str(s) for s in shapes if s])
        raise ValueError(
            f"operands could not be broadcast together with shapes {shown}{here()}\n"
            "Shapes are aligned at their last axes, where they must be equal or 1. Write instead: "
            "`x[:, None]` to add an axis, `x.T` or `x.reshape(...)` to change the order "
            "or the shape"
        ) from None


def broadcast_to(x: Any, shape: tuple[int, ...]) -> Any:
    """`x` repeated to `shape` by NumPy's rules (trailing axes are aligned)."""
    old: tuple[int, ...] = x.shape
    if old == shape:
        return x
    lead = len(shape) - len(old)
    if lead < 0 or any(d not in (1, shape[lead + i]) for i, d in enumerate(old)):
        raise ValueError(f"cannot broadcast an array of shape {old} to shape {shape}")
    repeated = [i for i, d in enumerate(old) if d != shape[lead + i]]
    if repeated:
        x = reshape(x, shape=tuple([d for i, d in enumerate(old) if i not in repeated]))
    axes = (*range(lead), *(lead + i for i in repeated))
    return broadcast(x, shape=shape, axes=axes)


def operand_atom(builder: Builder, x: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Number:
    """The atom for an elementwise operand: converted, and, unless a scalar constant, broadcast."""
    if type(x) is not Tracer:
        if type(x) is float or isinstance(x, PYTHON_SCALARS):
            return literal(x, dtype)
        if isinstance(x, np.generic):
            return literal(x.astype(dtype))
        if x.shape == shape and x.dtype == dtype:
            return builder.capture(x, ArrayType(shape, dtype))
        x = Tracer(builder, builder.capture(x, type_of(x)), type_of(x))
    return atom(builder, broadcast_to(convert(x, dtype), shape))
