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
| `creation`, `grids` | zeros_like, linspace; `r_[...]` |
| `inspection`, `methods` | shape, result_type; methods of arrays |
| `memory`, `padding` | views, windows, iteration over elements; pad |
| `undispatched` | what knows no protocol: require, vectorize; ma.array is refused |
| `further`, on demand | polynomials, sets, histograms, convolve, apply_along_axis, emath |
| `linalg`, on demand | `linear_systems`, `factorisations`, `spectral`, `pseudo_inverses`, `norms` |
| `fft`, on demand | `fourier` |
| `namespace`, `standard` | what `autodiff.numpy` has in place of, and beyond, NumPy's own names |

What they share: `arguments` (axes, shapes), `promotion` (dtypes, broadcasting), `known` (values
that decide shapes), `writing` (assignments through views).

As a module, `autodiff.numpy` is NumPy, but that the functions which make new arrays (`zeros`,
`array`, `arange`, …) give traced arrays inside a trace, to which traced values may be assigned, and
that some take arguments of the array API standard which NumPy lacks: `sort(x, descending=True)`.
Traced arrays say that this is the module of their functions (`x.__array_namespace__()`).
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
    grids,
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
    undispatched,
)
from autodiff.numpy.namespace import NAMES
from autodiff.primitives import (
    algebra,
    arithmetic,
    comparison,
    complexes,
    exponential,
    integers,
    powers,
    rounding,
    trigonometric,
)
from autodiff.primitives import piecewise as _piecewise  # `np.piecewise` is a function
from autodiff.primitives.record import Primitive as _Primitive
from autodiff.tracing import tracer as _tracer

_WITH_UFUNCS = (
    algebra, arithmetic, comparison, complexes, exponential, integers, powers, rounding,
    trigonometric, _piecewise,
)  # fmt: skip

_WITH_FUNCTIONS = (
    accumulations, assignment, calculus, creation, einstein, elementwise_functions, indexing,
    inspection, joining, memory, nan_statistics, padding, products, quantiles,
    rearranging, reductions, selection, shapes, sorting, statistics,
)  # fmt: skip


def _install() -> None:
    """Fill the tracer's tables, and give its class the methods, which are found fastest there."""
    primitives = [p for m in _WITH_UFUNCS for p in vars(m).values() if isinstance(p, _Primitive)]
    _tracer.UFUNCS.update(ufuncs.elementwise_ufuncs(primitives))
    _tracer.UFUNCS.update(special_ufuncs.UFUNCS | products.UFUNCS)
    _tracer.UFUNC_METHODS.update(ufunc_methods.UFUNC_METHODS)
    for module in _WITH_FUNCTIONS:
        _tracer.FUNCTIONS.update(module.FUNCTIONS)
    for module in (methods, indexing, assignment, memory, sorting, special_ufuncs):
        _tracer.METHODS.update(module.METHODS)
    _tracer.ATTRIBUTES.update(methods.ATTRIBUTES)
    for module in (creation, grids, memory, sorting, undispatched):
        _tracer.CONSTRUCTORS.update(module.CONSTRUCTORS)
    for name, method in _tracer.METHODS.items():
        known = name.startswith("__")
        setattr(_tracer.Tracer, name, method if known else _tracer.remembering(name, method))
    for name, attribute in _tracer.ATTRIBUTES.items():
        setattr(_tracer.Tracer, name, property(attribute, methods.SETTERS.get(name)))


_install()


def __getattr__(name: str) -> Any:
    """What there is in place of NumPy's own name, else that."""
    if name in ("linalg", "fft"):
        return import_module(f"autodiff.numpy.{name}")
    if name in ("bincount", "roots", "unique"):  # with further arguments
        return import_module("autodiff.numpy.further").EXTENDED[name]
    return NAMES[name] if name in NAMES else getattr(_numpy, name)


def __dir__() -> list[str]:
    return dir(_numpy)
