"""`cond` and `switch`: what Python's `if` would do, under every transform."""

import re
from dataclasses import dataclass

import numpy as np
import pytest

import autodiff as ad
from autodiff.control.switch import switch as switch_primitive
from autodiff.errors import LeakedTracerError, NoValueError

XS = np.array([-2.0, -0.5, 0.0, 0.7, 3.0])


def kinked(x):
    """With `cond`; `plain` says the same with `if`."""
    return ad.cond(x > 0, lambda x: np.sin(x) * x, lambda x: x**3 - 1, x)


def plain(x):
    return np.sin(x) * x if x > 0 else x**3 - 1


def slope(x):
    return np.sin(x) + x * np.cos(x) if x > 0 else 3 * x**2


def bend(x):
    return 2 * np.cos(x) - x * np.sin(x) if x > 0 else 6 * x


def switches(fun, *args):
    return [e for e in ad.trace(fun)(*args).equations if e.primitive is switch_primitive]


# ---- values and derivatives


@pytest.mark.parametrize("x", XS)
def test_the_value_is_that_of_the_chosen_function(x):
    for f in (kinked, ad.jit(kinked)):
        y = f(x)
        np.testing.assert_allclose(y, plain(x), rtol=1e-15)
        assert y.dtype == np.float64


@pytest.mark.parametrize("x", XS)
def test_every_derivative_is(x):
    close = np.testing.assert_allclose
    close(ad.grad(kinked)(x), slope(x), rtol=1e-14)
    close(ad.jit(ad.grad(kinked))(x), slope(x), rtol=1e-14)
    close(ad.grad(ad.jit(kinked))(x), slope(x), rtol=1e-14)
    y, dy = ad.jvp(kinked, (x,), (2.0,))
    close([y, dy], [plain(x), 2 * slope(x)], rtol=1e-14)
    y, pull = ad.vjp(kinked, x)
    close([y, *pull(3.0)], [plain(x), 3 * slope(x)], rtol=1e-14)
    close(ad.grad(ad.grad(kinked))(x), bend(x), rtol=1e-13)
    close(ad.hessian(kinked)(x), bend(x), rtol=1e-13)
    close(ad.grad(lambda x: ad.jvp(kinked, (x,), (1.0,))[1])(x), bend(x), rtol=1e-13)
    close(ad.jvp(ad.grad(kinked), (x,), (1.0,))[1], bend(x), rtol=1e-13)


def test_over_rows_with_a_predicate_of_each():
    close = np.testing.assert_allclose
    close(ad.vmap(kinked)(XS), [plain(x) for x in XS], rtol=1e-15)
    for f in (
        ad.vmap(ad.grad(kinked)),
        ad.grad(lambda xs: np.sum(ad.vmap(kinked)(xs))),
        ad.jit(ad.vmap(ad.grad(kinked))),
        ad.vmap(lambda x: ad.jvp(kinked, (x,), (1.0,))[1]),
    ):
        close(f(XS), [slope(x) for x in XS], rtol=1e-14)
    close(ad.vmap(ad.grad(ad.grad(kinked)))(XS), [bend(x) for x in XS], rtol=1e-13)
    close(ad.jacfwd(ad.vmap(kinked))(XS), np.diag([slope(x) for x in XS]), rtol=1e-14)
    close(ad.jacrev(ad.vmap(kinked))(XS), np.diag([slope(x) for x in XS]), rtol=1e-14)


def test_over_rows_with_one_predicate(rng):
    xs = rng.uniform(-1, 1, (4, 3))

    @ad.jit
    def both(flag, xs):
        return ad.vmap(lambda x: ad.cond(flag, np.sum, lambda x: x[0] * x[1], x))(xs)

    np.testing.assert_allclose(both(np.True_, xs), xs.sum(1), rtol=1e-15)
    np.testing.assert_allclose(both(np.False_, xs), xs[:, 0] * xs[:, 1], rtol=1e-15)


