"""The pages made from the tables are up to date, and every function of NumPy is in them."""

import pytest

from autodiff.tracing.on_demand import find_or_load
from autodiff.tracing.tracer import UFUNCS
from tests.surface.absent import ABSENT, public_functions, special_ufuncs
from tests.surface.pages import DOCS, PAGES, coverage, family, uncovered, untraced_special
from tests.surface.table import ROWS


def test_every_numpy_function_has_a_row_or_a_reason():
    assert uncovered() == []


def test_what_has_a_reason_has_no_row():
    assert set(ABSENT) <= set(public_functions())
    assert set(ABSENT) & {row.function for row in ROWS} == set()


def test_the_ufuncs_of_scipy_without_a_row_are_those_without_a_traced_form():
    ufuncs = special_ufuncs()
    untraced = [name for name, f in ufuncs.items() if find_or_load(UFUNCS, f) is None]
    assert untraced_special() == sorted(untraced)
    assert "scipy.special.kelvin" in untraced
    assert "scipy.special.erf" not in untraced
    listed = coverage().partition("## scipy.special functions that have no traced form yet")[2]
    assert "`kelvin`" in listed
    assert "`erf`" not in listed


def test_all_distributions_are_in_one_table():
    assert family("autodiff.scipy.stats.norm.logpdf") == "autodiff.scipy.stats"
    assert family("numpy.ufunc.at") == "numpy.ufunc"
    assert family("numpy.linalg.inv") == "numpy.linalg"


@pytest.mark.parametrize("name", PAGES)
def test_page_is_up_to_date(name):
    found = (DOCS / name).read_text(encoding="utf-8")
    assert found == PAGES[name](), "run `python -m tests.surface.pages`"
