"""Stand-ins for `cupy.fft` and `cupyx.scipy`, with the functions that CuPy 14 has and no others."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

from tests.device.fakecupy import NAME, ndarray, silently, unwrap, wrap

__all__ = ["MODULES", "fft"]

FFT = (
    "fft", "ifft", "rfft", "irfft", "hfft", "ihfft", "fft2", "ifft2", "rfft2", "irfft2", "fftn",
    "ifftn", "rfftn", "irfftn", "fftshift", "ifftshift",
)  # fmt: skip

SCIPY = {
    "special": (
        "agm", "bdtr", "bdtrc", "bdtri", "besselpoly", "beta", "betainc", "betaincinv", "betaln",
        "binom", "boxcox", "boxcox1p", "btdtr", "btdtri", "cbrt", "chdtr", "chdtrc", "chdtri",
        "cosdg", "cosm1", "cotdg", "digamma", "ellipj", "ellipk", "ellipkinc", "ellipkm1", "entr",
        "erf", "erfc", "erfcinv", "erfcx", "erfinv", "exp1", "exp10", "exp2", "expi", "expit",
        "expm1", "expn", "exprel", "fdtr", "fdtrc", "fdtri", "gamma", "gammainc", "gammaincc",
        "gammainccinv", "gammaincinv", "gammaln", "gammasgn", "gdtr", "gdtrc", "huber", "i0", "i0e",
        "i1", "i1e", "inv_boxcox", "inv_boxcox1p", "j0", "j1", "k0", "k0e", "k1", "k1e", "kl_div",
        "log1p", "log_expit", "log_ndtr", "loggamma", "logit", "nbdtr", "nbdtrc", "nbdtri", "ndtr",
        "ndtri", "pdtr", "pdtrc", "pdtri", "poch", "polygamma", "psi", "pseudo_huber", "radian",
        "rel_entr", "rgamma", "round", "sici", "shichi", "sindg", "sph_harm", "tandg", "xlog1py",
        "xlogy", "y0", "y1", "yn", "zeta", "logsumexp", "softmax", "log_softmax", "multigammaln",
        "lambertw",
    ),
    "linalg": (
        "lu", "lu_factor", "lu_solve", "solve_triangular", "expm", "kron", "khatri_rao",
        "block_diag", "circulant", "toeplitz", "hankel", "companion", "tri", "tril", "triu",
    ),
    "ndimage": (
        "affine_transform", "convolve", "convolve1d", "correlate", "correlate1d", "gaussian_filter",
        "gaussian_filter1d", "map_coordinates", "rotate", "shift", "spline_filter",
        "spline_filter1d", "zoom",
    ),
    "signal": (
        "convolve", "correlate", "fftconvolve", "lfilter", "lfilter_zi", "oaconvolve", "sosfilt",
    ),
}  # fmt: skip


def _on_device(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The host's function for device arrays; host arrays are refused."""

    def call(*args: Any, **kwargs: Any) -> Any:
        given = [*args, *kwargs.values()]
        if not any(isinstance(x, ndarray) for x in given):
            raise TypeError(f"{name} takes arrays on the device, not {args}, {kwargs}")
        arrays = [unwrap(x) for x in args]
        options = {key: unwrap(x) for key, x in kwargs.items()}
        return wrap(silently(function, *arrays, **options))

    return call


class _Namespace(ModuleType):
    """A module with some of the functions of a host module, and a clear error for the others."""

    def __init__(self, name: str, host: str, functions: Any) -> None:
        super().__init__(name)
        module = importlib.import_module(host)
        for function in functions:
            if hasattr(module, function):
                made = _on_device(getattr(module, function), f"{name}.{function}")
                setattr(self, function, made)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{self.__name__} has no {name}, as CuPy has none")


fft = _Namespace(f"{NAME}.fft", "numpy.fft", FFT)
MODULES = {
    f"{NAME}x.scipy.{part}": _Namespace(f"{NAME}x.scipy.{part}", f"scipy.{part}", functions)
    for part, functions in SCIPY.items()
}
