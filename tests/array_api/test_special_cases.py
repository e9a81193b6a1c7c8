"""The special cases of the standard: infinities, NaNs, zeros of either sign, real and complex."""

import numpy as np
import pytest

from tests.array_api.excused import SPECIAL_CASES
from tests.array_api.modes import MODES, Check, asked, passed, quiet, run
from tests.array_api.special_cases import (
    BINARY,
    COMPLEX,
    COMPLEX_TESTS,
    REAL,
    ROTATED,
    Case,
    cases,
)


def complex_cases(name):
    """The cases of a complex function, and those of its values at conjugate operands."""
    if name in ROTATED:
        base, turned = ROTATED[name]
        found = [rotated(case, turned) for case in cases(COMPLEX[base])]
    else:
        found = list(cases(COMPLEX[name]))
    if name in ("abs", "sign", "round"):
        return found
    mirrored = [c for c in found if c.operands[1] == c.operands[1]]
    return found + [
        Case(conjugate(operands), negated(wanted), s) for operands, wanted, s in mirrored
    ]


def rotated(case, turned):
    """What a case of f says of f(1j * x), or of -1j * f(1j * x)."""
    (u, v), (c, d), signed = case
    operands = (v, -u)
    if not turned:
        return Case(operands, (c, d), signed)
    return Case(operands, (d, tuple([-w for w in c])), signed[::-1])


def conjugate(operands):
    return (operands[0], -operands[1])


def negated(wanted):
    return (wanted[0], tuple([-w for w in wanted[1]]))


def allowed(got, wanted, signed):
    """Whether one number is what the standard says."""
    return any(as_expected(got, want, signed) for want in wanted)


def as_expected(got, want, signed):
    if isinstance(want, bool | np.bool):
        return bool(got) is bool(want)
    if want != want:
        return bool(np.isnan(got))
    near = (
        abs(got) == abs(want)
        if np.isinf(want) or want == 0
        else np.isclose(abs(got), abs(want), rtol=1e-6)
    )
    return bool(near and (not signed or np.signbit(got) == np.signbit(want)))


def check(name, operands, wanted, call):
    """All cases of a function at once, in every mode."""
    excused = SPECIAL_CASES[name][0] if name in SPECIAL_CASES else set()
    wrong = []
    for mode in MODES:
        with quiet():
            ((result,),) = run([Check(name, call, operands)], mode)
        parts = [result.real, result.imag] if result.dtype.kind == "c" else [result]
        for i, (given, want, signs) in enumerate(wanted):
            right = all(
                allowed(part[i], w, s) for part, w, s in zip(parts, want, signs, strict=True)
            )
            asked[mode] += 1
            passed[mode] += right
            text = ", ".join(f"{x:g}" for x in given)
            if not right and text not in excused:
                wrong.append(f"{mode}: {name}({text}) gives {result[i]}, expected {want}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("dtype", ["f8", "f4"])
@pytest.mark.parametrize("name", REAL)
def test_real(name, dtype):
    wanted = list(cases(REAL[name]))
    operands = (np.array([given[0] for given, _, _ in wanted], dtype),)
    check(name, operands, wanted, lambda xp, x: getattr(xp, name)(x))


@pytest.mark.parametrize("dtype", ["f8", "f4"])
@pytest.mark.parametrize("name", BINARY)
def test_two_operands(name, dtype):
    wanted = list(cases(BINARY[name]))
    operands = tuple(
        np.array(column, dtype) for column in zip(*[g for g, _, _ in wanted], strict=True)
    )
    check(name, operands, wanted, lambda xp, x, y: getattr(xp, name)(x, y))


@pytest.mark.parametrize("dtype", ["c16", "c8"])
@pytest.mark.parametrize("name", [*COMPLEX, *ROTATED, *COMPLEX_TESTS])
def test_complex(name, dtype):
    wanted = list(cases(COMPLEX_TESTS[name])) if name in COMPLEX_TESTS else complex_cases(name)
    operands = (np.array([complex(*given) for given, _, _ in wanted], dtype),)
    check(name, operands, wanted, lambda xp, x: getattr(xp, name)(x))


def test_signs_of_nan():
    nans = np.copysign(np.nan, [1.0, -1.0])
    for mode in MODES:
        ((bits,),) = run([Check("signbit", lambda xp, x: xp.signbit(x), (nans,))], mode)
        assert bits.tolist() == [False, True]
        call = lambda xp, x, y: xp.signbit(xp.copysign(x, y))
        ((bits,),) = run([Check("copysign", call, (np.array([3.0, np.nan]), nans))], mode)
        assert bits.tolist() == [False, True]


def test_components_of_sums():
    z, w = np.array([complex(-0.0, 0.0)]), np.array([complex(-0.0, -0.0)])
    for mode in MODES:
        ((total,),) = run([Check("add", lambda xp, x, y: xp.add(x, y), (z, w))], mode)
        assert (np.signbit(total.real).item(), np.signbit(total.imag).item()) == (True, False)