@pytest.mark.parametrize("pred", [True, np.False_, 0, 2.5, np.array(True), np.float32(0)])
def test_a_predicate_that_is_known_just_calls(pred):
    called = []

    def note(name):
        return lambda x: (called.append(type(x)), name)[1]

    assert ad.cond(pred, note("yes"), note("no"), [1, 2]) == ("yes" if pred else "no")
    assert called == [list]
    ad.grad(lambda x: ad.cond(pred, lambda x: x, lambda x: 2 * x, x))(1.0)
    assert switches(lambda x: ad.cond(pred, lambda x: x, lambda x: 2 * x, x), 1.0) == []


@pytest.mark.parametrize("number", [2.0, 0.0, np.nan, -3, 0, 1j])
def test_a_traced_number_is_true_if_it_is_not_zero(number):
    f = ad.jit(lambda p: ad.cond(p, lambda: 1.0, lambda: 2.0))
    assert f(np.asarray(number)) == (1.0 if number else 2.0)


def test_a_traced_predicate_needs_no_value_and_stays_in_the_program():
    assert len(switches(kinked, 1.0)) == 1
    program = ad.trace(ad.grad(kinked))(1.0)
    for x in XS:  # one program for both ways
        np.testing.assert_allclose(ad.run(program, x), slope(x), rtol=1e-14)


# ---- closures and containers


def test_captured_values_get_derivatives(rng):
    w, x = rng.uniform(0.5, 1, (2, 3))

    def loss(w, x, flag):
        scale = np.sum(w)
        shared = np.sin(w)
        return np.sum(
            ad.cond(flag > 0, lambda v: v * shared * scale, lambda v: v + np.exp(w) * shared, x)
        )

    def direct(w, x, flag):
        scale, shared = np.sum(w), np.sin(w)
        return np.sum(x * shared * scale if flag > 0 else x + np.exp(w) * shared)

    for flag in (1.0, -1.0):
        got = ad.jit(ad.grad(loss, argnums=(0, 1)))(w, x, flag)
        want = ad.grad(direct, argnums=(0, 1))(w, x, flag)
        np.testing.assert_allclose(got, want, rtol=1e-14)
        got, want = (ad.hessian(f)(w, x, flag) for f in (ad.jit(loss), direct))
        np.testing.assert_allclose(got, want, rtol=1e-13, atol=1e-15)


def test_a_value_that_both_functions_capture_is_one_operand():
    table = np.arange(4.0)

    def f(x):
        y = np.exp(x)
        return ad.cond(x > 0, lambda: np.sum(y * table), lambda: np.prod(y - table))

    (e,) = switches(f, 1.0)
    assert len(e.inputs) == 3  # the index, y and the table
    np.testing.assert_allclose(f(0.5), np.sum(np.exp(0.5) * table))
    np.testing.assert_allclose(ad.jit(f)(-0.5), np.prod(np.exp(-0.5) - table))


def test_what_no_branch_uses_is_no_operand():
    f = lambda x, y, z: ad.cond(x > 0, lambda y, z: 2 * z, lambda y, z: z, y, z)
    (e,) = switches(f, 1.0, np.ones(3), np.ones(2))
    assert [str(a.type) for a in e.inputs] == ["i64[]", "f64[2]"]


def test_equal_branches_give_the_same_programs():
    table = np.arange(4.0)

    def f(x):
        y = np.exp(x)
        return ad.cond(x > 0, lambda x: np.sum(y * table), lambda x: x * 2.0, x)

    first, second = (switches(f, 1.0)[0].params["programs"] for _ in range(2))
    assert first[0] is second[0]
    assert first[1] is second[1]


@dataclass
class Pair:
    left: object
    right: object


def test_containers_go_in_and_come_out(rng):
    x, y = rng.uniform(0, 1, (2, 3))

    @ad.jit
    def f(flag, p):
        return ad.cond(
            flag,
            lambda p, mode: {"a": Pair(p.right, p.left), "n": (1, None), "s": p.left.sum()},
            lambda p, mode: {"a": Pair(p.left * 2, p.right), "n": (2, None), "s": 0.0},
            p,
            "a string goes through",
        )

    yes, no = f(np.True_, Pair(x, y)), f(np.False_, Pair(x, y))
    np.testing.assert_array_equal([yes["a"].left, yes["a"].right], [y, x])
    np.testing.assert_array_equal([no["a"].left, no["a"].right], [2 * x, y])
    assert (yes["n"], no["n"]) == ((1, None), (2, None))
    assert (yes["s"], no["s"]) == (x.sum(), 0)


