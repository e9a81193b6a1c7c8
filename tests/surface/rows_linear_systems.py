"""Rows for linear systems, inverses, determinants and powers of matrices."""

from __future__ import annotations

import numpy as np

from tests.primitives.spec import complex_uniform, integers, uniform
from tests.primitives.specs_dense_systems import regular
from tests.primitives.specs_determinants import of_rank
from tests.surface.row import Row

F32 = np.float32
A, STACK = regular(3, 3), regular(2, 3, 3)
COMPLEX, SINGLE = regular(3, 3, dtype=complex), regular(3, 3, dtype=F32)
INTEGERS = integers(-3, 4, (3, 3))
EMPTY = uniform(-1, 1, (0, 0))
V, B = uniform(-1, 1, (3,)), uniform(-1, 1, (3, 2))


SOLVE = [
    Row("numpy.linalg.solve", np.linalg.solve, (A, V), id="vector"),
    Row("numpy.linalg.solve", np.linalg.solve, (A, B)),
    Row("numpy.linalg.solve", np.linalg.solve, (STACK, V), id="stack-vector"),
    Row("numpy.linalg.solve", np.linalg.solve, (STACK, B), id="stack"),
    Row("numpy.linalg.solve", np.linalg.solve, (A, uniform(-1, 1, (2, 3, 2))), id="stack-of-b"),
    Row(
        "numpy.linalg.solve",
        np.linalg.solve,
        (regular(2, 1, 3, 3), uniform(-1, 1, (2, 2, 3, 1))),
        id="broadcast",
    ),
    Row("numpy.linalg.solve", np.linalg.solve, (COMPLEX, V), id="complex-real"),
    Row("numpy.linalg.solve", np.linalg.solve, (SINGLE, uniform(-1, 1, (3, 2), F32)), id="f32"),
    Row("numpy.linalg.solve", np.linalg.solve, (EMPTY, uniform(-1, 1, (0, 2))), id="empty"),
    Row("numpy.linalg.solve", np.linalg.solve, (A, integers(-3, 4, (3, 2))), id="integers"),
    Row(
        "numpy.linalg.tensorsolve",
        np.linalg.tensorsolve,
        (lambda rng: regular(6, 6)(rng).reshape(2, 3, 6), uniform(-1, 1, (2, 3))),
    ),
    Row(
        "numpy.linalg.tensorsolve",
        lambda a, b: np.linalg.tensorsolve(a, b, axes=(0, 2)),
        (lambda rng: regular(4, 4)(rng).reshape(2, 4, 2), uniform(-1, 1, (4,))),
        id="axes",
    ),
]
INVERSE = [
    Row("numpy.linalg.inv", np.linalg.inv, (A,)),
    Row("numpy.linalg.inv", np.linalg.inv, (STACK,), id="stack"),
    Row("numpy.linalg.inv", np.linalg.inv, (COMPLEX,), id="complex"),
    Row("numpy.linalg.inv", np.linalg.inv, (SINGLE,), id="f32"),
    Row("numpy.linalg.inv", np.linalg.inv, (EMPTY,), id="empty"),
    Row(
        "numpy.linalg.tensorinv",
        np.linalg.tensorinv,
        (lambda rng: regular(6, 6)(rng).reshape(2, 3, 6),),
    ),
    Row(
        "numpy.linalg.tensorinv",
        lambda a: np.linalg.tensorinv(a, ind=1),
        (lambda rng: regular(4, 4)(rng).reshape(4, 2, 2),),
        id="ind",
    ),
]
POWER = [
    Row(
        "numpy.linalg.matrix_power",
        lambda a, n=n: np.linalg.matrix_power(a, n),
        (A,),
        id=str(n),
        smooth=n != 0,
    )
    for n in (-3, -1, 0, 1, 2, 3, 5, 8)
] + [
    Row("numpy.linalg.matrix_power", lambda a: np.linalg.matrix_power(a, 4), (COMPLEX,), id="c"),
    Row("numpy.linalg.matrix_power", lambda a: np.linalg.matrix_power(a, 3), (STACK,), id="stack"),
    Row(
        "numpy.linalg.matrix_power",
        lambda a: np.linalg.matrix_power(a, 3),
        (INTEGERS,),
        id="integers",
        smooth=False,
    ),
]
DETERMINANT = [
    Row("numpy.linalg.det", np.linalg.det, (A,)),
    Row("numpy.linalg.det", np.linalg.det, (STACK,), id="stack"),
    Row("numpy.linalg.det", np.linalg.det, (COMPLEX,), id="complex"),
    Row("numpy.linalg.det", np.linalg.det, (SINGLE,), id="f32"),
    Row("numpy.linalg.det", np.linalg.det, (EMPTY,), id="empty"),
    Row("numpy.linalg.det", np.linalg.det, (uniform(-1, 1, (1, 1)),), id="1"),
    Row("numpy.linalg.det", np.linalg.det, (INTEGERS,), id="integers", smooth=False),
    *[
        Row("numpy.linalg.det", np.linalg.det, (of_rank(rank, 4, 4),), id=f"rank-{rank}")
        for rank in range(4)
    ],
    Row("numpy.linalg.slogdet", np.linalg.slogdet, (A,)),
    Row("numpy.linalg.slogdet", np.linalg.slogdet, (STACK,), id="stack"),
    Row("numpy.linalg.slogdet", np.linalg.slogdet, (complex_uniform(-1, 1, (3, 3)),), id="complex"),
    Row("numpy.linalg.slogdet", np.linalg.slogdet, (SINGLE,), id="f32"),
    Row("numpy.linalg.slogdet", np.linalg.slogdet, (EMPTY,), id="empty"),
    Row(
        "numpy.linalg.slogdet", np.linalg.slogdet, (of_rank(1, 3, 3),), id="singular", smooth=False
    ),
]
PRODUCTS = [
    Row("numpy.linalg.matmul", np.linalg.matmul, (STACK, B)),
    Row("numpy.linalg.outer", np.linalg.outer, (V, uniform(-1, 1, (2,)))),
    Row("numpy.linalg.cross", np.linalg.cross, (uniform(-1, 1, (2, 3)), V)),
    Row("numpy.linalg.cross", lambda a, b: np.linalg.cross(a, b, axis=0), (B, B), id="axis"),
    Row("numpy.linalg.vecdot", np.linalg.vecdot, (complex_uniform(-1, 1), complex_uniform(-1, 1))),
    Row("numpy.linalg.vecdot", lambda a, b: np.linalg.vecdot(a, b, axis=0), (B, B), id="axis"),
    Row("numpy.linalg.tensordot", lambda a, b: np.linalg.tensordot(a, b, axes=1), (STACK, B)),
    Row("numpy.linalg.trace", np.linalg.trace, (STACK,)),
    Row("numpy.linalg.trace", lambda a: np.linalg.trace(a, offset=1), (B,), id="offset"),
    Row("numpy.linalg.diagonal", np.linalg.diagonal, (STACK,)),
    Row("numpy.linalg.diagonal", lambda a: np.linalg.diagonal(a, offset=-1), (B,), id="offset"),
    Row("numpy.linalg.matrix_transpose", np.linalg.matrix_transpose, (uniform(-1, 1, (2, 3, 4)),)),
    Row("numpy.linalg.multi_dot", lambda *xs: np.linalg.multi_dot(xs), (A, B), id="2"),
    Row("numpy.linalg.multi_dot", lambda *xs: np.linalg.multi_dot(xs), (V, A, B), id="vector"),
    Row("numpy.linalg.multi_dot", lambda *xs: np.linalg.multi_dot(xs), (V, A, A, V), id="vectors"),
    Row(
        "numpy.linalg.multi_dot",
        lambda *xs: np.linalg.multi_dot(xs),
        (uniform(-1, 1, (2, 3)), COMPLEX, B, uniform(-1, 1, (2, 4)), uniform(-1, 1, (4,))),
    ),
]
ROWS = [*SOLVE, *INVERSE, *POWER, *DETERMINANT, *PRODUCTS]
