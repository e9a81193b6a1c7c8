"""Rows for functions that move, join, repeat, cut and pad elements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.primitives.spec import complex_uniform, distinct, uniform
from tests.surface.row import Row

X, M, V = uniform(-1, 1, (2, 3, 4)), uniform(-1, 1, (3, 4)), uniform(-1, 1, (3,))
Case = dict[str, Any]

ON_A_CUBE: dict[str, Any] = {
    "reshape": lambda x: np.reshape(x, (4, -1)),
    "reshape-F": lambda x: np.reshape(x, (4, 6), order="F"),
    "ravel": np.ravel,
    "ravel-F": lambda x: np.ravel(x, order="F"),
    "transpose": lambda x: np.transpose(x, (2, 0, 1)),
    "permute_dims": lambda x: np.permute_dims(x, (2, 0, 1)),
    "matrix_transpose": np.matrix_transpose,
    "swapaxes": lambda x: np.swapaxes(x, 0, 2),
    "moveaxis": lambda x: np.moveaxis(x, [0, 1], [-1, 0]),
    "rollaxis": lambda x: np.rollaxis(x, 2, 1),
    "expand_dims": lambda x: np.expand_dims(x, (0, 2)),
    "squeeze": lambda x: np.squeeze(x[:1], axis=0),
    "flip": lambda x: np.flip(x, axis=(0, 2)),
    "fliplr": np.fliplr,
    "flipud": np.flipud,
    "rot90": lambda x: np.rot90(x, 3, axes=(1, 2)),
    "roll": lambda x: np.roll(x, (1, -2), axis=(0, 2)),
    "roll-flat": lambda x: np.roll(x, 5),
    "tile": lambda x: np.tile(x, (2, 1, 2)),
    "repeat": lambda x: np.repeat(x, 2, axis=1),
    "repeat-counts": lambda x: np.repeat(x, [2, 0, 1], axis=1),
    "resize": lambda x: np.resize(x, (5, 7)),
    "broadcast_to": lambda x: np.broadcast_to(x, (2, 2, 3, 4)),
    "atleast_1d": np.atleast_1d,
    "atleast_2d": np.atleast_2d,
    "atleast_3d": np.atleast_3d,
    "split": lambda x: np.split(x, [1, 3], axis=2),
    "array_split": lambda x: np.array_split(x, 3, axis=2),
    "hsplit": lambda x: np.hsplit(x, 3),
    "vsplit": lambda x: np.vsplit(x, 2),
    "dsplit": lambda x: np.dsplit(x, 2),
    "unstack": lambda x: np.unstack(x, axis=1),
    "diagonal": lambda x: np.diagonal(x, 1, 1, 2),
    "trace": lambda x: np.trace(x, axis1=1, axis2=2),
    "tril": lambda x: np.tril(x, 1),
    "triu": lambda x: np.triu(x, -1),
    "delete": lambda x: np.delete(x, [0, 2], axis=2),
    "delete-slice": lambda x: np.delete(x, slice(None, None, 2), axis=1),
    "compress": lambda x: np.compress([True, False, True], x, axis=1),
    "take": lambda x: np.take(x, [[0, 3], [-1, 1]], axis=2),
    "take-clip": lambda x: np.take(x, [7, -3], axis=1, mode="clip"),
    "take-wrap": lambda x: np.take(x, [7, -3], axis=1, mode="wrap"),
    "astype": lambda x: np.astype(x, np.float32),
    "real": lambda x: np.real(x * 1j + x),
    "imag": lambda x: np.imag(x * 1j + x),
    "angle": lambda x: np.angle(x + 0.3j),
    "broadcast_arrays": lambda x: np.broadcast_arrays(x, x[0]),
    "diag_indices_from": lambda x: x[0][:, :3][np.diag_indices_from(x[0][:, :3])],
    "tril_indices_from": lambda x: x[0][np.tril_indices_from(x[0])],
    "triu_indices_from": lambda x: x[0][np.triu_indices_from(x[0], 1)],
}  # fmt: skip

PADS: dict[str, Case] = {
    "constant": {"constant_values": (1, 2)},
    "edge": {},
    "linear_ramp": {"end_values": 3},
    "maximum": {"stat_length": 2},
    "mean": {},
    "median": {},
    "minimum": {},
    "reflect": {},
    "reflect-odd": {"reflect_type": "odd"},
    "symmetric": {},
    "wrap": {},
    "empty": {},
}

OF_SEVERAL: dict[str, Any] = {
    "concatenate": lambda a, b: np.concatenate([a, b], axis=1),
    "concat": lambda a, b: np.concat([a, b], axis=None),
    "stack": lambda a, b: np.stack([a, b], axis=1),
    "hstack": lambda a, b: np.hstack([a, b]),
    "vstack": lambda a, b: np.vstack([a, b]),
    "dstack": lambda a, b: np.dstack([a, b]),
    "column_stack": lambda a, b: np.column_stack([a[:, 0], b]),
    "block": lambda a, b: np.block([[a, b], [b, a]]),
    "append": lambda a, b: np.append(a, b, axis=0),
    "insert": lambda a, b: np.insert(a, [1, 3], b[:, :2], axis=1),
}

METHODS: dict[str, Any] = {
    "reshape": lambda x: x.reshape(4, 6),
    "ravel": lambda x: x.ravel(),
    "flatten": lambda x: x.flatten(),
    "transpose": lambda x: x.transpose(2, 0, 1),
    "T": lambda x: x.T,
    "mT": lambda x: x.mT,
    "flat": lambda x: x.flat[3:9],
    "swapaxes": lambda x: x.swapaxes(0, 1),
    "squeeze": lambda x: x[:1].squeeze(),
    "repeat": lambda x: x.repeat(2, axis=0),
    "diagonal": lambda x: x.diagonal(axis1=1, axis2=2),
    "trace": lambda x: x.trace(axis1=1, axis2=2),
    "compress": lambda x: x.compress([True, False, True], axis=1),
    "take": lambda x: x.take([2, 0], axis=2),
    "astype": lambda x: x.astype(complex),
    "copy": lambda x: x.copy(),
    "real": lambda x: (x + 1j * x * x).real,
    "imag": lambda x: (x + 1j * x * x).imag,
    "conj": lambda x: (x + 1j * x * x).conj(),
    "conjugate": lambda x: (x + 1j * x * x).conjugate(),
    "dot": lambda x: x.dot(x[0, 0]),
    "clip": lambda x: x.clip(-0.5, 0.4),
}


def named(prefix: str, calls: dict[str, Any], *makers: Any, **options: Any) -> Iterator[Row]:
    """A row for each call; what follows a dash in its name tells it from others."""
    for key, call in calls.items():
        name, _, id = key.partition("-")
        yield Row(f"{prefix}{name}", call, makers, id=id, **options)


def pads() -> Iterator[Row]:
    for key, options in PADS.items():
        mode = key.partition("-")[0]
        width = ((0, 0), (2, 1)) if mode == "empty" else ((1, 2), (2, 1))

        def pad(x: Any, mode: str = mode, width: Any = width, options: Case = options) -> Any:
            y = np.pad(x, width, mode=mode, **options)
            return y[:, 2:-1] if mode == "empty" else y

        yield Row("numpy.pad", pad, (distinct((3, 4)),), id=key)

    def pad_by_function(x: Any) -> Any:
        return np.pad(x, ((1, 2), (2, 1)), twice_the_edges)

    yield Row("numpy.pad", pad_by_function, (distinct((3, 4)),), id="function")


def twice_the_edges(vector: Any, width: Any, axis: int, options: Case) -> None:
    """What `np.pad` lets change each line of a padded array."""
    before, after = width
    vector[:before] = 2 * vector[before]
    vector[-after:] = vector[-after - 1] ** 2 + axis


ROWS = [
    *named("numpy.", ON_A_CUBE, X),
    *pads(),
    *named("numpy.", OF_SEVERAL, M, M),
    *named("numpy.ndarray.", METHODS, X),
    Row("numpy.diag", np.diag, (uniform(-1, 1, (3, 3)),)),
    Row("numpy.diag", lambda x: np.diag(x, -1), (V,), id="matrix"),
    Row("numpy.diagflat", np.diagflat, (uniform(-1, 1, (2, 2)),)),
    Row("numpy.vander", lambda x: np.vander(x, 4), (V,)),
    Row("numpy.vander", lambda x: np.vander(x, 3, increasing=True), (V,), id="increasing"),
    Row("numpy.tile", lambda x: np.tile(x, 3), (complex_uniform(-1, 1),), id="complex"),
]
