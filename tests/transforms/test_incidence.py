import numpy as np
import pytest
from numpy.testing import assert_array_equal

from autodiff.transforms.incidence import (
    Columns,
    product,
    repeated,
    selection,
    stacked,
    total_of,
    with_empty_rows,
)

sparse = pytest.importorskip("scipy.sparse")


def test_a_selection_has_an_entry_for_each_number_but_zero():
    wanted = [[0, 1, 0], [0, 0, 0], [0, 0, 1]]
    assert_array_equal(selection(np.array([2.0, 0.0, 3.0]), 3).toarray(), wanted)


def test_rows_are_left_empty():
    found = with_empty_rows(selection(np.array([2, 1]), 2), np.array([True, False, True]))
    assert_array_equal(found.toarray(), [[0, 1], [0, 0], [1, 0]])


def test_products_are_unions():
    one, other = selection(np.array([1, 0]), 1), selection(np.array([1, 1]), 1)
    row = selection(np.array([1]), 2), selection(np.array([2]), 2)
    assert_array_equal(product([one], [row[0]]).toarray(), [[1, 0], [0, 0]])
    assert_array_equal(product([one, other], list(row)).toarray(), [[1, 1], [0, 1]])


def test_one_row_for_all():
    total = total_of(selection(np.array([3, 0, 1, 3]), 3))
    assert_array_equal(total.toarray(), [[1, 0, 1]])
    assert_array_equal(repeated(total, 2).toarray(), [[1, 0, 1], [1, 0, 1]])


def test_a_large_input_as_a_whole_is_one_entry():
    columns = Columns([100, 3, 200])
    everything = total_of(stacked([columns.of_input(k) for k in range(3)]))
    folded = columns.folded(everything)
    assert everything.nnz == 303
    assert folded.nnz == 5
    assert columns.folded(folded).nnz == 5
    assert columns.spelled_out(folded).nnz == 303


def test_what_a_whole_input_covers_is_not_listed_again():
    columns = Columns([100])
    both = columns.of_input(0) + repeated(columns.folded(total_of(columns.of_input(0))), 100)
    wide = stacked([both, total_of(columns.of_input(0))])
    assert columns.folded(wide).nnz == 101
    assert_array_equal(columns.spelled_out(both).toarray(), np.ones((100, 100)))


@pytest.mark.parametrize("sizes", [[5], [70], [70, 0, 3], [64, 1, 80]])
def test_folding_changes_nothing(sizes, rng):
    columns = Columns(sizes)
    dense = rng.random((20, columns.count)) < 0.5
    dense[::3, : columns.elements] = True
    dense[1::3, columns.elements :] = False
    matrix = sparse.csr_array(dense)
    found = columns.spelled_out(columns.folded(matrix))
    assert_array_equal(found.toarray(), columns.spelled_out(matrix).toarray())
    assert found.has_canonical_format
