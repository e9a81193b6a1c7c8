"""`debug.callback` and `debug.print`: looking into programs while they run."""

import numpy as np
import pytest

import autodiff as ad


@pytest.fixture
def seen():
    return []


def watching(seen, fun=lambda x: x * x):
    def f(x):
        ad.debug.callback(lambda x: seen.append(np.array(x).tolist()), x)
        return fun(x)

    return f


def test_without_a_trace_it_is_a_call(seen):
    values = []
    ad.debug.callback(values.append, "x")
    assert values == ["x"]
    assert watching(seen)(3.0) == 9
    assert seen == [3.0]


@pytest.mark.parametrize(
    "transform",
    [
        ad.grad,
        ad.value_and_grad,
        ad.jit,
        ad.hessian,
        ad.jacfwd,
        ad.jacrev,
        ad.checkpoint,
        lambda f: ad.jit(ad.grad(f)),
        lambda f: ad.grad(ad.jit(f)),
        lambda f: ad.grad(ad.grad(f)),
        lambda f: ad.grad(ad.checkpoint(f)),
        lambda f: lambda x: ad.vjp(f, x)[1](1.0),
        lambda f: lambda x: ad.jvp(f, (x,), (1.0,)),
        lambda f: lambda x: ad.linearize(f, x)[1](1.0),
    ],
)
def test_each_call_has_the_effect_once(transform, seen):
    g = transform(watching(seen, lambda x: x**3))
    for k in range(1, 4):
        g(2.0 + k)
        assert seen == [2.0 + i for i in range(1, k + 1)]


def test_derivatives_are_as_without(seen):
    f = watching(seen, np.sin)
    ad.check_grads(f, (0.5,), order=2)
    np.testing.assert_allclose(ad.grad(ad.grad(f))(0.5), -np.sin(0.5), rtol=1e-15)


def test_rows_of_a_map_come_in_order(seen):
    x = np.array([3.0, 1.0, 2.0])
    for g in (ad.vmap(watching(seen)), ad.jit(ad.vmap(watching(seen)))):
        seen.clear()
        g(x)
        assert seen == [3.0, 1.0, 2.0]
    seen.clear()
    ad.vmap(ad.grad(watching(seen)))(x)
    assert seen == [3.0, 1.0, 2.0]
    seen.clear()
    ad.vmap(ad.vmap(watching(seen)))(np.arange(4.0).reshape(2, 2))
    assert seen == [0.0, 2.0, 1.0, 3.0]  # all outer rows for each inner one
    seen.clear()
    ad.vmap(lambda a: watching(seen)(2.0) * a)(x)  # the same for all
    assert seen == [2.0]


LOOPS = {
    "scan": lambda f, x: ad.scan(lambda c, _: (f(c), None), x, None, length=3)[0],
    "fori_loop": lambda f, x: ad.fori_loop(0, 3, lambda i, c: f(c), x),
    "while_loop": lambda f, x: ad.while_loop(lambda c: c < 4.0, f, x),
}


@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS)
def test_each_step_of_a_loop(loop, seen):
    f = watching(seen, lambda x: x + 1)
    for around in (lambda g: g, ad.grad, ad.jit, lambda g: ad.jit(ad.grad(g))):
        seen.clear()
        around(lambda x: loop(f, x))(1.0)
        assert seen == [1.0, 2.0, 3.0]


def test_only_the_branch_that_is_taken(seen):
    f = watching(seen)
    for g in (lambda h: h, ad.jit, ad.grad):
        h = g(lambda x: ad.cond(x > 0, f, lambda x: 2 * x, x))
        h(-1.0)
        assert seen == []
        h(2.0)
        assert seen == [2.0]
        seen.clear()


def test_without_operands_and_without_results(seen):
    def f(x):
        ad.debug.callback(seen.append, "start")
        ad.debug.callback(seen.append, "start")
        return 2.0 * x

    ad.jit(f)(1.0)
    assert seen == ["start", "start"]
    ad.grad(f)(1.0)
    ad.vmap(f)(np.ones(3))
    assert seen == ["start"] * 6


def test_a_jitted_function_that_is_called_twice(seen):
    g = ad.jit(watching(seen))
    ad.grad(lambda x: g(x) + g(x))(2.0)
    assert seen == [2.0, 2.0]
    seen.clear()
    ad.jit(lambda x: g(x) * g(x + 1))(2.0)
    assert seen == [2.0, 3.0]


def test_order_is_kept(seen):
    def f(x):
        y = np.sin(x)
        ad.debug.callback(lambda y: seen.append("y"), y)
        ad.debug.callback(lambda x: seen.append("x"), x)
        ad.debug.callback(lambda y: seen.append("z"), np.cos(y))
        return y

    for g in (ad.jit(f), ad.grad(f), ad.jit(ad.grad(f))):
        seen.clear()
        g(1.0)
        assert seen == ["y", "x", "z"]


def test_tangents_can_be_looked_at(seen):
    f = ad.custom_jvp(lambda x: x * x)

    @f.defjvp
    def rule(primals, tangents):
        ad.debug.callback(lambda t: seen.append(float(t)), tangents[0])
        return f(*primals), 2 * primals[0] * tangents[0]

    assert ad.jvp(f, (3.0,), (5.0,))[1] == 30
    assert seen == [5.0]


def test_cotangents_can_be_looked_at(seen):
    identity = ad.custom_vjp(lambda x: x)

    def bwd(_, ct):
        ad.debug.callback(lambda ct: seen.append(ct.tolist()), ct)
        return (ct,)

    identity.defvjp(lambda x: (x, None), bwd)
    ad.grad(lambda x: np.sum(identity(x) * np.array([1.0, 2.0])))(np.ones(2))
    assert seen == [[1.0, 2.0]]


def test_the_function_sees_arrays_and_what_is_not_traced(seen):
    def look(params, name, *, scale, n):
        assert type(params["w"]) is np.ndarray
        assert not params["w"].flags.writeable
        assert (type(scale), name, n) == (np.float64, "f", 3)
        seen.append(scale)

    ad.jit(lambda w, s: [ad.debug.callback(look, {"w": w}, "f", scale=s, n=3), w][1])(
        np.ones(2), 4.0
    )
    assert seen == [4.0]


def test_an_effect_does_not_count_as_a_way_that_ends():
    """The warning of a derivative that is zero names what cut the way."""

    def f(x):
        ad.debug.callback(lambda x: None, x)
        return np.floor(x)

    with pytest.warns(ad.errors.ZeroGradientWarning, match="ends in `floor`"):
        ad.grad(f)(1.5)


def test_print(capsys):
    def f(x):
        ad.debug.print("x = {}, {y:.2f} {shape}", x, y=x * x, shape=(1, 2))
        return x + 1

    for g in (f, ad.jit(f), ad.grad(f)):
        g(1.5)
        assert capsys.readouterr().out == "x = 1.5, 2.25 (1, 2)\n"
    ad.vmap(lambda x: ad.debug.print("{0}", x) or x)(np.arange(2.0))
    assert capsys.readouterr().out == "0.0\n1.0\n"
    assert "effect[name='print']" in str(ad.trace(f)(1.0))
