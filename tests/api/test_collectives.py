"""Named axes and collectives: against loops over the rows, against JAX, and through transforms."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.errors import UnboundAxisError
from tests.calculus import difference, evaluated
from tests.programs import read

X = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.5], [-0.75, 1.0, 0.125], [2.0, 2.0, 3.0]])
N, M = X.shape


def mapped(fun, **options):
    return ad.vmap(fun, axis_name="i", **options)


def same(actual, expected, rtol=1e-13):
    actual = np.asarray(actual)
    expected = np.asarray(expected)
    assert (actual.shape, actual.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=1e-13)


def every(row, n=N):
    return np.stack([row] * n)


# ---- values

PERM = [(0, 2), (1, 0), (3, 1)]
VALUES = {
    "psum": (lambda x: ad.psum(x, "i"), lambda xs: every(xs.sum(0))),
    "pmean": (lambda x: ad.pmean(x, "i"), lambda xs: every(xs.mean(0))),
    "pmax": (lambda x: ad.pmax(x, "i"), lambda xs: every(xs.max(0))),
    "pmin": (lambda x: ad.pmin(x, "i"), lambda xs: every(xs.min(0))),
    "all_gather": (lambda x: ad.all_gather(x, "i"), every),
    "all_gather-axis": (lambda x: ad.all_gather(x, "i", axis=1), lambda xs: every(xs.T)),
    "all_gather-last": (lambda x: ad.all_gather(x, "i", axis=-1), lambda xs: every(xs.T)),
    "psum_scatter": (
        lambda x: ad.psum_scatter(np.outer(np.arange(4.0), x), "i"),
        lambda xs: np.outer(np.arange(4.0), xs.sum(0)),
    ),
    "ppermute": (
        lambda x: ad.ppermute(x, "i", PERM),
        lambda xs: np.stack([xs[1], xs[3], xs[0], np.zeros(M)]),
    ),
    "ppermute-around": (
        lambda x: ad.ppermute(x, "i", [(r, (r + 1) % N) for r in range(N)]),
        lambda xs: np.roll(xs, 1, axis=0),
    ),
    "ppermute-nothing": (lambda x: ad.ppermute(x, "i", []), np.zeros_like),
    "axis_index": (lambda x: x * ad.axis_index("i"), lambda xs: xs * np.arange(N)[:, None]),
    "axis_index-alone": (lambda x: ad.axis_index("i"), lambda xs: np.arange(N)),
    "size": (lambda x: x * ad.psum(1, "i"), lambda xs: xs * N),
    "softmax": (
        lambda x: np.exp(x - ad.pmax(x, "i")) / ad.psum(np.exp(x - ad.pmax(x, "i")), "i"),
        lambda xs: np.exp(xs - xs.max(0)) / np.exp(xs - xs.max(0)).sum(0),
    ),
    "batch norm": (
        lambda x: (
            (x - ad.pmean(x, "i")) / np.sqrt(ad.pmean((x - ad.pmean(x, "i")) ** 2, "i") + 1e-5)
        ),
        lambda xs: (xs - xs.mean(0)) / np.sqrt(xs.var(0) + 1e-5),
    ),
}


@pytest.mark.parametrize("name", VALUES)
def test_values(name):
    collective, loop = VALUES[name]
    same(mapped(collective)(X), loop(X))
    same(ad.jit(mapped(collective))(X), loop(X))
    same(mapped(ad.jit(collective))(X), loop(X))


@pytest.mark.parametrize("name", VALUES)
def test_what_is_the_same_for_all_rows(name):
    """An operand that is not mapped is one that all rows have."""
    collective, loop = VALUES[name]
    same(mapped(collective, in_axes=None, axis_size=N)(X[0]), loop(every(X[0])))


@pytest.mark.parametrize("name", VALUES)
def test_rows_within_rows(name):
    """The other axis, outside or inside, changes nothing."""
    collective, loop = VALUES[name]
    xs = np.stack([X, 2 * X - 1, X**2])
    expected = np.stack([loop(x) for x in xs])
    same(ad.vmap(mapped(collective))(xs), expected)
    same(ad.vmap(mapped(collective), axis_name="j")(xs), expected)
    inner = ad.vmap(collective, in_axes=0, out_axes=0)
    per_row = mapped(inner, in_axes=1, out_axes=1)  # i outside, the columns of x inside

    def each(x):  # the loop over the columns' own stack
        return np.stack([loop(x[:, k]) for k in range(x.shape[1])], axis=1)

    swapped = np.moveaxis(xs, 0, 1)  # rows of axis i first
    same(mapped(inner)(swapped), each(swapped))
    same(per_row(xs), np.moveaxis(each(swapped), 0, 1))


def test_numbers_stay_numbers():
    seen = []

    def f(x):
        seen.append((ad.psum(2, "i"), ad.psum(0.5, "i"), ad.pmean(3, "i"), ad.pmax(7, "i")))
        return x

    mapped(f)(X)
    assert seen == [(8, 2.0, 3.0, 7)]
    assert [type(x) for x in seen[0]] == [int, float, float, int]


def test_containers():
    out = mapped(lambda t: ad.psum({"a": t[0], "b": (t[1], 1)}, "i"))((X, X[:, 0]))
    same(out["a"], every(X.sum(0)))
    same(out["b"][0], every(X[:, 0].sum(0)))
    same(out["b"][1], np.full(N, N))


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int64", "f4", "f8", "c8"])
def test_dtypes_are_those_of_numpy(dtype):
    xs = np.array([100, 0, 100]).astype(dtype)
    same(mapped(lambda x: ad.psum(x, "i"))(xs), every(xs.sum(), 3))
    same(mapped(lambda x: ad.pmean(x, "i"))(xs), every(xs.mean(), 3), rtol=1e-6)
    if dtype != "c8":
        same(mapped(lambda x: ad.pmax(x, "i"))(xs), every(xs.max(), 3))


def test_a_result_that_is_the_same_for_all_rows_needs_no_axis():
    """A step of parameters that all rows share: averaged gradients, then one update."""
    w = np.array([0.3, -0.2, 0.5])

    def step(w, x, y):
        return w - 0.1 * ad.pmean(ad.grad(lambda w: (w @ x - y) ** 2)(w), "i")

    together = ad.vmap(step, in_axes=(None, 0, 0), out_axes=None, axis_name="i")
    y = np.arange(4.0)
    same(together(w, X, y), w - 0.1 * (2 * X.T @ (X @ w - y)) / N)


def test_what_differs_between_rows_needs_one():
    with pytest.raises(ValueError, match="out_axes is None for a result that depends on mapped"):
        mapped(lambda x: x - ad.psum(x, "i"), out_axes=None)(X)


def test_what_is_the_same_is_computed_once():
    """Also what is computed from it: the update has the shape of the parameters, not a stack."""
    f = ad.trace(mapped(lambda x: x * np.exp(ad.psum(x, "i"))))
    types = {e.primitive.name: e.outputs[0].type.shape for e in f(X).equations}
    assert types == {"reduce_sum": (M,), "exp": (M,), "broadcast": (N, M), "mul": (N, M)}


# ---- several names


def test_several_names():
    xs = np.stack([X, 2 * X - 1, X**2])

    def over(names):
        def f(x):
            gathered = ad.all_gather(x, names)
            return ad.psum(x, names), ad.pmean(x, names), ad.pmax(x, names), gathered

        return ad.vmap(ad.vmap(f, axis_name="j"), axis_name="i")(xs)

    flat = {("i", "j"): xs.reshape(12, M), ("j", "i"): xs.swapaxes(0, 1).reshape(12, M)}
    for names, rows in flat.items():
        results = [rows.sum(0), rows.mean(0), rows.max(0), rows]
        for actual, expected in zip(over(names), results, strict=True):
            same(actual, np.broadcast_to(expected, (3, N, *expected.shape)))


def test_rows_are_numbered_through_several_names():
    index = ad.vmap(
        ad.vmap(lambda x: ad.axis_index(("i", "j")), axis_name="j"),
        axis_name="i",
    )
    same(index(np.zeros((3, 4))), np.arange(12).reshape(3, 4))


def test_an_inner_axis_hides_one_of_the_same_name():
    same(mapped(mapped(lambda x: ad.psum(x, "i")))(X), np.stack([every(x.sum(), M) for x in X]))


@pytest.mark.parametrize("order", ["grad outside", "grad inside"])
def test_ties_over_several_axes_share_evenly(order):
    """Not evenly among the rows first, and then within each: all six that tie get the same."""
    xs = np.array([[1.0, 1.0, 0.0], [1.0, 0.5, -1.0]])

    def f(x):
        return ad.pmax(x, ("i", "j"))

    if order == "grad outside":
        every_row = ad.vmap(ad.vmap(f, axis_name="j"), axis_name="i")
        found = ad.grad(lambda x: np.sum(every_row(x)) / 6)(xs)
    else:
        found = ad.vmap(ad.vmap(ad.grad(f), axis_name="j"), axis_name="i")(xs) / 6
    same(found, (xs == 1) / 3)


# ---- derivatives

LOSSES = {
    "psum": lambda x: np.sin(x).sum() * ad.psum((x**2).sum(), "i"),
    "pmean": lambda x: (x * np.exp(ad.pmean(x, "i"))).sum(),
    "pmax": lambda x: (x**2 * ad.pmax(np.sin(x), "i")).sum(),
    "pmin": lambda x: (x**2 * ad.pmin(np.sin(x), "i")).sum(),
    "all_gather": lambda x: (np.sin(ad.all_gather(x**2, "i")) @ x).prod(),
    "psum_scatter": lambda x: (ad.psum_scatter(np.outer(np.arange(1.0, 5), x**2), "i") * x).sum(),
    "ppermute": lambda x: (ad.ppermute(x**2, "i", PERM) * np.cos(x)).sum(),
    "axis_index": lambda x: (x**3).sum() * (1.0 + ad.axis_index("i")),
    "batch norm": lambda x: (np.arange(3.0) * VALUES["batch norm"][0](x) ** 3).sum(),
    "softmax": lambda x: (np.arange(3.0) * VALUES["softmax"][0](x) ** 2).sum(),
}
POINT = X - 0.1 * np.arange(12).reshape(N, M)  # no ties


def total(loss):
    return lambda x: np.sum(mapped(loss)(x))


@pytest.mark.parametrize("name", LOSSES)
def test_gradients(name):
    """Outside of vmap and inside, where it is the derivative of the sum over all rows."""
    loss = LOSSES[name]
    gradient = ad.grad(total(loss))(POINT)
    direction = np.cos(np.arange(12.0)).reshape(N, M)
    (slope,) = difference(lambda xs: [total(loss)(*xs)], [POINT], [direction])
    same(np.sum(gradient * direction), slope, rtol=1e-8)
    same(mapped(ad.grad(loss))(POINT), gradient, rtol=1e-12)
    same(mapped(ad.jit(ad.grad(loss)))(POINT), gradient, rtol=1e-12)
    forward = ad.jvp(total(loss), (POINT,), (direction,))[1]
    same(forward, np.sum(gradient * direction), rtol=1e-12)
    inner = mapped(lambda x, dx: ad.jvp(loss, (x,), (dx,))[1])(POINT, direction)
    same(inner.sum(), np.sum(gradient * direction), rtol=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_second_order(name):
    loss = LOSSES[name]
    direction = np.cos(np.arange(12.0)).reshape(N, M)
    gradient = ad.grad(total(loss))
    (expected,) = difference(lambda xs: [gradient(*xs)], [POINT], [direction])
    same(ad.hvp(total(loss))(POINT, direction), expected, rtol=1e-7)
    inner = mapped(lambda x, dx: ad.jvp(ad.grad(loss), (x,), (dx,))[1])
    same(inner(POINT, direction), expected, rtol=1e-7)


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_of_more_axes(name):
    loss = LOSSES[name]
    points = np.stack([POINT, POINT + 0.05, POINT * 1.1])
    expected = np.stack([ad.grad(total(loss))(p) for p in points])
    same(ad.vmap(ad.grad(total(loss)))(points), expected, rtol=1e-12)
    same(ad.vmap(mapped(ad.grad(loss)))(points), expected, rtol=1e-12)
    inner = ad.vmap(ad.grad(loss))
    same(mapped(inner, in_axes=1, out_axes=1)(points), expected, rtol=1e-12)


def test_a_guard_behind_a_collective():
    """No NaN from what was not chosen, whether the gradient is taken outside or inside."""
    xs = np.array([0.0, 2.0, 3.0])
    sums = [ad.psum, ad.pmax, lambda x, i: ad.all_gather(x, i).sum(), lambda x, i: 2 * x]
    for bring in sums:

        def guarded(x, bring=bring):
            return np.where(x > 5, bring(np.log(x), "i"), x)

        same(ad.grad(total(guarded))(xs), np.ones(3))
        same(mapped(ad.grad(guarded))(xs), np.ones(3))


def test_a_guard_per_entry_of_what_was_gathered():
    xs = np.array([0.0, 2.0, 3.0])

    def guarded(x):
        logs = ad.all_gather(np.log(x), "i")
        return np.sum(np.where(np.isfinite(logs), logs, 0.0))

    expected = np.array([0.0, 3 / 2, 3 / 3])
    same(ad.grad(total(guarded))(xs), expected)
    same(mapped(ad.grad(guarded))(xs), expected)


def test_jacobian_and_checkpoint():
    def f(x):
        return np.sin(ad.psum(x**2, "i")) * x

    expected = ad.jacobian(mapped(f))(X)
    same(ad.jacobian(mapped(ad.checkpoint(f)))(X), expected)
    rows = mapped(ad.jacobian(f))(X)  # the derivative of the sum of rows by one's own
    same(rows, np.einsum("rasb->sab", expected), rtol=1e-12)


# ---- within loops and branches


def test_within_a_scan():
    """Each step averages: the carry of all rows becomes the same after the first."""

    def f(x):
        return ad.scan(lambda s, w: (ad.pmean(s * w, "i"), s), x, np.array([1.0, 2.0, 0.5]))

    last, states = mapped(f)(X)
    mean = X.mean(0)
    same(last, every(mean))
    same(states, np.stack([np.stack([x, mean, 2 * mean]) for x in X]))
    pulled = mapped(ad.grad(lambda x: np.sum(f(x)[0] ** 2)))(X)
    same(pulled, every(2 * mean))


def test_a_loop_until_all_rows_are_done():
    """Its condition is the same for all rows, so it stays one loop."""

    def f(x):
        return ad.while_loop(lambda x: ad.pmax(np.abs(x), "i") > 1, lambda x: x / 2, x)

    x = np.array([3.0, 0.5, -5.0])
    same(mapped(f)(x), x / 8)
    same(mapped(ad.grad(f))(x), np.full(3, 1 / 8))


def test_branches_that_all_rows_take():
    def f(x):
        return ad.cond(ad.psum(x, "i") > 0, lambda x: ad.pmax(x, "i"), lambda x: -x, x)

    same(mapped(f)(X[:, 0]), every(X[:, 0].max()))
    same(mapped(f)(-X[:, 0]), X[:, 0])


@pytest.mark.parametrize(
    ("f", "where"),
    [
        (
            lambda x: ad.while_loop(lambda x: x < 3, lambda x: x + ad.psum(1.0 + 0 * x, "i"), x),
            "the body of a loop",
        ),
        (
            lambda x: ad.while_loop(lambda x: x < ad.psum(x, "i"), lambda x: x + 1, x),
            "the condition of a loop",
        ),
        (lambda x: ad.cond(x > 0, lambda x: ad.psum(x, "i"), lambda x: x, x), "a branch"),
    ],
)
def test_rows_that_go_different_ways_do_not_meet(f, where):
    with pytest.raises(ValueError, match=rf"psum \(\w+.py:\d+\) is in {where}, which"):
        mapped(f)(X[:, 0])
    # rows of another axis do
    outer = ad.vmap(mapped(lambda x: ad.cond(ad.psum(x, "i") > 0, np.sin, np.cos, x)))
    same(outer(X), np.where(X.sum(1, keepdims=True) > 0, np.sin(X), np.cos(X)))


# ---- jit, chunks, errors


def hosted_euler(f, y0, ts):
    return np.stack([y0, y0 + (ts[1] - ts[0]) * f(y0, ts[0])])


@pytest.mark.parametrize(
    "f",
    [
        lambda b: ad.linear_solve(lambda x: 2 * x + ad.psum(x, "i"), b),
        lambda b: ad.linear_solve(lambda x: 2 * x + ad.psum(x, "i"), b, "cg"),
        lambda b: ad.custom_root(lambda x: 2 * x + ad.psum(x, "i") - b, b, lambda f, x: x / 5),
        lambda b: ad.fixed_point(lambda x: ad.pmean(x, "i") / 2 + b, b),
        lambda b: ad.odeint(lambda y, t: ad.psum(y, "i"), b, [0, 1], solver=hosted_euler),
    ],
)
def test_rows_are_not_one_system_of_equations(f):
    """Each is solved for its own row, so an unknown of another one would be taken for its own."""
    with pytest.raises(ValueError, match=r"a system of equations, which rows .* outside of vmap"):
        ad.vmap(f, axis_name="i")(np.array([1.0, 2.0, 4.0]))


def test_a_system_of_equations_may_use_what_was_brought_together():
    b = np.array([1.0, 2.0, 4.0])
    f = ad.vmap(lambda b: ad.linear_solve(lambda x: ad.psum(b, "i") * x, b), axis_name="i")
    np.testing.assert_allclose(f(b), b / 7)


def test_a_jitted_function_serves_axes_of_every_size():
    f = ad.jit(lambda x: x * ad.psum(1, "i"))
    same(mapped(f)(X), X * 4)
    same(mapped(f)(X[:3]), X[:3] * 3)
    with pytest.raises(UnboundAxisError):
        f(X[0])


def test_chunks_know_their_rows_but_not_the_others():
    same(mapped(lambda x: x * ad.axis_index("i"), chunk_size=3)(X), X * np.arange(4)[:, None])
    with pytest.raises(ValueError, match=r"psum over 'i': vmap.chunk_size=....*in chunks"):
        mapped(lambda x: ad.psum(x, "i"), chunk_size=3)(X)
    same(mapped(lambda x: ad.psum(x, "i"), chunk_size=4)(X), every(X.sum(0)))


def test_names_that_are_not_open():
    with pytest.raises(UnboundAxisError, match=r"'i' here; open are: none\.\n  at test_collect"):
        ad.psum(1.0, "i")
    with pytest.raises(
        UnboundAxisError, match=r"pmax: .* 'k' here; open are: 'i' \(size 4\), 'j' \(size 3\)"
    ):
        mapped(ad.vmap(lambda x: ad.pmax(x, "k"), axis_name="j"))(X)
    mapped(lambda x: x)(X)
    with pytest.raises(UnboundAxisError, match="open are: none"):
        ad.axis_index("i")


def test_an_axis_is_closed_after_an_error():
    with pytest.raises(ZeroDivisionError):
        mapped(lambda x: 1 // 0)(X)
    with pytest.raises(UnboundAxisError):
        ad.psum(1, "i")


@pytest.mark.parametrize(
    ("f", "error", "text"),
    [
        (lambda x: ad.psum(x, ("i", "i")), ValueError, "names no axis, or one twice"),
        (lambda x: ad.psum(x, ()), ValueError, "names no axis, or one twice"),
        (lambda x: ad.psum("text", "i"), TypeError, "psum takes arrays, numbers"),
        (lambda x: ad.psum_scatter(x, "i"), ValueError, r"shape \(3,\) has not one entry for each"),
        (lambda x: ad.ppermute(x, "i", [(0, 4)]), ValueError, "numbered from 0 to 3"),
        (lambda x: ad.ppermute(x, "i", [(0, 1), (0, 2)]), ValueError, "may send only once"),
        (lambda x: ad.ppermute(x, "i", [(0, 1), (2, 1)]), ValueError, "may receive only once"),
    ],
)
def test_wrong_arguments(f, error, text):
    with pytest.raises(error, match=text):
        mapped(f)(X)


def test_wrong_axes():
    with pytest.raises(TypeError, match="axis_name=3: expected a string"):
        ad.vmap(lambda x: x, axis_name=3)
    with pytest.raises(ValueError, match="axis_size=5, but x has 4"):
        ad.vmap(lambda x: x, axis_size=5)(X)
    with pytest.raises(ValueError, match=r"no argument is mapped; .* axis_size"):
        ad.vmap(lambda x: x, in_axes=None)(X)
    same(ad.vmap(lambda x: x, in_axes=None, axis_size=2)(X), np.stack([X, X]))


def test_a_row_by_itself_does_not_run():
    f = read("f(x: f64[3], i: i64[]) -> f64[3] { a: f64[3] = psum x i\n return a }")
    with pytest.raises(UnboundAxisError, match="psum was run by itself, outside of the axis"):
        evaluated(f, [X[0], np.int64(0)])


# ---- the same in JAX


@pytest.mark.parametrize("name", VALUES)
def test_against_jax(name):
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        expected = jax.vmap(in_jax(jax, name), axis_name="i")(X)
        same(mapped(VALUES[name][0])(X), expected)
        if name not in ("axis_index-alone", "ppermute-nothing"):
            weights = np.cos(np.arange(12.0)).reshape(N, M)

            def loss(f):
                return lambda x, w: (w.sum() * f(x) ** 3).sum()

            inside = jax.vmap(jax.grad(loss(in_jax(jax, name))), axis_name="i")(POINT, weights)
            actual = mapped(ad.grad(loss(VALUES[name][0])))(POINT, weights)
            same(actual, np.asarray(inside), rtol=1e-10)


def in_jax(jax, name):
    lax, jnp = jax.lax, jax.numpy

    def norm(x):
        mean = lax.pmean(x, "i")
        return (x - mean) / jnp.sqrt(lax.pmean((x - mean) ** 2, "i") + 1e-5)

    def softmax(x):
        e = jnp.exp(x - lax.pmax(lax.stop_gradient(x), "i"))
        return e / lax.psum(e, "i")

    def gathered_max(pick):  # its pmax has no derivative
        return lambda x: pick(lax.all_gather(x, "i"), axis=0)

    around = [(r, (r + 1) % N) for r in range(N)]
    return {
        "psum": lambda x: lax.psum(x, "i"),
        "pmean": lambda x: lax.pmean(x, "i"),
        "pmax": gathered_max(jnp.max),
        "pmin": gathered_max(jnp.min),
        "all_gather": lambda x: lax.all_gather(x, "i"),
        "all_gather-axis": lambda x: lax.all_gather(x, "i", axis=1),
        "all_gather-last": lambda x: lax.all_gather(x, "i", axis=1),
        "psum_scatter": lambda x: lax.psum_scatter(jnp.outer(jnp.arange(4.0), x), "i"),
        "ppermute": lambda x: _sent(lax, jnp, x, PERM),
        "ppermute-around": lambda x: lax.ppermute(x, "i", around),
        "ppermute-nothing": lambda x: x * 0,
        "axis_index": lambda x: x * lax.axis_index("i"),
        "axis_index-alone": lambda x: lax.axis_index("i").astype(jnp.int64),
        "size": lambda x: x * lax.psum(1, "i"),
        "softmax": softmax,
        "batch norm": norm,
    }[name]


def _sent(lax, jnp, x, perm):
    """Its vmap takes only full permutations: send around, then blank what nobody sent."""
    full = [*perm, (2, 3)]
    return jnp.where(lax.axis_index("i") == 3, 0.0, lax.ppermute(x, "i", full))
