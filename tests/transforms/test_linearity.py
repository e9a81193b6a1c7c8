import pytest

from autodiff.control.loop import Loop
from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import add, mul, neg, reduce_sum
from autodiff.primitives.arithmetic import div, select, stop_gradient
from autodiff.primitives.comparison import greater
from autodiff.primitives.exponential import exp
from autodiff.primitives.structure import flip
from autodiff.tracing.build import build, evaluate
from autodiff.transforms.jvp import jvp
from autodiff.transforms.linearity import first_nonlinear

X = ArrayType((3,), float)


def culprit(f):
    """The name of the operation that is not linear in the second argument."""
    found = first_nonlinear(build(f, [X, X]), (False, True))
    return found and found.primitive.name


@pytest.mark.parametrize(
    "f",
    [
        lambda c, x: [neg(flip(mul(c, x), axes=(0,)))],
        lambda c, x: [add(x, div(x, exp(c)))],
        lambda c, x: [select(greater(c, exp(c)), x, neg(x))],
        lambda c, x: [add(x, c)],  # affine
        lambda c, x: [x, exp(c), c],
        lambda c, x: [reduce_sum(x, axes=(0,))],
    ],
)
def test_linear_programs(f):
    assert culprit(f) is None


@pytest.mark.parametrize(
    ("f", "name"),
    [
        (lambda c, x: [mul(x, x)], "mul"),
        (lambda c, x: [mul(c, mul(x, neg(x)))], "mul"),
        (lambda c, x: [div(c, x)], "div"),
        (lambda c, x: [exp(neg(x))], "exp"),
        (lambda c, x: [select(greater(c, x), c, x)], "greater"),
        (lambda c, x: [stop_gradient(x)], "stop_gradient"),
    ],
)
def test_the_first_operation_that_is_not_linear(f, name):
    assert culprit(f) == name


def test_what_is_not_used_does_not_count():
    def f(c, x):
        exp(x)
        return [neg(x)]

    assert culprit(f) is None


def test_of_a_loop_only_the_results_that_move_have_to_be_linear():
    """A program that computes values and tangents together is linear in the tangents."""
    body = build(lambda s, r: [mul(exp(s), r)], [X, X], "body")
    for checkpointed in (False, True):
        loop = Loop(body, 2, 0, 1, checkpointed=checkpointed)
        whole = build(lambda *xs, loop=loop: loop(*xs), [X, ArrayType((2, 3), float)])
        pushed = jvp(whole, (True, False))[0]
        values_too = lambda *xs, p=pushed: [mul(y := evaluate(p, xs)[0], y), xs[2]]
        for program in (pushed, build(values_too, pushed.in_types)):
            assert first_nonlinear(program, (False, False, True)) is None
            found = first_nonlinear(program, (True, False, False))
            assert found is not None
            assert found.primitive.name == "scan"
