"""Errors of `scipy.linalg` that depend on values: of traced arrays as of plain ones."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from autodiff.scipy import linalg

scipy_linalg = pytest.importorskip("scipy.linalg")

GOOD = np.array([[4.0, 1.0, 0.5], [1.0, 5.0, 0.2], [0.5, 0.2, 6.0]])
B = np.array([1.0, 2.0, 3.0])

CHECKED = {
    "cho_factor": lambda m, a, **o: np.triu(m.cho_factor(a, **o)[0]),
    "cho_solve": lambda m, a, **o: m.cho_solve((a, True), B, **o),
    "cholesky": lambda m, a, **o: m.cholesky(a, **o),
    "det": lambda m, a, **o: m.det(a, **o),
    "eig": lambda m, a, **o: m.eig(a, **o)[0].real,
    "eigh": lambda m, a, **o: m.eigh(a, **o)[0],
    "eigh of two": lambda m, a, **o: m.eigh(GOOD, a, **o)[0],
    "eigvals": lambda m, a, **o: m.eigvals(a, **o).real,
    "eigvalsh": lambda m, a, **o: m.eigvalsh(a, **o),
    "expm_frechet": lambda m, a, **o: m.expm_frechet(a, GOOD, **o)[1],
    "inv": lambda m, a, **o: m.inv(a, **o),
    "lstsq": lambda m, a, **o: m.lstsq(a, B, **o)[0],
    "lu": lambda m, a, **o: m.lu(a, **o)[2],
    "lu_factor": lambda m, a, **o: m.lu_factor(a, **o)[0],
    "lu_solve": lambda m, a, **o: m.lu_solve((GOOD, np.arange(3)), a, **o),
    "norm": lambda m, a, **o: m.norm(a, **o),
    "pinv": lambda m, a, **o: m.pinv(a, **o),
    "qr": lambda m, a, **o: m.qr(a, **o)[1],
    "schur": lambda m, a, **o: m.schur(a, **o)[0],
    "solve": lambda m, a, **o: m.solve(a, B, **o),
    "solve, right-hand side": lambda m, a, **o: m.solve(GOOD, a, **o),
    "solve_banded": lambda m, a, **o: m.solve_banded((1, 1), a, B, **o),
    "solve_toeplitz": lambda m, a, **o: m.solve_toeplitz(a[0], B, **o),
    "solve_triangular": lambda m, a, **o: m.solve_triangular(a, B, **o),
    "solveh_banded": lambda m, a, **o: m.solveh_banded(a[:1], B, **o),
    "svd": lambda m, a, **o: m.svd(a, **o)[1],
    "svdvals": lambda m, a, **o: m.svdvals(a, **o),
}
MESSAGE = "array must not contain infs or NaNs"


@pytest.mark.parametrize("call", CHECKED.values(), ids=CHECKED)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_an_error_as_in_scipy(call, bad):
    a = GOOD.copy()
    a[0, 0] = bad

    def total(a):
        return np.sum(call(linalg, a))

    with pytest.raises(ValueError, match=MESSAGE):
        call(scipy_linalg, a)
    for run in (ad.jit(total), ad.grad(total), lambda a: ad.vmap(total)(np.stack([GOOD, a]))):
        with pytest.raises(ValueError, match=rf"(?s){MESSAGE}.*at test_linalg_errors.py"):
            run(a)
    np.testing.assert_allclose(ad.jit(total)(GOOD), np.sum(call(scipy_linalg, GOOD)), rtol=1e-12)


@pytest.mark.parametrize("name", ["cholesky", "det", "inv", "lu_factor", "solve", "svdvals"])
def test_whoever_does_not_want_the_check_has_none(name):
    def total(a):
        return np.sum(CHECKED[name](linalg, a, check_finite=False))

    program = str(ad.trace(total)(GOOD))
    assert "require" not in program
    assert "require" in str(ad.trace(lambda a: np.sum(CHECKED[name](linalg, a)))(GOOD))


def test_a_polynomial_of_lower_degree_has_no_companion():
    a = np.array([[1.0, 2.0, 3.0], [0.0, 2.0, 3.0]])
    for run in (ad.jit(linalg.companion), ad.vmap(linalg.companion), scipy_linalg.companion):
        with pytest.raises(ValueError, match="must not be zero"):
            run(a)


def test_solutions_by_singular_factors_are_not_finite_as_in_scipy():
    factor = np.tril(GOOD)
    factor[2, 2] = 0
    exchanges = np.arange(3)
    for call in (
        lambda m, c: m.cho_solve((c, True), B),
        lambda m, c: m.lu_solve((c, exchanges), B),
        lambda m, c: m.lu_solve((c, exchanges), B, trans=1),
    ):
        assert not np.isfinite(call(scipy_linalg, factor)).all()
        assert not np.isfinite(ad.jit(lambda c, call=call: call(linalg, c))(factor)).all()
