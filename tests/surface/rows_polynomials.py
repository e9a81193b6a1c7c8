"""Rows for polynomials: the functions of `numpy`, and the evaluators of `numpy.polynomial`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.polynomial import chebyshev, hermite, hermite_e, laguerre, legendre, polynomial

import autodiff as ad
from tests.primitives.spec import Maker, complex_uniform, distinct, integers, uniform
from tests.surface.row import Row

P, Q, X = uniform(0.5, 1, (4,)), uniform(0.5, 1, (2,)), uniform(-1, 1, (3,))
POINTS = uniform(-1, 1, (6,))
SEPARATE = distinct((3,))
NO_JIT = {
    "jit": "the degree depends on values",
    "emit": "the degree depends on values",
    "vmap": "the degree depends on values",
}


def call(name: str, *inputs: Maker, id: str = "", options: Any = None, **fields: Any) -> Row:
    """A call of a function of numpy."""
    given = options or {}
    return Row(
        f"numpy.{name}", lambda *xs: getattr(np, name)(*xs, **given), inputs, id=id, **fields
    )


FUNCTIONS = [
    call("polyadd", P, Q),
    call("polyadd", Q, P, id="longer"),
    call("polysub", P, Q),
    call("polymul", P, Q, without=NO_JIT),
    call("polydiv", P, Q, without=NO_JIT),
    call("polydiv", Q, P, id="of-lower-degree", without=NO_JIT),
    call("polyder", P),
    call("polyder", P, id="twice", options={"m": 2}),
    call("polyint", P),
    call("polyint", P, id="twice", options={"m": 2, "k": 1.5}),
    call("poly", SEPARATE),
    call("poly", uniform(0.5, 1, (3,), np.float32), id="f32"),
    call("poly", complex_uniform(-1, 1, (3,)), id="complex", without=NO_JIT),
    call("roots", P, without=NO_JIT),
    Row(
        "autodiff.numpy.roots",
        lambda p: ad.numpy.roots(p, strip_zeros=False),
        (lambda rng: np.poly([1.0, 2.0, 4j]) + rng.uniform(0, 0.01, 4),),
        plain=np.roots,
        id="strip_zeros",
    ),
    call("polyval", P, X),
    call("trim_zeros", P, without=dict.fromkeys(NO_JIT, "its length depends on values")),
    Row("numpy.polyfit", lambda x, y: np.polyfit(x, y, 2), (POINTS, POINTS)),
    Row(
        "numpy.polyfit",
        lambda x, y, w: np.polyfit(x, y, 1, w=w),
        (POINTS, uniform(-1, 1, (6, 2)), uniform(1, 2, (6,))),
        id="weights",
    ),
    Row(
        "numpy.polyfit",
        lambda x, y: np.polyfit(x, y, 1, cov=True),
        (POINTS, POINTS),
        id="covariance",
    ),
]

FAMILIES = {
    "polynomial.polyval": polynomial.polyval,
    "chebyshev.chebval": chebyshev.chebval,
    "legendre.legval": legendre.legval,
    "hermite.hermval": hermite.hermval,
    "hermite_e.hermeval": hermite_e.hermeval,
    "laguerre.lagval": laguerre.lagval,
}
PLANES = {
    "polynomial.polyval2d": polynomial.polyval2d,
    "polynomial.polygrid2d": polynomial.polygrid2d,
    "chebyshev.chebval2d": chebyshev.chebval2d,
    "legendre.legval2d": legendre.legval2d,
    "laguerre.laggrid2d": laguerre.laggrid2d,
}
EVALUATORS = [
    row
    for name, f in FAMILIES.items()
    for row in (
        Row(f"numpy.polynomial.{name}", f, (X, P)),
        Row(f"numpy.polynomial.{name}", f, (X, uniform(0.5, 1, (3, 2))), id="several"),
        Row(
            f"numpy.polynomial.{name}",
            lambda x, c, f=f: f(x, c, tensor=False),
            (X, uniform(0.5, 1, (4, 3))),
            id="not-tensor",
        ),
    )
] + [
    Row(f"numpy.polynomial.{name}", f, (X, X, uniform(0.5, 1, (2, 3))))
    for name, f in PLANES.items()
]

CLASSES = [
    Row(
        f"numpy.polynomial.{cls.__name__}",
        lambda x, c, cls=cls: cls(c)(x),
        (X, P),
    )
    for cls in (np.polynomial.Polynomial, np.polynomial.Chebyshev, np.polynomial.Legendre)
]

ROWS = [
    *FUNCTIONS,
    *EVALUATORS,
    *CLASSES,
    Row("numpy.polynomial.polynomial.polyvalfromroots", polynomial.polyvalfromroots, (X, P)),
    Row(
        "numpy.polynomial.polynomial.polyval",
        lambda x: polynomial.polyval(x, [1, 2, 3]),
        (integers(0, 5, (3,)),),
        id="integers",
    ),
    Row(
        "numpy.polynomial.chebyshev.chebval",
        chebyshev.chebval,
        (complex_uniform(-1, 1, (2,)), P),
        id="complex",
    ),
]
