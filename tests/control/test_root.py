"""`root`: equations whose function and whose solver are programs."""

import numpy as np
import pytest

from autodiff.control.dense_solver import dense
from autodiff.control.root import derivative, root
from autodiff.control.solve import solve
from autodiff.ir import check
from autodiff.primitives.algebra import mul
from autodiff.primitives.arithmetic import sub
from autodiff.primitives.powers import sqrt
from autodiff.transforms.batch import batch
from autodiff.transforms.jvp import jvp
from autodiff.transforms.transpose import transpose
from tests.calculus import cotangents, evaluated, jacobian_by_columns, jacobian_by_rows, tangents
from tests.programs import program, typed


def square_root(shape: str = "f64[2]"):
    """X with x * x - c = 0, solved by the primitive that is the closed form."""
    f = program(lambda c, x: sub(mul(x, x), c), shape, shape, name="f")
    linear = derivative(f, 1)
    ways = {
        "program": f,
        "solver": program(lambda c, x: sqrt(c), shape, shape, name="closed"),
        "tangent": dense(linear, 2),
        "transposed": dense(transpose(linear, (False, False, True)), 2),
    }
    return program(lambda c, x: root(c, x, **ways), shape, shape), ways


C, GUESS = np.array([2.0, 5.0]), np.ones(2)


def test_it_is_what_the_solver_gives():
    f, _ = square_root()
    check(f)
    np.testing.assert_array_equal(evaluated(f, [C, GUESS])[0], np.sqrt(C))


def test_the_derivative_of_a_program_by_its_last_inputs():
    f = program(lambda c, x: mul(mul(x, x), c), "f64[2]", "f64[2]")
    linear = derivative(f, 1)
    assert linear.in_types == (*f.in_types, typed("f64[2]"))
    x, dx = np.array([1.0, 2.0]), np.array([3.0, -1.0])
    np.testing.assert_allclose(evaluated(linear, [C, x, dx])[0], 2 * x * C * dx)
    assert derivative(f, 1) is linear


@pytest.mark.parametrize("jacobian", [jacobian_by_columns, jacobian_by_rows])
def test_first_derivatives(jacobian):
    f, _ = square_root()
    expected = np.hstack([np.diag(0.5 / np.sqrt(C)), np.zeros((2, 2))])
    np.testing.assert_allclose(jacobian(f, [C, GUESS]), expected, rtol=1e-14)


@pytest.mark.parametrize("inner", [tangents, cotangents])
@pytest.mark.parametrize("middle", [tangents, cotangents])
@pytest.mark.parametrize("outer", [tangents, cotangents])
def test_third_derivatives_in_all_orders_of_modes(inner, middle, outer):
    """Everything is diagonal, so with ones for all tangents a cotangent is a derivative, too."""
    f, _ = square_root()
    by_c = (True, False)
    first = inner(f, by_c)
    second = middle(first, (True,) + (False,) * (len(first.inputs) - 1))
    third = outer(second, (True,) + (False,) * (len(second.inputs) - 1))
    (found,) = evaluated(third, [C, GUESS, *[np.ones(2)] * 3])
    np.testing.assert_allclose(found, 3 / 8 * C**-2.5, rtol=1e-13)


def test_the_tangent_solves_a_linear_system_at_the_root():
    f, ways = square_root()
    forward, _ = jvp(f, (True, False))
    (equation,) = [e for e in forward.equations if e.primitive is solve]
    assert equation.params["matvec"] is derivative(ways["program"], 1)
    assert equation.params["solver"] is ways["tangent"]
    (found,) = [e for e in forward.equations if e.primitive is root]
    assert equation.inputs[1] is found.outputs[0]


def test_the_guess_has_no_derivative():
    f, _ = square_root()
    forward, moving = jvp(f, (False, True))
    assert moving == (False,)
    assert all(e.primitive is not solve for e in forward.equations)


@pytest.mark.parametrize("mapped", [(True, False), (False, True), (True, True)])
def test_a_map_is_a_loop(mapped):
    f, _ = square_root()
    together, _ = batch(f, mapped, 3, (True,))
    xs = [np.stack([x, 2 * x, 3 * x]) if m else x for x, m in zip([C, GUESS], mapped, strict=True)]
    expected = np.sqrt(xs[0]) if mapped[0] else np.stack([np.sqrt(C)] * 3)
    np.testing.assert_allclose(evaluated(together, xs)[0], expected)
    columns = jacobian_by_columns(together, xs)
    np.testing.assert_allclose(jacobian_by_rows(together, xs), columns, rtol=1e-13, atol=1e-15)


def test_types_are_checked():
    _, ways = square_root()
    with pytest.raises(TypeError, match="f takes"):
        root.types(typed("f64[2]"), typed("f64[3]"), **ways)
    with pytest.raises(TypeError, match="closed takes"):
        root.types(typed("f64[2]"), typed("f64[2]"), **{**ways, "tangent": ways["solver"]})
