"""The pages made from the tables are up to date, and every function of NumPy is in them."""

import pytest

from tests.surface.absent import ABSENT, public_functions
from tests.surface.pages import DOCS, PAGES, uncovered
from tests.surface.table import ROWS


def test_every_numpy_function_has_a_row_or_a_reason():
    assert uncovered() == []


def test_what_has_a_reason_has_no_row():
    assert set(ABSENT) <= set(public_functions())
    assert set(ABSENT) & {row.function for row in ROWS} == set()


@pytest.mark.parametrize("name", PAGES)
def test_page_is_up_to_date(name):
    found = (DOCS / name).read_text(encoding="utf-8")
    assert found == PAGES[name](), "run `python -m tests.surface.pages`"
