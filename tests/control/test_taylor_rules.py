"""Taylor mode of loops, branches, checkpoints and custom rules: against nested jvps."""

from functools import reduce

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autodiff as ad
from autodiff.ir import held_programs

ORDER = 5


def nested(f, order):
    return reduce(lambda g, _: lambda x: ad.jvp(g, (x,), (1.0,))[1], range(order), f)


def loop_of_rows(x):
    """Constants, carry and rows that move, and others that do not."""
    rows = np.arange(4.0) * x

    def step(carry, row):
        a, b, n = carry
        return (np.sin(a) * x + row[0], b + a * row[1], n + 1), a * a

    (a, b, n), ys = ad.scan(step, (x, 1.0, 0), (rows, np.ones(4)))
    return a * b * n + np.sum(ys)


def settles_late(x):
    """Moves only from the third step on: the first carried value feeds the second, and so on."""
    start = (1.0, 1.0, 1.0)
    return ad.fori_loop(0, 4, lambda i, c: (c[0] * x, c[0] ** 2, np.exp(c[1])), start)[2]


@ad.checkpoint
def checkpointed(x):
    return np.sin(np.exp(x) * x)


FUNCTIONS = {
    "scan": loop_of_rows,
    "reverse": lambda x: ad.scan(lambda c, r: (c * r + x, c), x, np.arange(3.0), reverse=True)[0],
    "settles late": settles_late,
    "while": lambda x: ad.while_loop(
        lambda c: c[0] < 5, lambda c: (c[0] + 1, c[1] * c[1] + x), (0, x)
    )[1],
    "while on what moves": lambda x: ad.while_loop(lambda c: c < 5, lambda c: c * c + x, x + 1),
    "fori": lambda x: ad.fori_loop(0, 3, lambda i, c: c * np.sin(x) + c * c, x),
    "no steps": lambda x: ad.fori_loop(0, 0, lambda i, c: c * x, x * x),
    "cond": lambda x: ad.cond(x > 0, lambda x: np.sin(x) * x, np.exp, x),
    "branches of different degree": lambda x: ad.switch(
        1, [lambda x: x**4, lambda x: 2 * x], x * x
    ),
    "a constant branch": lambda x: ad.cond(x < 0, lambda x: 1.0, lambda x: x**3, x),
    "checkpoint": checkpointed,
    "checkpoints in a loop": lambda x: ad.fori_loop(0, 3, lambda i, c: checkpointed(c), x),
    "loop in a loop": lambda x: ad.fori_loop(
        0, 2, lambda i, c: ad.fori_loop(0, 2, lambda j, d: np.sin(d) * x, c), x
    ),
    "gradient of a loop": ad.grad(loop_of_rows),
    "gradient of a checkpoint": ad.grad(checkpointed),
}  # fmt: skip


@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS)
def test_equals_nested_jvps(f):
    expected = [nested(f, k)(0.7) for k in range(ORDER + 1)]
    assert_allclose(ad.derivatives(f, ORDER)(0.7), expected, rtol=1e-10)


@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS)
def test_within_jit_vmap_and_grad(f):
    def third(x):
        return ad.derivatives(f, 3)(x)[3]

    xs = np.array([0.4, 0.7])
    assert_allclose(ad.jit(ad.vmap(third))(xs), [nested(f, 3)(x) for x in xs], rtol=1e-10)
    gradient = ad.grad(lambda x: third(x) + x)(0.7)  # + x: some are polynomials of order three
    assert_allclose(gradient, nested(f, 4)(0.7) + 1, rtol=1e-10)


def equations(program):
    own = len(program.equations)
    return own + sum(equations(p) for e in program.equations for _, p in held_programs(e))


@pytest.mark.parametrize("name", ["scan", "while", "fori", "cond", "checkpoint", "loop in a loop"])
def test_work_grows_with_the_square_of_the_order(name):
    def size(order):
        along = ad.derivatives(FUNCTIONS[name], order)
        return equations(ad.trace(lambda x: along(x))(0.7))

    short, long = size(4), size(8)
    assert long < 4.5 * short


def test_a_checkpoint_stays_one():
    program = ad.trace(lambda x: ad.derivatives(checkpointed, 2)(x))(0.7)
    kept = [p for e in program.equations for _, p in held_programs(e)]
    inner = [e for p in [program, *kept] for e in p.equations if e.params.get("policy")]
    assert [e.params["policy"] for e in inner] == ["recompute"]


def test_custom_derivatives():
    @ad.custom_jvp
    def f(x):
        return np.exp(x)

    f.defjvp(lambda primals, tangents: (f(*primals), 2 * f(*primals) * tangents[0]))
    assert_allclose(ad.derivatives(f, 3)(0.3), np.exp(0.3) * np.array([1, 2, 4, 8]))
