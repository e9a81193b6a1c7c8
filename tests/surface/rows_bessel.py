"""Rows for Bessel functions of `scipy.special`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special as sp

import autodiff.scipy.special as traced
from tests.primitives.spec import complex_uniform, uniform
from tests.surface.row import Row

X, Z = uniform(0.5, 4.0), complex_uniform(0.5, 2.0)
EITHER_SIGN = uniform(-3.0, 3.0)
SINGLE = uniform(0.5, 4.0, dtype=np.float32)


def of_order(f: Any, order: Any) -> Callable[..., Any]:
    return lambda x: f(order, x)


ORDERS = np.array([[0.0], [0.5]])[..., None]  # against x: (2, 3)
NAMES = ["j0", "j1", "y0", "y1", "i0", "i0e", "i1", "i1e", "k0", "k0e", "k1", "k1e"]
REAL = [Row(f"scipy.special.{f}", getattr(sp, f), (X,)) for f in NAMES]
OF_ORDER = [
    row
    for f in ("jv", "jve", "yv", "yve", "iv", "ive", "kv", "kve")
    for row in (
        Row(f"scipy.special.{f}", of_order(getattr(sp, f), 0.7), (X,)),
        Row(f"scipy.special.{f}", of_order(getattr(sp, f), ORDERS), (X,), id="orders"),
        Row(f"scipy.special.{f}", of_order(getattr(sp, f), 1.5), (Z,), id="complex"),
        Row(f"scipy.special.{f}", of_order(getattr(sp, f), 1), (SINGLE,), id="f32"),
    )
]
HANKEL = [
    Row(f"scipy.special.{f}", of_order(getattr(sp, f), 0.7), (Z,))
    for f in ("hankel1", "hankel1e", "hankel2", "hankel2e")
]
WHOLE = [
    Row(f"scipy.special.{f}", of_order(getattr(sp, f), order), (X,), id=f"order {order}")
    for f in ("jn", "yn", "kn")
    for order in (0, 3)
]
SPHERICAL = [
    Row(
        f"autodiff.scipy.special.{f}",
        lambda x, f=f, d=derivative: getattr(traced, f)(2, x, derivative=d),
        (argument,),
        plain=lambda x, f=f, d=derivative: getattr(sp, f)(2, x, derivative=d),
        id=f"{kind}{' derivative' if derivative else ''}",
    )
    for f in ("spherical_jn", "spherical_yn", "spherical_in", "spherical_kn")
    for kind, argument in (("real", X), ("complex", Z))
    for derivative in (False, True)
]

ROWS = [
    *REAL,
    *OF_ORDER,
    *HANKEL,
    *WHOLE,
    *SPHERICAL,
    Row("scipy.special.jv", of_order(sp.jv, 2), (EITHER_SIGN,), id="either sign"),
    Row("scipy.special.ive", of_order(sp.ive, 2), (uniform(-3.0, -0.5),), id="negative"),
    Row("scipy.special.airy", sp.airy, (uniform(-3, 2),)),
    Row("scipy.special.airy", sp.airy, (Z,), id="complex"),
]
