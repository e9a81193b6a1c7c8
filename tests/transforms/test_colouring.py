import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from autodiff.transforms.colouring import by_columns, by_rows, star_colours, symmetric

sparse = pytest.importorskip("scipy.sparse")


def matrix(entries):
    found = sparse.csr_array(np.asarray(entries) != 0)
    found.sort_indices()
    return found


def banded(n, width):
    near = np.subtract.outer(np.arange(n), np.arange(n))
    return matrix(abs(near) <= width)


def arrow(n):
    full = np.eye(n)
    full[0] = full[:, 0] = 1
    return matrix(full)


def grid(m):
    """The pattern of the five-point Laplacian on m x m unknowns."""
    line = sparse.diags_array([1.0, 1.0, 1.0], offsets=[-1, 0, 1], shape=(m, m))
    eye = sparse.eye_array(m)
    return (sparse.kron(line, eye) + sparse.kron(eye, line)).astype(bool).tocsr()


def check(pattern, compress, way):
    """The entries of a random matrix are read from its products with the sums of basis vectors."""
    rng = np.random.default_rng(0)
    values = pattern.astype(float)
    values.data = rng.uniform(1, 2, values.nnz)
    if way == "symmetric":
        values = values + values.T
    full = values.toarray()
    colours, sums, groups, places = compress(pattern)
    assert len(colours) == full.shape[way == "forward" or way == "symmetric"]
    seeds = np.arange(sums)[:, None] == colours
    products = seeds @ (full if way == "reverse" else full.T)
    rows, columns = pattern.nonzero()
    assert_array_equal(products[groups, places], full[rows, columns])


WAYS = [(by_columns, "forward"), (by_rows, "reverse")]
every_way = pytest.mark.parametrize(("compress", "way"), WAYS, ids=["columns", "rows"])

# ---- how many


@every_way
@pytest.mark.parametrize("width", [0, 1, 2, 5])
def test_a_band_takes_as_many_colours_as_it_is_wide(compress, way, width):
    pattern = banded(200, width)
    assert compress(pattern).sums == 2 * width + 1
    check(pattern, compress, way)


def test_a_dense_row_costs_nothing_by_rows_and_a_dense_column_nothing_by_columns():
    one_row = np.eye(20)
    one_row[3] = 1
    assert by_rows(matrix(one_row)).sums == 2
    assert by_columns(matrix(one_row)).sums == 20
    assert by_columns(matrix(one_row.T)).sums == 2


def test_an_arrow_takes_two_colours_if_it_is_symmetric():
    assert by_columns(arrow(30)).sums == 30
    assert by_rows(arrow(30)).sums == 30
    assert symmetric(arrow(30)).sums == 2
    check(arrow(30), symmetric, "symmetric")


def test_blocks_take_as_many_colours_as_one_of_them():
    pattern = matrix(np.kron(np.eye(10), np.ones((4, 4))))
    for compress in (by_columns, by_rows, symmetric):
        assert compress(pattern).sums == 4


def test_a_grid_takes_five_colours():
    pattern = grid(30)
    assert symmetric(pattern).sums == 5
    assert by_columns(pattern).sums <= 7
    check(pattern, symmetric, "symmetric")


def test_a_tridiagonal_hessian_takes_three_colours():
    assert symmetric(banded(50, 1)).sums == 3
    check(banded(50, 1), symmetric, "symmetric")


def test_full_matrices():
    pattern = matrix(np.ones((6, 6)))
    for compress in (by_columns, by_rows, symmetric):
        assert compress(pattern).sums == 6
    check(pattern, symmetric, "symmetric")


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (2, 3)])
def test_without_entries_no_products_are_needed(shape):
    for compress in (by_columns, by_rows):
        assert compress(matrix(np.zeros(shape))).sums == 0


def test_a_symmetric_matrix_without_entries():
    for n in (0, 3):
        assert symmetric(matrix(np.zeros((n, n)))).sums == 0


# ---- any pattern


@st.composite
def patterns(draw, square=False):
    rows = draw(st.integers(1, 9))
    columns = rows if square else draw(st.integers(1, 9))
    bits = draw(st.lists(st.booleans(), min_size=rows * columns, max_size=rows * columns))
    return np.array(bits).reshape(rows, columns)


@every_way
@given(entries=patterns())
def test_random_patterns(compress, way, entries):
    check(matrix(entries), compress, way)


@given(patterns(square=True))
def test_random_symmetric_patterns(entries):
    pattern = matrix(entries | entries.T)
    check(pattern, symmetric, "symmetric")
    assert symmetric(pattern).sums <= by_columns(pattern).sums


@given(patterns(square=True))
def test_star_colourings_are_star_colourings(entries):
    """Neighbours differ, and no path of four vertices has two colours."""
    edges = (entries | entries.T) & ~np.eye(len(entries), dtype=bool)
    c = star_colours(matrix(edges))
    near = [np.flatnonzero(row) for row in edges]
    for v in range(len(edges)):
        assert all(c[w] != c[v] for w in near[v])
        for w in near[v]:
            for x in near[w]:
                if x != v and c[x] == c[v]:
                    assert all(c[y] != c[w] for y in near[x] if y != w)
