"""Roots, fixed points, minima and linear systems within everything else."""

import pickle

import numpy as np
import pytest

import autodiff as ad


def close(found, expected, tolerance=1e-10):
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def slope(f, x, step=1e-5):
    """By differences of fourth order."""
    near, far = f(x + step) - f(x - step), f(x + 2 * step) - f(x - 2 * step)
    return (8 * near - far) / (12 * step)


def square_root(a):
    return ad.custom_root(lambda x: x * x - a, 1.0)


def backward_euler(k):
    """An implicit method for x' = -k x³."""

    def step(x, _):
        new = ad.custom_root(lambda y: y - x + 0.1 * k * y**3, x)
        return new, new

    return ad.scan(step, 1.0, length=10)[0]


def test_steps_of_a_loop():
    first = ad.grad(backward_euler)
    close(first(1.3), slope(backward_euler, 1.3), 1e-9)
    close(ad.grad(first)(1.3), slope(first, 1.3), 1e-9)
    close(ad.jacfwd(ad.jacfwd(backward_euler))(1.3), ad.grad(first)(1.3), 1e-13)
    close(ad.vmap(ad.jit(first))(np.array([1.3, 0.2])), [first(1.3), first(0.2)], 1e-13)


def test_a_loop_of_roots():
    def f(a):
        return ad.while_loop(lambda s: s[1] < 3, lambda s: (square_root(s[0]), s[1] + 1), (a, 0))[0]

    close(f(3.0), 3.0**0.125, 1e-14)
    close(ad.grad(f)(3.0), 3.0**-0.875 / 8, 1e-14)


def test_checkpoints():
    def f(a):
        return square_root(square_root(a))

    close(ad.grad(ad.checkpoint(f))(16.0), 0.25 * 16.0**-0.75, 1e-14)
    layer = ad.checkpoint(square_root)
    close(ad.grad(ad.grad(lambda a: layer(layer(a))))(16.0), -3 / 16 * 16.0**-1.75, 1e-14)


def test_branches():
    def f(a):
        return ad.cond(a > 0, square_root, lambda a: 0 * a, a)

    close([ad.grad(f)(4.0), ad.grad(f)(-4.0)], [0.25, 0], 1e-14)
    close(ad.vmap(ad.grad(f))(np.array([4.0, -4.0])), [0.25, 0], 1e-14)


def test_a_root_within_the_equation_of_a_root():
    def f(a):
        def inner(x):
            return ad.custom_root(lambda y: y**3 - x - a, 1.0)

        return ad.custom_root(lambda x: x - inner(x) - 0.1, 1.0)

    first = ad.grad(f)
    close(first(2.0), slope(f, 2.0), 1e-9)
    close(ad.grad(first)(2.0), slope(first, 2.0), 1e-9)


def test_a_minimum_within_the_function_of_a_minimum():
    def f(a):
        def response(x):
            return ad.argmin(lambda y: (y - a * x) ** 2 + y**4, 0.3)

        return ad.argmin(lambda x: (x - response(x)) ** 2 + x**2 - x, 0.5)

    close(ad.grad(f)(1.2), slope(f, 1.2), 1e-9)
    close(ad.jacfwd(f)(1.2), ad.grad(f)(1.2), 1e-12)


def test_a_linear_system_at_a_root(rng):
    a = rng.normal(size=(4, 4)) * 0.2 + np.eye(4)

    def f(t):
        x = ad.custom_root(lambda x: a @ x + t * x**3 - 1, np.ones(4))
        return np.sum(ad.linear_solve(lambda v: a.T @ v + t * x * v, x, "gmres") ** 2)

    close(ad.grad(f)(0.3), slope(f, 0.3), 1e-8)
    close(ad.grad(ad.grad(f))(0.3), ad.jacfwd(ad.jacfwd(f))(0.3), 1e-9)


def test_a_custom_rule_around_a_root():
    @ad.custom_vjp
    def f(a):
        return square_root(a)

    f.defvjp(lambda a: (square_root(a), a), lambda a, ct: (10 * ct * ad.grad(square_root)(a),))
    close(ad.grad(f)(4.0), 2.5, 1e-14)


def test_taylor_mode():
    found = ad.derivatives(square_root, 4)(4.0)
    close(found, [2, 1 / 4, -1 / 32, 3 / 256, -15 / 2048], 1e-13)
    found = ad.derivatives(lambda a: ad.linear_solve(lambda x: a * x, 1.0), 3)(2.0)
    close(found, [1 / 2, -1 / 4, 1 / 4, -3 / 8], 1e-14)


def test_the_transpose_of_a_solution(rng):
    a = rng.normal(size=(3, 3)) + 3 * np.eye(3)
    transpose = ad.linear_transpose(lambda b: ad.linear_solve(lambda x: a @ x, b), np.zeros(3))
    close(transpose(np.ones(3))[0], np.linalg.solve(a.T, np.ones(3)), 1e-14)


def test_values_are_known_while_a_gradient_is_traced():
    def f(a):
        x = square_root(a)
        return x**2 if x > 1 else x**4

    assert abs(ad.grad(f)(4.0) - 1) < 1e-14
    assert abs(ad.grad(f)(0.25) - 0.5) < 1e-14


@pytest.mark.parametrize("fun", [square_root, backward_euler], ids=lambda f: f.__name__)
def test_programs_are_read_back(fun):
    program = ad.trace(ad.grad(fun))(1.3)
    again = ad.parse(str(program))
    assert str(again) == str(program)
    for copy in (again, pickle.loads(pickle.dumps(program))):
        close(ad.run(copy, 1.3), ad.grad(fun)(1.3), 1e-15)


def test_source_runs_with_the_programs_that_it_calls(rng):
    a = rng.normal(size=(3, 3)) + 3 * np.eye(3)
    source = ad.to_source(ad.trace(lambda a: ad.linear_solve(lambda x: a @ x, np.ones(3), "cg"))(a))
    space = {}
    exec(source, space)
    assert "while " in source
    (x,) = space["fun"](a @ a.T, np.ones(3))
    close(x, np.linalg.solve(a @ a.T, np.ones(3)), 1e-9)


def test_solvers_are_built_once():
    """However often an equation is solved, and with whatever numbers."""

    def solver(a):
        program = ad.trace(lambda a: ad.linear_solve(lambda x: a * x, np.ones(3), "gmres"))(a)
        (found,) = [e.params["solver"] for e in program.equations if "solver" in e.params]
        return found

    assert solver(2.0) is solver(3.0)