def test_nested_in_each_other():
    def f(x):
        def positive(x):
            return ad.cond(x > 1, np.log, lambda x: (x - 1) * np.exp(x), x)

        return ad.cond(x > 0, positive, lambda x: ad.cond(x < -1, np.cos, np.sin, x), x)

    def direct(x):
        if x > 0:
            return np.log(x) if x > 1 else (x - 1) * np.exp(x)
        return np.cos(x) if x < -1 else np.sin(x)

    xs = np.array([-3.0, -0.5, 0.3, 2.5])
    np.testing.assert_allclose(ad.vmap(f)(xs), [direct(x) for x in xs], rtol=1e-15)
    for f1, d1 in [(f, direct), (ad.grad(f), ad.grad(direct))]:
        want = [ad.grad(d1)(x) for x in xs]
        np.testing.assert_allclose(ad.vmap(ad.grad(f1))(xs), want, rtol=1e-14)
        np.testing.assert_allclose([ad.jit(ad.grad(f1))(x) for x in xs], want, rtol=1e-14)


def test_grad_within_a_branch():
    f = ad.jit(lambda x: ad.cond(x > 0, ad.grad(np.sin), ad.grad(lambda x: x**3), x))
    np.testing.assert_allclose([f(1.0), f(-1.0)], [np.cos(1), 3])
    np.testing.assert_allclose([ad.grad(f)(1.0), ad.grad(f)(-1.0)], [-np.sin(1), -6])
    mapped = ad.jit(lambda p, xs: ad.cond(p, ad.vmap(kinked), lambda xs: xs, xs))
    np.testing.assert_allclose(mapped(np.True_, XS), [plain(x) for x in XS])


def test_checkpoint_around_and_within():
    def f(x):
        return ad.checkpoint(kinked)(np.sin(x)) + ad.cond(
            x > 0, ad.checkpoint(lambda x: np.exp(np.sin(x))), lambda x: x, x
        )

    def direct(x):
        return plain(np.sin(x)) + (np.exp(np.sin(x)) if x > 0 else x)

    for x in (0.4, -0.4):
        np.testing.assert_allclose(ad.grad(f)(x), ad.grad(direct)(x), rtol=1e-14)
        np.testing.assert_allclose(ad.hessian(f)(x), ad.hessian(direct)(x), rtol=1e-13)


