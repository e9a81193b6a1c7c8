"""`scipy.interpolate` on traced arrays: splines, piecewise polynomials and grids.

The objects have SciPy's names, arguments and methods; of plain arrays, SciPy computes everything.
"""

from autodiff.scipy.bsplines import BSpline, make_interp_spline
from autodiff.scipy.cubic_splines import (
    Akima1DInterpolator,
    CubicHermiteSpline,
    CubicSpline,
    PchipInterpolator,
)
from autodiff.scipy.forms import own_of_scipy
from autodiff.scipy.grids import RegularGridInterpolator, interp1d, interpn
from autodiff.scipy.piecewise import PPoly

__all__ = [
    "Akima1DInterpolator", "BSpline", "CubicHermiteSpline", "CubicSpline", "PPoly",
    "PchipInterpolator", "RegularGridInterpolator", "interp1d", "interpn", "make_interp_spline",
]  # fmt: skip

__getattr__ = own_of_scipy("interpolate")
