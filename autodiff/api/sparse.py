"""Jacobians and Hessians that are mostly zero: `sparse_jacobian`, `sparse_hessian`, `sparsity`.

The pattern of zeros is found from the program. Columns that have no row in common are then
computed together, by one product with the sum of their basis vectors; so the work depends on how
many entries share a row, not on the number of rows and columns.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from autodiff.api.arguments import Argnames, Argnums, FlatCall, Selector
from autodiff.api.blocks import check_chunk_size
from autodiff.api.sparse_points import MODES, GivenPattern, Mode, hessian_at, jacobian_at
from autodiff.api.sparsity_patterns import Sparsity

__all__ = ["sparse_hessian", "sparse_jacobian", "sparsity"]


def sparsity(
    fun: Callable[..., Any],
    argnums: Argnums | None = None,
    argnames: Argnames = None,
    *,
    order: int = 1,
    has_aux: bool = False,
) -> Callable[..., Sparsity]:
    """Which results depend on which arguments: where the Jacobian, or the Hessian, is not zero.

    Found from the operations of `fun`, not from numbers, so an entry that is only zero by chance is
    in the pattern. Both sides of a `where` count. Operations of which nothing better is known count
    as dense. Where elements are taken by computed indices (also by `sort`), the pattern is that at
    this point.

    Args:
        fun: a function of arrays, floats and containers of them.
        argnums: the position(s) of the argument(s) to differentiate by; the first by default.
        argnames: the same by name.
        order: 1 for the Jacobian; 2 for the Hessian of a real scalar function.
        has_aux: whether `fun` returns `(value, aux)`.

    Returns:
        A function of the same arguments that returns a `Sparsity`: `print` draws it, `matrix` is
        the pattern as a `scipy.sparse.csr_array` of truth values, in the layout of
        `sparse_jacobian`, and `colours` is the number of products that the matrix takes.

    Raises:
        ValueError: order is neither 1 nor 2.
        TypeError: a selected argument is not floating-point; or for order 2, as `sparse_hessian`.
        ModuleNotFoundError: SciPy is not installed.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> print(ad.sparsity(np.diff)(np.zeros(4)))
        3 x 4, 6 entries, 2 colours (forward)
        ■ ■ · ·
        · ■ ■ ·
        · · ■ ■

    Source:
        Gebremedhin, Manne and Pothen, "What color is your Jacobian? Graph coloring for computing
        derivatives", SIAM Review 47 (2005).
    """
    if order not in (1, 2):
        raise ValueError(f"sparsity: order={order}: expected 1 (Jacobian) or 2 (Hessian)")
    selector = Selector(fun, argnums, argnames)
    start = hessian_at if order == 2 else jacobian_at

    @wraps(fun)
    def wrapped(*args: Any, **kwargs: Any) -> Sparsity:
        return start(FlatCall(fun, args, kwargs), selector, "sparsity", has_aux).sparsity()

    return wrapped


def sparse_jacobian(
    fun: Callable[..., Any],
    argnums: Argnums | None = None,
    argnames: Argnames = None,
    *,
    mode: Mode = "auto",
    pattern: Any = None,
    has_aux: bool = False,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """The Jacobian as a sparse matrix, from few products with vectors.

    A tridiagonal Jacobian takes three of them, whatever its size. The pattern and the groups of
    columns (or rows) are found on the first call, and again only when the program changes.

    Args:
        fun: a function of arrays, floats and containers of them.
        argnums: the position(s) of the argument(s) to differentiate by; the first by default.
        argnames: the same by name.
        mode: "forward" computes groups of columns, "reverse" groups of rows, "auto" whatever are
            fewer.
        pattern: where entries may differ from zero, if you know better than `sparsity` finds out: a
            matrix of the shape of the result (of `scipy.sparse`, a dense array, or a `Sparsity`).
            It is checked by a product with a random vector on each call.
        has_aux: whether `fun` returns `(value, aux)`.
        chunk_size: at most so many products at a time, to bound the memory in use; by default as
            many as take some 100 MB.

    Returns:
        A function of the same arguments that returns a `scipy.sparse.csr_array` (for CuPy arrays a
        `cupyx.scipy.sparse.csr_matrix`). Its rows are the floating-point entries of the value, leaf
        after leaf, each in C order; its columns those of the selected arguments, in the order of
        the call. Entries of the pattern that are zero at this point are stored. With `has_aux`, the
        pair `(jacobian, aux)`.

    Raises:
        TypeError: as `jacobian`.
        ValueError: the given pattern has another shape, or lacks an entry.
        EscapeError: called on traced values: a sparse matrix cannot be part of a traced function.
        ModuleNotFoundError: SciPy is not installed.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> jac = ad.sparse_jacobian(lambda x: x[1:] * x[:-1])(np.array([1.0, 2.0, 3.0]))
        >>> print(jac.toarray())
        [[2. 1. 0.]
         [0. 3. 2.]]

    Source:
        Curtis, Powell and Reid, "On the estimation of sparse Jacobian matrices", IMA Journal of
        Applied Mathematics 13 (1974); Gebremedhin, Manne and Pothen, SIAM Review 47 (2005).
    """
    check_chunk_size(chunk_size)
    if mode not in MODES:
        raise ValueError(f"sparse_jacobian: mode={mode!r} is none of {', '.join(map(repr, MODES))}")
    selector = Selector(fun, argnums, argnames)
    given = None if pattern is None else GivenPattern(pattern)

    @wraps(fun)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        call = FlatCall(fun, args, kwargs)
        found = jacobian_at(call, selector, "sparse_jacobian", has_aux, mode)
        return found.result(given, chunk_size)

    return wrapped


def sparse_hessian(
    fun: Callable[..., Any],
    argnums: Argnums | None = None,
    argnames: Argnames = None,
    *,
    pattern: Any = None,
    has_aux: bool = False,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """The Hessian as a sparse matrix, from few products with vectors.

    It uses that the matrix is symmetric: an entry is read in its row or in its column, so that
    fewer groups are needed than for a Jacobian of the same pattern.

    Args:
        fun: a function of arrays, floats and containers of them, returning a real scalar.
        argnums: the position(s) of the argument(s) to differentiate by; the first by default.
        argnames: the same by name.
        pattern: as in `sparse_jacobian`.
        has_aux: whether `fun` returns `(value, aux)`.
        chunk_size: as in `sparse_jacobian`.

    Returns:
        A function of the same arguments that returns a square `scipy.sparse.csr_array` (for CuPy
        arrays a `cupyx.scipy.sparse.csr_matrix`). Its rows and columns are the floating-point
        entries of the selected arguments, in the order of the call, each leaf in C order. With
        `has_aux`, the pair `(hessian, aux)`.

    Raises:
        TypeError: the result is no real scalar, or a selected argument is not floating-point, or
            complex.
        ValueError: the given pattern has another shape, or lacks an entry; or the Hessian is not
            symmetric, since a custom rule is not the derivative of its function.
        EscapeError: called on traced values: a sparse matrix cannot be part of a traced function.
        ModuleNotFoundError: SciPy is not installed.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> print(ad.sparse_hessian(lambda x: np.sum(np.diff(x) ** 2))(np.zeros(4)).toarray())
        [[ 2. -2.  0.  0.]
         [-2.  4. -2.  0.]
         [ 0. -2.  4. -2.]
         [ 0.  0. -2.  2.]]

    Source:
        Coleman and Moré, "Estimation of sparse Hessian matrices and graph coloring problems",
        Mathematical Programming 28 (1984); Gebremedhin, Manne and Pothen, SIAM Review 47 (2005).
    """
    check_chunk_size(chunk_size)
    selector = Selector(fun, argnums, argnames)
    given = None if pattern is None else GivenPattern(pattern)

    @wraps(fun)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        call = FlatCall(fun, args, kwargs)
        return hessian_at(call, selector, "sparse_hessian", has_aux).result(given, chunk_size)

    return wrapped
