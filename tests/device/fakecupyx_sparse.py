"""Stand-ins for `cupyx.scipy.sparse`, as far as sparse systems need it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from scipy import sparse
from scipy.sparse import linalg

from autodiff.arrays import is_device_array, to_host
from tests.device.fakecupy import NAME, wrap

__all__ = ["MODULES"]


class Matrix:
    """What stands in for `cupyx.scipy.sparse.coo_matrix` and `csc_matrix`."""

    def __init__(self, host: Any) -> None:
        self.host = host

    def tocsc(self) -> Matrix:
        return Matrix(self.host.tocsc())


class Factors:
    """What stands in for `cupyx.scipy.sparse.linalg.SuperLU`."""

    def __init__(self, host: Any) -> None:
        self.host = host

    def solve(self, rhs: Any, trans: str = "N") -> Any:
        assert is_device_array(rhs)
        return wrap(self.host.solve(to_host(rhs), trans))


def coo_matrix(parts: Any, shape: Any) -> Matrix:
    data, (rows, columns) = parts
    assert all(is_device_array(x) for x in (data, rows, columns))
    return Matrix(sparse.coo_matrix((to_host(data), (to_host(rows), to_host(columns))), shape))


def splu(matrix: Matrix) -> Factors:
    return Factors(linalg.splu(matrix.host))


MODULES = {
    f"{NAME}x.scipy.sparse": SimpleNamespace(coo_matrix=coo_matrix),
    f"{NAME}x.scipy.sparse.linalg": SimpleNamespace(splu=splu),
}
