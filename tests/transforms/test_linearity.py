import pytest

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import add, mul, neg, reduce_sum
from autodiff.primitives.arithmetic import div, select, stop_gradient
from autodiff.primitives.comparison import greater
from autodiff.primitives.exponential import exp
from autodiff.primitives.structure import flip
from autodiff.tracing.build import build
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
