"""Rows for the coefficients of splines."""

from __future__ import annotations

from typing import Any

from autodiff.primitives.splines import spline_coefficients
from tests.primitives.spec import Spec, complex_uniform, uniform


def row(*shape: int, axis: int = 0, order: int = 3, mode: str = "mirror", id: str = "") -> Any:
    params = {"axis": axis, "order": order, "mode": mode, "transposed": False}
    name = f"spline_coefficients-{mode}-{order}-{id or len(shape)}"
    return Spec(spline_coefficients, (uniform(-1, 1, shape),), params, id=name)


SPECS = [
    *[row(6, order=order, mode=mode) for order in (2, 3, 4, 5) for mode in ("mirror", "reflect")],
    *[row(6, order=order, mode="grid-wrap") for order in (2, 3, 5)],
    *[row(30, mode=mode, id="long") for mode in ("mirror", "reflect", "grid-wrap")],
    row(3, 4, axis=1),
    row(3, 2, 4, axis=1, mode="reflect"),
    *[row(n, mode=mode, id=f"n{n}") for n in (0, 1, 2, 3) for mode in ("mirror", "reflect")],
    *[row(n, mode="grid-wrap", id=f"n{n}") for n in (1, 2, 3)],
    *[row(n, order=5, id=f"n{n}") for n in (2, 3, 4)],
    Spec(
        spline_coefficients,
        (complex_uniform(-1, 1, (5,)),),
        {"axis": 0, "order": 3, "mode": "reflect", "transposed": False},
        id="spline_coefficients-complex",
    ),
]
