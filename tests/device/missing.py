"""What CuPy 14 lacks: primitives that cannot run on a device, each with the reason."""

from __future__ import annotations

from functools import cache

from autodiff.ir import held_programs
from autodiff.ir.program import Program
from autodiff.ir.types import type_of
from autodiff.tracing.record import record
from tests.surface.row import Row
from tests.surface.test_laws import flat, quiet

__all__ = ["MISSING", "missing_for", "missing_in", "runs"]

_NO_FUNCTION = "CuPy has no such function"
_NO_SCIPY = "cupyx.scipy has no such function"

_SPECIAL = """
    airy betaincc betainccinv dawsn dawsn_derivative erfi ndtri_exp powm1
    ellipe ellipe_complement ellipeinc ellipkinc_by_parameter eval_chebyt eval_chebyu
    eval_gegenbauer eval_genlaguerre eval_hermite eval_hermitenorm eval_jacobi eval_laguerre
    eval_legendre fresnel hankel1 hankel1e hankel2 hankel2e hyp0f1 hyp1f1 hyp2f1 hyperu iv ive jv
    jve kn kv kve owens_t spence spherical_in spherical_jn spherical_kn spherical_yn stdtr stdtrit
    voigt_profile wofz wrightomega yv yve
"""
_LINALG = """
    banded_solve logm schur schur_rotation sqrtm sylvester toeplitz_solve
"""

MISSING = {
    "spacing": _NO_FUNCTION,
    "eig": "CuPy has it from version 14 on",
    "eigvals": "CuPy has it from version 14 on",
    "sparse_solve": "its factors are SuperLU's; see tests/device/test_scipy_linalg.py",
    **dict.fromkeys([*_SPECIAL.split(), *_LINALG.split()], _NO_SCIPY),
}


def missing_in(program: Program) -> dict[str, str]:
    """The primitives of a program that CuPy lacks, and why."""
    found = {}
    for equation in program.equations:
        name, of = equation.primitive.name, equation.params.get("function")
        if name in MISSING:
            found[name] = MISSING[name]
        elif of in MISSING:  # the derivative of a function that is not there
            found[f"{name} of {of}"] = MISSING[of]
        for _, held in held_programs(equation):
            found |= missing_in(held)
    return found


@cache
def missing_for(row: Row) -> dict[str, str]:
    """What CuPy lacks of what a row of the surface table needs."""
    xs = row.make()
    with quiet():
        recording = record(
            lambda ts: flat(row.call(*ts)), xs, label="a row", types=[type_of(x) for x in xs]
        )
    return missing_in(recording.program("row"))


def runs(row: Row) -> bool:
    """Whether a row is run on a device."""
    return row.holds("cupy") and row.holds("jit") and not missing_for(row)
