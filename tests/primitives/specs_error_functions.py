"""Rows for error functions, entropies, and what data are transformed by."""

from __future__ import annotations

from autodiff.primitives import entropy_functions as entropies
from autodiff.primitives import error_functions as errors
from autodiff.primitives import transformations as changes
from tests.primitives.spec import Spec, complex_uniform, uniform
from tests.primitives.specs_gamma import complex_row, real_rows

ANY, POSITIVE, UNIT = (-2.0, 2.0), (0.3, 2.0), (0.1, 0.9)
Z = complex_uniform(-1, 1)

ERRORS = [
    *real_rows(errors.erf, ANY),
    complex_row(errors.erf, Z),
    *real_rows(errors.erfc, ANY),
    complex_row(errors.erfc, Z),
    *real_rows(errors.erfi, ANY),
    complex_row(errors.erfi, Z),
    *real_rows(errors.erfcx, ANY),
    complex_row(errors.erfcx, Z),
    *real_rows(errors.erfcx_derivative, ANY, order=1),
    *real_rows(errors.erfcx_derivative, (5.0, 50.0), order=2, id="-far"),
    *real_rows(errors.dawsn, ANY),
    complex_row(errors.dawsn, Z),
    *real_rows(errors.dawsn_derivative, ANY, order=1),
    *real_rows(errors.dawsn_derivative, (8.0, 50.0), order=2, id="-far"),
    *real_rows(errors.erfinv, (-0.8, 0.8)),
    *real_rows(errors.erfcinv, (0.2, 1.8)),
    *real_rows(errors.ndtr, ANY),
    complex_row(errors.ndtr, Z),
    *real_rows(errors.ndtri, UNIT),
    *real_rows(errors.log_ndtr, ANY),
    complex_row(errors.log_ndtr, Z),
    *real_rows(errors.ndtri_exp, (-3.0, -0.3)),
]
ENTROPIES = [
    *real_rows(entropies.xlogy, POSITIVE, POSITIVE),
    Spec(entropies.xlogy, (complex_uniform(0.3, 1.5),) * 2, id="xlogy[c128]"),
    *real_rows(entropies.xlog1py, POSITIVE, POSITIVE),
    Spec(entropies.xlog1py, (complex_uniform(0.3, 1.5),) * 2, id="xlog1py[c128]"),
    *real_rows(entropies.entr, POSITIVE),
    *real_rows(entropies.rel_entr, POSITIVE, POSITIVE),
    *real_rows(entropies.kl_div, POSITIVE, POSITIVE),
]
CHANGES = [
    *real_rows(changes.expit, ANY),
    *real_rows(changes.log_expit, ANY),
    *real_rows(changes.logit, UNIT),
    *real_rows(changes.exprel, ANY),
    *real_rows(changes.exprel_derivative, ANY, order=1),
    *real_rows(changes.boxcox, POSITIVE, ANY),
    *real_rows(changes.boxcox1p, POSITIVE, ANY),
    *real_rows(changes.inv_boxcox, UNIT, UNIT),
    *real_rows(changes.inv_boxcox1p, UNIT, UNIT),
    *real_rows(changes.huber, (0.5, 0.7), (-2.0, -0.8)),
    *real_rows(changes.pseudo_huber, POSITIVE, ANY),
    *real_rows(changes.cosm1, ANY),
    *real_rows(changes.exp10, ANY),
    *real_rows(changes.powm1, POSITIVE, ANY),
    *real_rows(changes.sindg, (-90.0, 90.0)),
    *real_rows(changes.cosdg, (-90.0, 90.0)),
    *real_rows(changes.tandg, (-60.0, 60.0)),
    *real_rows(changes.cotdg, (30.0, 120.0)),
    *real_rows(changes.radian, (0.0, 90.0), (0.0, 60.0), (0.0, 60.0)),
    Spec(changes.expit, (uniform(-1, 1, ()),), id="expit-0d"),
    Spec(changes.boxcox, (uniform(1, 2, (0, 2)),) * 2, id="boxcox-empty"),
]
SPECS = [*ERRORS, *ENTROPIES, *CHANGES]
