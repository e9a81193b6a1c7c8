"""What does not hold of the standard, with the reason; the documentation shows it.

`EXCUSED` is mode -> check -> why; the tests fail if what is listed holds after all. `SPECIAL_CASES`
is function -> (operands, why): those are NumPy's own, and may change with it. `LEFT_OUT` is what
there is nothing to check for.
"""

from __future__ import annotations

__all__ = ["EXCUSED", "LEFT_OUT", "SPECIAL_CASES"]

EXCUSED: dict[str, dict[str, str]] = {}

SPECIAL_CASES: dict[str, tuple[set[str], str]] = {
    "expm1": (
        {
            "-0, 0", "-0, -0", "inf, 0", "inf, -0", "nan, 0", "nan, -0", "-inf, inf", "-inf, -inf",
            "-inf, nan", "inf, inf", "inf, -inf", "inf, nan",
        },
        "NumPy's `expm1` of complex numbers with an infinite or missing part, or with -0",
    ),
    "sign": (
        {"nan, inf", "nan, -inf", "inf, nan", "-inf, nan"},
        "NumPy's `sign` of a complex number with an infinite part is the direction of that part",
    ),
}  # fmt: skip

LEFT_OUT = {
    "sort, argsort: `stable` is False by default": "NumPy's default; `stable=True` is taken",
    "finfo: its numbers are NumPy scalars": "NumPy's; the standard wants Python's `float`",
    "clip of an array with bounds of another dtype": "promotes as NumPy does; unspecified since "
    "2024.12",
    "from_dlpack, x.__dlpack__() where a derivative depends on x": "raise `EscapeError`, since the "
    "gradient would be lost; `autodiff.numpy.from_dlpack(x)` keeps it",
}
