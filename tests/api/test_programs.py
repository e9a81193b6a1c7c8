"""Programs that are run and shown by hand."""

import numpy as np
import pytest

import autodiff as ad

X = np.arange(3.0)


def test_a_program_runs():
    program = ad.trace(lambda x: (np.sin(x), np.sum(x)))(X)
    sin, total = ad.run(program, X)
    np.testing.assert_array_equal(sin, np.sin(X))
    assert total == 3.0


def test_a_program_runs_within_a_transform():
    program = ad.trace(lambda x: np.sum(np.sin(x)))(X)
    np.testing.assert_allclose(ad.grad(lambda x: ad.run(program, x)[0])(X), np.cos(X))


def test_arguments_of_other_types():
    program = ad.trace(np.sin)(X)
    with pytest.raises(TypeError, match=r"sin takes \(f64\[3\]\), not \(f64\[2\]\)"):
        ad.run(program, X[:2])


def test_the_source_of_a_program():
    assert "np.sin(x)" in ad.to_source(ad.trace(np.sin)(X))


def test_a_value_that_is_looked_at_cannot_be_changed():
    def f(x):
        y = x * 2
        ad.value_of(y)[:] = -1
        return np.sum(y)

    with pytest.raises(ValueError, match="read-only"):
        ad.grad(f)(X)


def test_an_argument_of_a_subclass():
    with pytest.raises(TypeError, match=r"MaskedArray.*`np\.asarray\(x\)`"):
        ad.grad(np.sum)(np.ma.masked_array(np.ones(2), [True, False]))


def test_a_check_belongs_to_a_structure():
    def square(x):
        return x * x, 3

    ad.grad(square, has_aux=True)(2.0)
    with pytest.raises(TypeError, match="one real floating-point scalar"):
        ad.grad(square)(2.0)


def test_static_arguments_that_do_not_exist():
    with pytest.raises(ValueError, match="no argument 'zz'"):
        ad.jit(lambda x: x, static_argnames="zz")
    with pytest.raises(ValueError, match="no argument 4"):
        ad.jit(lambda x: x, static_argnums=4)


def test_static_arguments_that_are_equal_but_not_the_same():
    add = ad.jit(lambda x, s: x + np.array(s), static_argnames="s")
    assert add(np.array([1]), (1,)).dtype == np.int64
    assert add(np.array([1]), (1.0,)).dtype == np.float64
    scale = ad.jit(lambda x, s: x * s, static_argnames="s")
    assert not np.signbit(scale(1.0, 0.0))
    assert np.signbit(scale(1.0, -0.0))


def test_no_grad_stops_what_a_function_passes_on():
    for passed in (lambda v: v, lambda v: v.reshape(3), np.atleast_1d):
        gradient = ad.grad(lambda x, f=passed: np.sum(x * ad.no_grad(f)(x)))
        np.testing.assert_array_equal(gradient(X), X)


def test_no_grad_refuses_to_change_what_was_made_outside():
    def f(x):
        out = x * 2
        with ad.no_grad():
            out[0] = 5.0
        return np.sum(out)

    with pytest.raises(Exception, match=r"test_programs\.py:\d+.*no_grad"):
        ad.grad(f)(X)
