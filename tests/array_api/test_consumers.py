"""Code that is written against the array API standard, given traced arrays."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest

import autodiff as ad
import autodiff.numpy as adnp

X, Y = np.array([[0.5, 1.5, -2.0], [3.0, 0.25, 1.0]]), np.array([0.1, -0.2, 0.3])


def namespace(x):
    """What a traced array says; NumPy's arrays name NumPy."""
    return x.__array_namespace__() if ad.is_traced(x) else adnp


def softmax(x, axis=-1):
    xp = namespace(x)
    shifted = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
    return shifted / xp.sum(shifted, axis=axis, keepdims=True)


def distances(x, y):
    xp = namespace(x)
    return xp.sqrt(xp.sum(xp.square(x[:, None, :] - xp.expand_dims(y, axis=0)[None, ...]), axis=-1))


def standardised(x):
    xp = namespace(x)
    info = xp.__array_namespace_info__()
    assert info.default_dtypes(device=x.device)["real floating"] == xp.float64
    centre, spread = xp.mean(x, axis=0), xp.std(x, axis=0, correction=1)
    return xp.where(spread > xp.finfo(x.dtype).eps, (x - centre) / spread, xp.zeros_like(x))


def filled(x):
    xp = namespace(x)
    out = xp.zeros((3, 3), dtype=xp.result_type(x, xp.float32), device=x.device)
    out[:2, :] = x
    out[2, ...] = xp.asarray(1)
    return xp.linalg.matrix_transpose(out) @ xp.concat([x, xp.ones((1, 3))])


def ranked(x):
    xp = namespace(x)
    order = xp.argsort(x, axis=-1, descending=True, stable=True)
    return xp.take_along_axis(x, order, axis=-1) * xp.astype(xp.arange(3), x.dtype)


CONSUMERS = {
    "softmax": lambda x, y: softmax(x),
    "distances": distances,
    "standardised": lambda x, y: standardised(x),
    "filled": lambda x, y: filled(x),
    "ranked": lambda x, y: ranked(x),
}


@pytest.mark.parametrize("name", CONSUMERS)
def test_consumers(name):
    f = CONSUMERS[name]
    expected = f(X, Y)
    np.testing.assert_allclose(ad.jit(f)(X, Y), expected, rtol=1e-14)
    ad.check_grads(lambda x, y: np.sum(np.sin(f(x, y))), (X, Y), order=2)


def test_the_compatibility_layer_knows_traced_arrays():
    compat = pytest.importorskip("scipy._lib.array_api_compat")

    def f(x):
        xp = compat.array_namespace(x, x[0])
        assert xp is adnp
        assert compat.device(x) == "cpu"
        assert compat.size(x) == 6
        return xp.sum(compat.to_device(x, "cpu") ** 2)

    np.testing.assert_allclose(ad.grad(f)(X), 2 * X)
    np.testing.assert_allclose(ad.grad(ad.jit(f))(X), 2 * X)


@pytest.mark.slow
def test_scipy_with_its_switch():
    """SciPy asks arrays for their namespace where `SCIPY_ARRAY_API` is set when it is imported."""
    pytest.importorskip("scipy")
    code = """
        import os
        os.environ["SCIPY_ARRAY_API"] = "1"
        import numpy as np
        import scipy.cluster.vq, scipy.special, scipy.stats
        import autodiff as ad

        x = np.array([0.5, 1.5, -2.0, 3.0])
        functions = {
            "logsumexp": scipy.special.logsumexp,
            "softmax": lambda x: scipy.special.softmax(x)[0],
            "log_softmax": lambda x: scipy.special.log_softmax(x)[0],
            "gmean": lambda x: scipy.stats.gmean(x * x),
            "moment": lambda x: scipy.stats.moment(x, 3),
            "zscore": lambda x: scipy.stats.zscore(x)[0],
            "variation": scipy.stats.variation,
            "whiten": lambda x: scipy.cluster.vq.whiten(np.stack([x, x * x], axis=1)).sum(),
        }
        for name, f in functions.items():
            np.testing.assert_allclose(ad.value_of(ad.jit(f)(x)), f(x), rtol=1e-12, err_msg=name)
            ad.check_grads(f, (x,), order=1)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)
