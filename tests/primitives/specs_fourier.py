"""Rows for Fourier transforms."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.primitives.fourier import fft, irfft, rfft
from tests.primitives.spec import Maker, Spec, complex_uniform, uniform


def x(*shape: int, dtype: Any = float) -> Maker:
    return uniform(-1, 1, shape, dtype)


def z(*shape: int) -> Maker:
    return complex_uniform(-1, 1, shape)


def z32(*shape: int) -> Maker:
    return lambda rng: z(*shape)(rng).astype(np.complex64)


def how(*axes: int, inverse: bool = False, norm: str = "backward") -> dict[str, Any]:
    return {"axes": axes, "inverse": inverse, "norm": norm}


def real(axis: int = 0, norm: str = "backward", **size: int) -> dict[str, Any]:
    return {"axis": axis, **size, "norm": norm}


SPECS = [
    Spec(fft, (z(4),), how(0)),
    Spec(fft, (z(5),), how(0, inverse=True), id="fft-inverse"),
    Spec(fft, (z(3, 2),), how(0, norm="forward"), id="fft-columns"),
    Spec(fft, (z(2, 3),), how(1, 0, inverse=True, norm="ortho"), id="fft-plane"),
    Spec(fft, (z(3),), how(0, 0), id="fft-twice"),
    Spec(fft, (z32(3),), how(0, norm="ortho"), id="fft-c64"),
    Spec(fft, (z(1),), how(0), id="fft-one"),
    Spec(fft, (z(0, 3),), how(1), id="fft-empty"),
    Spec(rfft, (x(6),), real()),
    Spec(rfft, (x(5),), real(norm="forward"), id="rfft-odd"),
    Spec(rfft, (x(2, 4),), real(1, norm="ortho"), id="rfft-rows"),
    Spec(rfft, (x(3, 2),), real(0), id="rfft-columns"),
    Spec(rfft, (x(1),), real(), id="rfft-one"),
    Spec(rfft, (x(2),), real(), id="rfft-two"),
    Spec(rfft, (x(4, dtype=np.float32),), real(), id="rfft-f32"),
    Spec(rfft, (x(0, 2),), real(1), id="rfft-empty"),
    Spec(irfft, (z(4),), real(size=6)),
    Spec(irfft, (z(3),), real(size=5, norm="forward"), id="irfft-odd"),
    Spec(irfft, (z(2, 3),), real(1, size=4, norm="ortho"), id="irfft-rows"),
    Spec(irfft, (z(2, 2),), real(0, size=3), id="irfft-columns"),
    Spec(irfft, (z(1),), real(size=1), id="irfft-one"),
    Spec(irfft, (z(2),), real(size=2), id="irfft-two"),
    Spec(irfft, (z32(3),), real(size=4), id="irfft-c64"),
    Spec(irfft, (z(0, 2),), real(1, size=2), id="irfft-empty"),
]
