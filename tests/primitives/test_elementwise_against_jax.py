"""Elementwise primitives against JAX: values and cotangents, on every row that JAX can follow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from tests.primitives.differentiate import pull
from tests.primitives.spec import Spec
from tests.primitives.specs_arithmetic import SPECS

pytestmark = pytest.mark.slow
jax = pytest.importorskip("jax")
jnp = jax.numpy

OTHER_NAMES: dict[str, Callable[..., Any]] = {
    "add": jnp.add,
    "clip": jnp.clip,
    "complex": jax.lax.complex,
    "fraction": lambda x: jnp.modf(x)[0],
    "imag": jnp.imag,
    "integer_power": lambda x, *, n: jax.lax.integer_pow(x, n),
    "log1p_exp": jax.nn.softplus,
    "logistic": jax.nn.sigmoid,
    "real": jnp.real,
    "select": jnp.where,
    "sinc": jnp.sinc,
}
# JAX has no rule for these, or zero; and it divides by x where sinc has its removable singularity.
NOT_COMPARED = {"complex_sign", "nextafter", "mantissa", "sinc[near 0]"}


def in_jax(spec: Spec) -> Callable[..., Any] | None:
    primitive = spec.primitive
    if primitive.name in OTHER_NAMES or primitive.ufunc is None:
        return OTHER_NAMES.get(primitive.name)
    return getattr(jnp, primitive.ufunc.__name__, None)


ROWS = [
    s
    for s in SPECS
    if s.primitive.jvp is not None
    and in_jax(s) is not None
    and NOT_COMPARED.isdisjoint({str(s), s.primitive.name})
]


@pytest.fixture(autouse=True)
def _double_precision():
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


@pytest.mark.parametrize("spec", ROWS, ids=str)
def test_values_and_cotangents(spec: Spec) -> None:
    args = spec.make(3)
    arrays = [i for i, a in enumerate(args) if a.ndim]  # other operands are literals
    moving = [i for i in arrays if args[i].dtype.kind in "fc"]
    y = spec.primitive(*args, **spec.params)

    def ours(*xs: Any) -> Any:
        return spec.primitive(*filled(args, arrays, xs), **spec.params)

    def theirs(*xs: Any) -> Any:
        return in_jax(spec)(*filled(args, moving, xs), **spec.params)

    expected, pullback = jax.vjp(theirs, *[args[i] for i in moving])
    close = tolerance(y.dtype)
    np.testing.assert_allclose(y, expected, **close)
    if moving and y.dtype.kind in "fc":
        ct = np.cos(np.arange(y.size)).reshape(y.shape).astype(y.dtype)
        got = pull(ours, [args[i] for i in arrays], ct)
        for a, b in zip(got, pullback(jnp.asarray(ct)), strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_allclose(a, b, **close)


def filled(args: list[Any], positions: list[int], xs: Sequence[Any]) -> list[Any]:
    new = dict(zip(positions, xs, strict=True))
    return [new.get(i, a) for i, a in enumerate(args)]


def tolerance(dtype: Any) -> dict[str, float]:
    single = dtype in (np.float32, np.complex64)
    return {"rtol": 2e-5, "atol": 1e-6} if single else {"rtol": 1e-12, "atol": 1e-13}
