"""What NumPy's functions, methods and ufuncs mean on traced arrays; and a NumPy to write against.

User code goes on importing NumPy: its functions call the tracer, which looks them up in the tables
of `autodiff.tracing.tracer`. Importing this package fills those tables. Each module of the package
ends with its share of them:

| module | what it maps |
|---|---|
| `ufuncs`, `special_ufuncs` | calls of ufuncs |
| `ufunc_methods` | `ufunc.reduce`, `.accumulate`, `.outer`, `.at`, `out=`, `where=`, `dtype=` |
| `reductions`, `accumulations` | sum, prod, max, any, argmax; cumsum |
| `statistics`, `nan_statistics`, `quantiles` | mean, var, cov; nansum; median |
| `shapes`, `joining`, `rearranging` | reshape, transpose; concatenate, split; flip, pad, diagonal |
| `indexing`, `assignment`, `views`, `sorting` | `x[i]`, `x[i] = v`; sort, searchsorted |
| `products`, `einstein` | matmul, dot, tensordot; einsum |
| `selection`, `elementwise_functions`, `calculus` | where, clip; real, round; diff, interp |
| `creation`, `inspection`, `methods` | zeros_like; shape, result_type; methods of arrays |
| `memory`, `padding` | views, windows, iteration over elements; pad |

As a module, `autodiff.numpy` is NumPy, but that the functions which make new arrays (`zeros`,
`array`, `arange`, …) give traced arrays inside a trace, to which traced values may be assigned.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as _numpy

from autodiff.numpy import (
    accumulations,
    assignment,
    calculus,
    creation,
    einstein,
    elementwise_functions,
    indexing,
    inspection,
    joining,
    memory,
    methods,
    nan_statistics,
    padding,
    products,
    quantiles,
    rearranging,
    reductions,
    selection,
    shapes,
    sorting,
    special_ufuncs,
    statistics,
    ufunc_methods,
    ufuncs,
)
from autodiff.primitives import (
    algebra,
    arithmetic,
    comparison,
    complexes,
    exponential,
    integers,
    piecewise,
    powers,
    rounding,
    trigonometric,
)
from autodiff.primitives.record import Primitive as _Primitive
from autodiff.tracing import tracer as _tracer

_WITH_UFUNCS = (
    algebra, arithmetic, comparison, complexes, exponential, integers, piecewise, powers, rounding,
    trigonometric,
)  # fmt: skip

_WITH_FUNCTIONS = (
    accumulations, assignment, calculus, creation, einstein, elementwise_functions, indexing,
    inspection, joining, memory, nan_statistics, padding, products, quantiles, rearranging,
    reductions, selection, shapes, sorting, statistics,
)  # fmt: skip


def _install() -> None:
    """Fill the tracer's tables, and give its class the methods, which are found fastest there."""
    primitives = [p for m in _WITH_UFUNCS for p in vars(m).values() if isinstance(p, _Primitive)]
    _tracer.UFUNCS.update(ufuncs.elementwise_ufuncs(primitives))
    _tracer.UFUNCS.update(special_ufuncs.UFUNCS | products.UFUNCS)
    _tracer.UFUNC_METHODS.update(ufunc_methods.UFUNC_METHODS)
    for module in _WITH_FUNCTIONS:
        _tracer.FUNCTIONS.update(module.FUNCTIONS)
    for module in (methods, indexing, assignment, memory, sorting):
        _tracer.METHODS.update(module.METHODS)
    _tracer.ATTRIBUTES.update(methods.ATTRIBUTES)
    _tracer.CONSTRUCTORS.update(creation.CONSTRUCTORS | memory.CONSTRUCTORS)
    for name, method in _tracer.METHODS.items():
        known = name.startswith("__")
        setattr(_tracer.Tracer, name, method if known else _tracer.remembering(name, method))
    for name, attribute in _tracer.ATTRIBUTES.items():
        setattr(_tracer.Tracer, name, property(attribute, methods.SETTERS.get(name)))


_install()


def __getattr__(name: str) -> Any:
    """A function that makes arrays, else NumPy's own of this name."""
    if name in ("linalg", "fft"):
        return import_module(f"autodiff.numpy.{name}")
    return creation.CREATORS[name] if name in creation.CREATORS else getattr(_numpy, name)


def __dir__() -> list[str]:
    return sorted({*dir(_numpy), *creation.CREATORS})
