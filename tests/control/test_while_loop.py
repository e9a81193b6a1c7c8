"""`while_loop` as an equation: golden programs, and the memory of the way back."""

import tracemalloc

import numpy as np
import pytest

import autodiff as ad
from autodiff.control.scan import scan
from autodiff.control.sweep import sweep
from autodiff.control.while_loop import while_loop
from autodiff.ir import check
from tests.programs import expected, shown


def root(a, **options):
    return ad.while_loop(
        lambda x: abs(x * x - a) > 1e-12 * a, lambda x: 0.5 * (x + a / x), a, **options
    )


def names(program):
    return [e.primitive for e in program.equations]


def test_the_program():
    program = ad.trace(root)(2.0)
    assert shown(program) == expected("""
        root(a: f64[]) -> f64[] {
          b: f64[] = mul 1e-12:f64 a
          c: f64[], d: i64[] = while_loop[condition=fun(a: f64[], b: f64[], c: f64[]) -> bool[] {
            d: f64[] = mul c c
            e: f64[] = sub d a
            f: f64[] = abs e
            g: bool[] = greater f b
            return g
          }, program=fun(a: f64[], b: f64[]) -> f64[] {
            c: f64[] = div a b
            d: f64[] = add b c
            e: f64[] = mul 0.5:f64 d
            return e
          }, tests=2, constants=1, carry=1, policy=None, checkpointed=False] a b a a
          return c
        }
    """)
    assert str(check(ad.parse(str(program)))) == str(program)


def test_the_way_back_is_a_scan_of_as_many_steps():
    program = ad.trace(ad.grad(root))(2.0)
    there, back = (e for e in program.equations if e.primitive in (while_loop, scan))
    assert there.primitive is while_loop
    assert [str(v.type) for v in there.outputs[1:]] == ["i64[]", "f64[?]", "f64[?]"]
    assert back.params["length"] is None
    assert back.inputs[0] is there.outputs[1]


def test_checkpointed_the_way_back_is_a_sweep():
    program = ad.trace(ad.grad(lambda a: root(a, checkpointed=True)))(2.0)
    assert [p for p in names(program) if p.kind == "holder"] == [while_loop, sweep]
    assert not [v for e in program.equations for v in e.outputs if "?" in str(v.type)]


def growing(n, checkpointed):
    def f(x):
        def step(state):
            i, y = state
            return i + 1, y + 1e-5 * np.sin(y)

        return np.sum(ad.while_loop(lambda s: s[0] < n, step, (0, x), checkpointed=checkpointed)[1])

    return f


def peak(f, x):
    f(x)  # what is derived and compiled stays
    tracemalloc.start()
    try:
        f(x)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_grows_like_the_logarithm():
    x = np.linspace(0.1, 1.0, 1000)
    gradients = [ad.grad(growing(n, checkpointed=True)) for n in (100, 1000, 10_000)]
    small, middle, large = (peak(g, x) / x.nbytes for g in gradients)
    assert large - middle < 25  # states for ten times as many steps; 9,000 if all were kept
    assert middle - small < 25
    assert peak(ad.grad(growing(1000, checkpointed=False)), x) / x.nbytes > 1000


@pytest.mark.parametrize("checkpointed", [False, True])
def test_gradient_of_many_steps(checkpointed):
    """The flow of y' = sin y: dy/dx = sin y / sin x, up to the step size."""
    x, n = np.array([0.5, 1.0]), 2000
    f = growing(n, checkpointed)
    h = 1e-5
    by_differences = [(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(2)]
    np.testing.assert_allclose(ad.grad(f)(x), by_differences, rtol=1e-8)


def test_a_loop_within_a_loop_keeps_nothing_of_each_inner_step():
    """The numbers of inner steps differ, so the backward pass runs the inner loop again."""

    def f(x):
        def outer(s, row):
            inner = ad.while_loop(
                lambda y: y < 10 * row, lambda y: y * 1.7 + 0.1 * np.sin(s * y), row
            )
            return np.sin(inner), inner

        s, ys = ad.scan(outer, x, np.array([1.0, 2.0, 0.5]))
        return s + np.sum(ys)

    program = ad.trace(ad.grad(f))(0.3)
    assert [e.primitive for e in program.equations if e.primitive.kind == "holder"] == [scan, scan]
    (back,) = [e for e in program.equations if e.params.get("reverse")]
    assert while_loop in names(back.params["program"])
    h = 1e-6
    difference = (f(0.3 + h) - f(0.3 - h)) / (2 * h)
    assert np.isclose(ad.grad(f)(0.3), difference, rtol=1e-6)


def test_transposed_as_it_stands():
    """A loop that is linear in its state, although the counter is not."""

    def f(x):
        return ad.while_loop(lambda s: s[0] < 5, lambda s: (s[0] + 1, s[1] * 2 + x), (0, x))[1]

    transposed = ad.linear_transpose(f, np.zeros(2))
    np.testing.assert_array_equal(transposed(np.ones(2))[0], np.full(2, f(1.0)))