def test_in_a_loop():
    def collatz(n):
        def step(state):
            n, count = state
            return ad.cond(n % 2 == 0, lambda n: n // 2, lambda n: 3 * n + 1, n), count + 1

        return ad.while_loop(lambda state: state[0] != 1, step, (n, 0))[1]

    assert [int(collatz(n)) for n in (1, 6, 27)] == [0, 8, 111]
    np.testing.assert_array_equal(ad.vmap(collatz)(np.array([1, 6, 27])), [0, 8, 111])

    def total(x, ys):
        def step(x, y):
            return ad.cond(x < y, lambda: np.sin(x) * y, lambda: x - y * y), None

        return ad.scan(step, x, ys)[0]

    def direct(x, ys):
        for y in ys:
            x = np.sin(x) * y if x < y else x - y * y
        return x

    ys = np.array([0.3, 1.0, -0.4, 0.2])
    np.testing.assert_allclose(total(0.5, ys), direct(0.5, ys), rtol=1e-14)
    for derive in (lambda f: ad.grad(f, (0, 1)), lambda f: ad.jacfwd(f, (0, 1))):
        for got, want in zip(derive(total)(0.5, ys), derive(direct)(0.5, ys), strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-13, atol=1e-15)


def test_a_loop_of_unknown_length_in_a_branch():
    def root(a):
        return ad.while_loop(lambda x: abs(x * x - a) > 1e-12, lambda x: 0.5 * (x + a / x), a)

    def f(a):
        return ad.cond(a > 0, root, lambda a: a * a, a)

    xs = np.array([4.0, -3.0, 2.0, 100.0])  # the loop would never end for -3
    slopes = [0.25, -6, 0.5 / np.sqrt(2), 0.05]
    np.testing.assert_allclose([ad.grad(f)(x) for x in xs], slopes, rtol=1e-9)
    np.testing.assert_allclose(ad.vmap(f)(xs), [2, 9, np.sqrt(2), 10], rtol=1e-9)
    np.testing.assert_allclose(ad.vmap(ad.grad(f))(xs), slopes, rtol=1e-9)
    np.testing.assert_allclose(ad.grad(lambda xs: np.sum(ad.vmap(f)(xs)))(xs), slopes, rtol=1e-9)


# ---- the branch that is not taken


def test_nan_of_the_other_branch_reaches_nothing():
    def f(x):
        return ad.cond(x > 0, np.log, lambda x: x * x, x)

    xs = np.array([0.0, 2.0, -1.0, 0.5])
    with np.errstate(all="raise"):
        np.testing.assert_allclose(ad.vmap(f)(xs), [0, np.log(2), 1, np.log(0.5)])
        np.testing.assert_allclose(ad.vmap(ad.grad(f))(xs), [0, 0.5, -2, 2])
        np.testing.assert_allclose(ad.vmap(ad.grad(ad.grad(f)))(xs), [2, -0.25, 2, -4])
        np.testing.assert_allclose(ad.grad(lambda xs: np.sum(ad.vmap(f)(xs)))(xs), [0, 0.5, -2, 2])
        np.testing.assert_allclose(ad.grad(f)(0.0), 0)


def test_an_infinite_derivative_before_a_value_that_is_not_used_does_not_count():
    def f(x):
        root = np.sqrt(x)
        return ad.cond(x > 0, lambda: root, lambda: 0.0)

    assert ad.grad(f)(0.0) == 0
    assert ad.jit(ad.grad(f))(0.25) == 1
    np.testing.assert_array_equal(ad.vmap(ad.grad(f))(np.array([0.0, 0.25])), [0, 1])


def test_indices_of_the_other_branch_may_be_out_of_bounds():
    table = np.array([10.0, 20, 30])

    def f(i, x):
        pick = lambda: x * ad.numpy.asarray(table)[i]
        return ad.cond(i < 3, pick, lambda: x)

    i, x = np.array([2, 7, 0, 3]), np.array([1.0, 2, 3, 4])
    np.testing.assert_array_equal(ad.vmap(f)(i, x), [30, 2, 30, 4])
    np.testing.assert_array_equal(ad.vmap(ad.grad(f, 1))(i, x), [30, 1, 10, 1])
    assert ad.jit(f)(np.int64(7), 5.0) == 5


def test_rows_that_come_together():
    x = np.arange(1.0, 4)

    def for_all(x):
        total = ad.psum(x, "i")
        return ad.cond(total > 0, lambda: ad.psum(x * x, "i"), lambda: x)

    np.testing.assert_array_equal(ad.vmap(for_all, axis_name="i")(x), [14, 14, 14])
    np.testing.assert_array_equal(ad.vmap(for_all, axis_name="i")(-x), -x)

    def for_some(x):
        return ad.cond(x > 1, lambda x: ad.psum(x, "i"), lambda x: x, x)

    with pytest.raises(
        ValueError, match=r"psum .*is in a branch, which rows .* go through differently"
    ):
        ad.vmap(for_some, axis_name="i")(x)

    def along_the_other_axis(p, x):
        inner = lambda p, x: ad.cond(p, lambda x: ad.psum(x, "outer"), lambda x: x, x)
        return ad.vmap(inner)(p, x)

    p, xs = np.array([True, False]), np.arange(6.0).reshape(3, 2)
    mapped = ad.vmap(along_the_other_axis, in_axes=(None, 0), axis_name="outer")
    np.testing.assert_array_equal(mapped(p, xs), [[6, 1], [6, 3], [6, 5]])


# ---- results


def test_numbers_take_the_dtype_of_the_other_branch():
    x = np.float32([1, 2])
    y = ad.jit(lambda p, x: ad.cond(p, lambda: x[0], lambda: 0.5))(np.False_, x)
    assert (y, y.dtype) == (0.5, np.float32)
    y = ad.jit(lambda p, x: ad.cond(p, lambda: x[0], lambda: 2))(np.False_, x)
    assert (y, y.dtype) == (2, np.float32)
    y = ad.jit(lambda p: ad.cond(p, lambda: 1, lambda: 0.5))(np.True_)
    assert (y, type(y)) == (1.0, float)


def test_results_that_are_numbers_in_each_branch_stay_numbers():
    x = np.float32([1, 2])
    y = ad.jit(lambda p, x: x * ad.cond(p, lambda: 2.0, lambda: 3))(np.True_, x)
    assert y.dtype == np.float32
    y = ad.jit(lambda p, x: x * ad.cond(p, lambda s: s, lambda s: s * s, 3.0))(np.False_, x)
    np.testing.assert_array_equal(y, [9, 18])
    assert y.dtype == np.float32
    y = ad.jit(lambda p, x: x * ad.cond(p, lambda: np.float64(2), lambda: 3.0))(np.True_, x)
    assert y.dtype == np.float64


@pytest.mark.parametrize(
    ("yes", "no", "differ", "shown"),
    [
        (lambda x: x, lambda x: (x, x), "structures", "f64[3], false_fun returns (f64[3], f64[3])"),
        (lambda x: x, lambda x: None, "structures", "f64[3], false_fun returns None"),
        (lambda x: x, np.sum, "shapes", "f64[3], false_fun returns f64[]"),
        (lambda x: x, lambda x: x.astype("f4"), "dtypes", "f64[3], false_fun returns f32[3]"),
        (lambda x: x.size * np.int64(1), np.sum, "dtypes", "i64[], false_fun returns f64[]"),
        (lambda x: np.int64(1), lambda x: 0.5, "dtypes", "i64[], false_fun returns f64[]"),
    ],
)
def test_branches_that_differ_are_refused(yes, no, differ, shown):
    message = f"cond: the branches return different {differ}: true_fun returns {shown}"
    with pytest.raises(TypeError, match=re.escape(message)) as caught:
        ad.jit(lambda p, x: ad.cond(p, yes, no, x))(np.True_, np.ones(3))
    assert "test_branching.py" in str(caught.value)
    assert "Write instead" in str(caught.value)


def test_results_that_are_no_arrays_are_refused():
    with pytest.raises(TypeError, match=r"true_fun of cond\) returns str"):
        ad.jit(lambda p: ad.cond(p, lambda: "yes", lambda: "no"))(np.True_)


# ---- mistakes


def test_a_predicate_is_a_scalar():
    x = np.array([1.0, -1.0])
    with pytest.raises(ValueError, match=r"predicate is bool\[2\].*must be a scalar") as caught:
        ad.cond(x > 0, np.sin, np.cos, x)
    assert "np.where(pred, a, b)" in str(caught.value)
    assert "test_branching.py" in str(caught.value)
    with pytest.raises(ValueError, match=r"bool\[2\].*must be a scalar"):
        ad.grad(lambda x: np.sum(ad.cond(x > 0, np.sin, np.cos, x)))(x)
    with pytest.raises(TypeError, match="the predicate is str, not a bool"):
        ad.cond("yes", np.sin, np.cos, x)


def test_branches_are_functions():
    with pytest.raises(TypeError, match="false_fun is float, not a function"):
        ad.cond(True, np.sin, 0.0, 1.0)
    with pytest.raises(TypeError, match=r"branch 1 is f64\[2\], not a function"):
        ad.switch(0, [np.sin, np.ones(2)], 1.0)
    with pytest.raises(ValueError, match="there are no branches"):
        ad.switch(0, [], 1.0)


def test_python_asks_in_vain_within_a_branch():
    def f(x):
        return ad.cond(x > 0, lambda x: x if x > 1 else -x, lambda x: x, x)

    with pytest.raises(NoValueError, match="true_fun of cond"):
        ad.grad(f)(1.0)


def test_a_value_that_leaves_its_branch_is_an_error():
    kept = []

    def f(x):
        ad.cond(x > 0, lambda x: kept.append(np.sin(x)) or x, lambda x: x, x)
        return kept[0] * x

    with pytest.raises(LeakedTracerError):
        ad.grad(f)(1.0)


# ---- switch


def test_switch_chooses_among_many():
    branches = [np.sin, lambda x: x * x, lambda x: np.float64(4.0), np.exp]
    slopes = [np.cos(0.3), 0.6, 0, np.exp(0.3)]
    f = ad.jit(lambda i, x: ad.switch(i, branches, x))
    df = ad.jit(lambda i, x: ad.grad(lambda x: ad.switch(i, branches, x))(x))
    for i in range(4):
        want = branches[i](0.3)
        assert ad.switch(i, branches, 0.3) == want
        assert ad.switch(np.int32(i), branches, 0.3) == want
        np.testing.assert_allclose(f(np.int64(i), 0.3), want, rtol=1e-15)
        np.testing.assert_allclose(f(np.uint8(i), 0.3), want, rtol=1e-15)
        np.testing.assert_allclose(df(np.int16(i), 0.3), slopes[i], rtol=1e-15)
    i, x = np.array([3, 0, 2, 1, 0]), np.linspace(0.1, 0.5, 5)
    np.testing.assert_allclose(
        ad.vmap(f)(i, x), [branches[k](v) for k, v in zip(i, x, strict=True)]
    )
    np.testing.assert_allclose(ad.vmap(df)(i, np.full(5, 0.3)), [slopes[k] for k in i], rtol=1e-15)
    np.testing.assert_allclose(ad.vmap(f, (None, 0))(1, x), x * x)


@pytest.mark.parametrize("index", [-1, 2, 50])
def test_switch_refuses_what_is_out_of_range(index):
    def f(i, x):
        return ad.switch(i, [np.sin, np.cos], x)

    message = f"index {index} is out of range, since there are 2 branches"
    mapped = lambda i, x: ad.vmap(f)(np.array([0, i, 1]), np.full(3, x))
    for call in (f, ad.jit(f), mapped):
        with pytest.raises(IndexError, match=message):
            call(np.int64(index), 1.0)


def test_a_python_integer_must_fit_into_the_dtype_of_the_others():
    branches = lambda n: (lambda: np.int8(1), lambda: n)
    for n in (127, 128, 1000, -128, -129, 2000, 3000):  # so many that they are lifted
        f = ad.jit(lambda p, n=n: ad.cond(p, *branches(n)))
        if -128 <= n < 128:
            assert f(np.bool_(False)) == n
            assert f(np.bool_(False)).dtype == np.int8
        else:
            with pytest.raises(OverflowError, match=rf"returns {n}, which is out of bounds for i"):
                f(np.bool_(False))


def test_an_index_is_an_integer_scalar():
    x = np.ones(2)
    for index in (True, 1.0, np.bool_(1), "a"):
        with pytest.raises(TypeError, match="not an integer"):
            ad.switch(index, [np.sin, np.cos], x)
    with pytest.raises(TypeError, match=r"f64\[\], not an integer"):
        ad.jit(lambda i: ad.switch(i, [np.sin, np.cos], x))(np.float64(1))
    with pytest.raises(ValueError, match=r"i64\[2\].*must be a scalar"):
        ad.switch(np.array([0, 1]), [np.sin, np.cos], x)
    with pytest.raises(TypeError, match=r"branch 0 returns f64\[2\], branch 1 returns f64\[\]"):
        ad.jit(lambda i: ad.switch(i, [np.sin, np.sum], x))(np.int64(1))


def test_agrees_with_jax():
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    jnp, lax = jax.numpy, jax.lax

    def theirs(i, x):
        return lax.switch(i, [jnp.sin, lambda x: x**2 * x.sum(), jnp.tanh], x).sum()

    def ours(i, x):
        return ad.switch(i, [np.sin, lambda x: x**2 * x.sum(), np.tanh], x).sum()

    i, x = np.array([2, 0, 1, 1]), np.linspace(-1, 1, 12).reshape(4, 3)
    np.testing.assert_allclose(
        ad.vmap(ad.grad(ours, 1))(i, x), jax.vmap(jax.grad(theirs, 1))(i, x), rtol=1e-13
    )
    np.testing.assert_allclose(
        ad.vmap(ad.hessian(ours, 1))(i, x),
        jax.vmap(jax.hessian(theirs, 1))(i, x),
        rtol=1e-12,
        atol=1e-15,
    )
