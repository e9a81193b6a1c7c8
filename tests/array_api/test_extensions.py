"""The extensions `linalg` and `fft` of the standard."""

import array_api_strict as strict
import numpy as np
import pytest

from tests.array_api.excused import EXCUSED
from tests.array_api.modes import DTYPES, Check, data, verify

SQUARE = ((3, 3), (2, 3, 3), (1, 1))
ANY = ((2, 3), (3, 2), (2, 3, 3))


def regular(dtype, shape, seed=0):
    """Matrices whose systems are well conditioned."""
    return data(dtype, shape, seed) + np.asarray(7 * np.eye(shape[-1]), dtype)


def positive(dtype, shape):
    """Symmetric (Hermitian) positive definite matrices."""
    x = data(dtype, shape).astype("c16" if dtype[0] == "c" else "f8") / 3
    return np.asarray(x @ x.conj().mT + 3 * np.eye(shape[-1]), dtype)


def rebuilt_eigh(xp, x):
    values, vectors = xp.linalg.eigh(x)
    return values, (vectors * xp.astype(values, x.dtype)[..., None, :]) @ xp.conj(vectors).mT


def rebuilt_svd(xp, x):
    left, values, right = xp.linalg.svd(x, full_matrices=False)
    full = xp.linalg.svd(x)
    inner = left * xp.astype(values, left.dtype)[..., None, :]
    return [values, inner @ right, *[xp.zeros_like(part) for part in full]]


def rebuilt_qr(xp, x):
    q, r = xp.linalg.qr(x)
    full = xp.linalg.qr(x, mode="complete")
    return [q @ r, *[xp.zeros_like(part) for part in full], full.Q @ full.R]


# function -> arrays that it takes -> calls
LINALG = {
    "cholesky": (positive, SQUARE, [lambda xp, x: xp.linalg.cholesky(x),
                                    lambda xp, x: xp.linalg.cholesky(x, upper=True)]),
    "cross": (data, ((3,), (2, 3)), [lambda xp, x: xp.linalg.cross(x, xp.flip(x, axis=-1)),
                                     lambda xp, x: xp.linalg.cross(x, x, axis=-1)]),
    "det": (regular, SQUARE, [lambda xp, x: xp.linalg.det(x)]),
    "diagonal": (data, ANY, [lambda xp, x: xp.linalg.diagonal(x),
                             lambda xp, x: xp.linalg.diagonal(x, offset=1)]),
    "eigh": (positive, SQUARE, [rebuilt_eigh]),
    "eigvalsh": (positive, SQUARE, [lambda xp, x: xp.linalg.eigvalsh(x)]),
    "inv": (regular, SQUARE, [lambda xp, x: xp.linalg.inv(x)]),
    "matmul": (data, ((3, 3), (2, 3, 3)), [lambda xp, x: xp.linalg.matmul(x, x)]),
    "matrix_norm": (data, ANY, [
        lambda xp, x, o=o, k=k: xp.linalg.matrix_norm(x, ord=o, keepdims=k)
        for o in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf) for k in (False, True)
    ]),
    "matrix_power": (regular, SQUARE, [lambda xp, x, n=n: xp.linalg.matrix_power(x, n)
                                       for n in (0, 1, 2, 3, -1, -2)]),
    "matrix_rank": (data, ANY, [lambda xp, x: xp.linalg.matrix_rank(x),
                                lambda xp, x: xp.linalg.matrix_rank(x, rtol=0.5)]),
    "matrix_transpose": (data, ANY, [lambda xp, x: xp.linalg.matrix_transpose(x)]),
    "outer": (data, ((3,), (1,)), [lambda xp, x: xp.linalg.outer(x, x[:1])]),
    "pinv": (regular, SQUARE, [lambda xp, x: xp.linalg.pinv(x),
                               lambda xp, x: xp.linalg.pinv(x[..., :1], rtol=1e-3)]),
    "qr": (data, ANY, [rebuilt_qr]),
    "slogdet": (regular, SQUARE, [lambda xp, x: list(xp.linalg.slogdet(x))]),
    "solve": (regular, SQUARE, [lambda xp, x: xp.linalg.solve(x, xp.sum(x, axis=-1)),
                                lambda xp, x: xp.linalg.solve(x, x[..., :1])]),
    "svd": (data, ANY, [rebuilt_svd]),
    "svdvals": (data, ANY, [lambda xp, x: xp.linalg.svdvals(x)]),
    "tensordot": (data, ((3, 3),), [lambda xp, x: xp.linalg.tensordot(x, x, axes=1)]),
    "trace": (data, ANY, [lambda xp, x: xp.linalg.trace(x),
                          lambda xp, x: xp.linalg.trace(x, offset=-1),
                          lambda xp, x: xp.linalg.trace(x, dtype=xp.complex128)]),
    "vecdot": (data, ((3,), (2, 3)), [lambda xp, x: xp.linalg.vecdot(x, x)]),
    "vector_norm": (data, ((3,), *ANY), [
        lambda xp, x, o=o, k=k: xp.linalg.vector_norm(x, ord=o, axis=-1, keepdims=k)
        for o in (0, 1, 2, 3, 0.5, -1, np.inf, -np.inf) for k in (False, True)
    ] + [lambda xp, x: xp.linalg.vector_norm(x)]),
}  # fmt: skip


