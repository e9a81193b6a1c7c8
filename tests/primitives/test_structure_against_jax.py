"""Structure, contraction, reduction and running totals against JAX: values and cotangents.

Where JAX has another convention (ties, infinities), or none, a row is not compared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.primitives import specs_reduction, specs_structure
from tests.primitives.differentiate import pull
from tests.primitives.spec import Spec

pytestmark = pytest.mark.slow
jax = pytest.importorskip("jax")
jnp, lax = jax.numpy, jax.lax


def _pad(x: Any, value: Any, *, low: Any, high: Any, interior: Any) -> Any:
    return lax.pad(x, value, list(zip(low, high, interior, strict=True)))


def _long(starts: Any) -> list[Any]:
    return [s.astype(np.int64) for s in starts]


def _running(name: str) -> Callable[..., Any]:
    return lambda x, *, axis, reverse: getattr(lax, name)(x, axis=axis, reverse=reverse)


def _over(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, *, axes: f(x, axis=axes)


IN_JAX: dict[str, Callable[..., Any]] = {
    "concatenate": lambda *xs, axis: jnp.concatenate(xs, axis),
    "contract": lambda x, y, *, spec: jnp.einsum(spec, x, y, precision="highest"),
    "dynamic_slice": lambda x, *starts, sizes: lax.dynamic_slice(x, _long(starts), sizes),
    "dynamic_update": lambda x, new, *starts: lax.dynamic_update_slice(x, new, _long(starts)),
    "flip": lambda x, *, axes: lax.rev(x, axes),
    "pad": _pad,
    "permute": lambda x, *, perm: lax.transpose(x, perm),
    "reshape": lambda x, *, shape: lax.reshape(x, shape),
    "slice": lambda x, *, start, stop, step: lax.slice(x, start, stop, step),
    "reduce_sum": _over(jnp.sum),
    "reduce_prod": _over(jnp.prod),
    "reduce_max": _over(jnp.max),
    "reduce_min": _over(jnp.min),
    "reduce_logsumexp": _over(jax.nn.logsumexp),
    **{name: _running(name) for name in ("cumsum", "cumprod", "cummax", "cummin", "cumlogsumexp")},
}


def compared(spec: Spec) -> bool:
    made = spec.make()
    arrays = all(x.dtype.kind in "fciu" for x in made) and made[0].dtype.kind in "fc"
    stack = spec.primitive.name.startswith("dynamic") and "stack" in str(spec)
    return spec.primitive.name in IN_JAX and spec.smooth and arrays and not stack


ROWS = [s for s in (*specs_structure.SPECS, *specs_reduction.SPECS) if compared(s)]


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize("spec", ROWS, ids=str)
def test_against_jax(spec):
    inputs = [np.asarray(x) for x in spec.make()]
    active = [i for i, x in enumerate(inputs) if x.dtype.kind in "fc"]

    def ours(*xs: Any) -> Any:
        return spec.primitive(*xs, **spec.params)

    def theirs(*xs: Any) -> Any:
        full = list(inputs)
        for i, x in zip(active, xs, strict=True):
            full[i] = x
        return IN_JAX[spec.primitive.name](*full, **spec.params)

    expected, vjp = jax.vjp(theirs, *[inputs[i] for i in active])
    allowed = 1e-12 if expected.dtype in (float, complex) else 1e-5
    np.testing.assert_allclose(ours(*inputs), expected, rtol=allowed, atol=allowed)
    ct = np.random.default_rng(1).normal(size=expected.shape).astype(expected.dtype)
    for actual, reference in zip(pull(ours, inputs, ct), vjp(ct), strict=True):
        np.testing.assert_allclose(actual, reference, rtol=allowed, atol=allowed)
