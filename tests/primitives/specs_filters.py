"""Rows for filters."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.primitives.filters import all_pole, correlate
from tests.primitives.spec import Spec, complex_uniform, integers, uniform

F32 = np.float32


def margins(
    low: tuple[int, ...], high: tuple[int, ...], method: str = "direct", batch: int = 0
) -> dict[str, Any]:
    return {"low": low, "high": high, "batch": batch, "method": method}


DIRECT, PLANE = margins((0,), (0,)), margins((0, 0), (0, 0))
FFT, FFT_PLANE = margins((0,), (0,), "fft"), margins((0, 0), (0, 0), "fft")
STACK = margins((0,), (0,), batch=1)


def signal(*shape: int, dtype: type = float):
    return uniform(-1, 1, shape, dtype)


def margined(n: int, k: int, low: int, high: int) -> Spec:
    params = margins((low,), (high,))
    return Spec(correlate, (signal(n), signal(k)), params, id=f"correlate-{n}-{k}-{low}-{high}")


SPECS = [
    Spec(correlate, (signal(7), signal(3)), DIRECT),
    Spec(correlate, (signal(4), signal(4)), DIRECT, id="correlate-whole"),
    Spec(correlate, (signal(4, 5), signal(2, 3)), PLANE, id="correlate-2d"),
    Spec(correlate, (signal(3, 4), signal(3, 3)), PLANE, id="correlate-large_kernel"),
    *[margined(5, 3, a, b) for a, b in [(2, 2), (1, 1), (0, 2), (2, 0), (4, 3), (-1, 2), (3, -2)]],
    *[margined(2, 4, a, b) for a, b in [(3, 3), (2, 1), (0, 2), (5, 0), (-1, 4), (4, -2), (6, 5)]],
    margined(5, 5, 1, 1),
    Spec(correlate, (signal(3, 4), signal(2, 3)), margins((1, 2), (2, -1)), id="correlate-2d-far"),
    Spec(
        correlate,
        (signal(3, 4), signal(2, 3)),
        margins((1, 2), (0, -1), "fft"),
        id="correlate-fft-far",
    ),
    Spec(
        correlate,
        (signal(2, 3), signal(2, 2)),
        margins((3,), (1,), batch=1),
        id="correlate-stack-far",
    ),
    Spec(correlate, (signal(2, 5), signal(2, 3)), STACK, id="correlate-stack"),
    Spec(correlate, (signal(7), signal(3)), FFT, id="correlate-fft"),
    Spec(correlate, (signal(5, 4), signal(2, 3)), FFT_PLANE, id="correlate-fft-2d"),
    Spec(
        correlate,
        (signal(2, 6), signal(2, 3)),
        margins((0,), (0,), "fft", 1),
        id="correlate-fft-stack",
    ),
    Spec(
        correlate,
        (complex_uniform(-1, 1, (6,)), complex_uniform(-1, 1, (2,))),
        DIRECT,
        id="correlate-complex",
    ),
    Spec(
        correlate,
        (complex_uniform(-1, 1, (3, 4)), complex_uniform(-1, 1, (2, 2))),
        FFT_PLANE,
        id="correlate-fft-complex",
    ),
    Spec(correlate, (signal(6, dtype=F32), signal(2, dtype=F32)), DIRECT, id="correlate-f32"),
    Spec(correlate, (signal(6, dtype=F32), signal(2, dtype=F32)), FFT, id="correlate-fft-f32"),
    Spec(correlate, (integers(-3, 4, (6,)), integers(-3, 4, (2,))), DIRECT, id="correlate-ints"),
    Spec(correlate, (signal(0), signal(1)), DIRECT, id="correlate-empty"),
    Spec(correlate, (signal(2), signal(3)), DIRECT, id="correlate-nowhere"),
    Spec(correlate, (signal(0), signal(2)), margins((1,), (2,)), id="correlate-only_margins"),
    Spec(correlate, (signal(2), signal(0)), DIRECT, id="correlate-empty_kernel"),
    Spec(all_pole, (signal(2), signal(6)), {"batch": 0}),
    Spec(all_pole, (signal(1), signal(2, 5)), {"batch": 0}, id="all_pole-channels"),
    Spec(all_pole, (signal(2, 2), signal(2, 3, 4)), {"batch": 1}, id="all_pole-stack"),
    Spec(all_pole, (signal(3), signal(2)), {"batch": 0}, id="all_pole-short"),
    Spec(all_pole, (signal(0), signal(4)), {"batch": 0}, id="all_pole-no_feedback"),
    Spec(all_pole, (signal(2), signal(0)), {"batch": 0}, id="all_pole-empty"),
    Spec(
        all_pole,
        (complex_uniform(-0.5, 0.5, (2,)), complex_uniform(-1, 1, (5,))),
        {"batch": 0},
        id="all_pole-complex",
    ),
    Spec(all_pole, (signal(2, dtype=F32), signal(5, dtype=F32)), {"batch": 0}, id="all_pole-f32"),
]