@pytest.mark.parametrize("name", LINALG)
def test_linalg(name):
    make, shapes, calls = LINALG[name]
    checks = [
        Check(f"linalg.{name} {d}{list(s)} ({i})", call, (make(d, s),))
        for d in (DTYPES if make is data else DTYPES[-4:])
        for s in shapes
        for i, call in enumerate(calls)
    ]
    verify(checks, EXCUSED, rounding=50.0)


NORMS = [{}, {"norm": "ortho"}, {"norm": "forward"}]


def transform(name, **options):
    return lambda xp, x: getattr(xp.fft, name)(x, **options)


ONE_AXIS = [{"n": 3}, {"n": 5, "axis": 0}, {"axis": 0}]
N_AXES = [{"axes": (0,)}, {"s": (3, 2), "axes": (0, 1)}, {"axes": (1, 0)}]
FFT = {
    **{n: [*NORMS, *ONE_AXIS] for n in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")},
    **{n: [*NORMS, *N_AXES] for n in ("fftn", "ifftn", "rfftn", "irfftn")},
    "fftshift": [{}, {"axes": 0}, {"axes": (0, 1)}],
    "ifftshift": [{}, {"axes": 0}, {"axes": (0, 1)}],
}


@pytest.mark.parametrize("name", FFT)
def test_fft(name):
    checks = [
        Check(f"fft.{name}({o}) {d}{list(s)}", transform(name, **o), (data(d, s),))
        for d in DTYPES
        for s in ((4, 5), (3, 2))
        for o in FFT[name]
    ]
    verify(checks, EXCUSED, rounding=50.0)


@pytest.mark.parametrize("name", ["fftfreq", "rfftfreq"])
def test_frequencies(name):
    checks = [
        Check(f"fft.{name}({n}, {o})", lambda xp, n=n, o=o: frequencies(xp, name, n, o), ())
        for n in (1, 4, 5)
        for o in ({}, {"d": 0.5}, {"dtype": "float32"}, {"device": None})
    ]
    verify(checks, EXCUSED)


def frequencies(xp, name, n, options):
    given = {k: getattr(xp, v) if k == "dtype" else v for k, v in options.items()}
    return getattr(xp.fft, name)(n, **given)


def test_every_function_has_checks():
    assert {*FFT, "fftfreq", "rfftfreq"} == set(strict.fft.__all__)
    later = {"eig", "eigvals"}  # of the version after
    assert set(LINALG) == set(strict.linalg.__all__) - later
