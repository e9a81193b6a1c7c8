import inspect
import threading
import tracemalloc
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
from autodiff.errors import EscapeError, NoValueError, ZeroGradientWarning

P = ad.policies
POLICIES = [P.nothing, P.everything, P.save_contractions, P.save_costly, P.save_named("h")]
x = np.linspace(0.1, 1.0, 5)


def residuals(fun, *args):
    """The arrays that the backward pass of a function keeps."""
    _, pullback = ad.vjp(fun, *args)
    kept = inspect.getclosurevars(pullback).nonlocals["residuals"]
    return [r for r in kept if np.ndim(r)]


# ---- checkpoint


def stage(x):
    return np.tanh(np.sin(x) * np.cos(x))


def chain(stages):
    def run(x):
        for s in stages:
            x = s(x)
        return np.sum(x)

    return run


@pytest.mark.parametrize("policy", POLICIES)
def test_a_checkpoint_changes_no_derivative(policy):
    plain = chain([stage] * 3)
    f = chain([ad.checkpoint(stage, policy=policy)] * 3)
    assert f(x) == plain(x)
    assert_allclose(ad.grad(f)(x), ad.grad(plain)(x))
    assert_allclose(ad.hessian(f)(x), ad.hessian(plain)(x), atol=1e-12)
    assert_allclose(ad.jvp(f, (x,), (x,))[1], ad.jvp(plain, (x,), (x,))[1])
    assert_allclose(ad.jit(ad.grad(f))(x), ad.grad(plain)(x))
    assert_allclose(ad.vmap(ad.grad(f))(np.stack([x, -x]))[1], ad.grad(plain)(-x))
    third = [ad.grad(ad.grad(ad.grad(lambda t, f=f: f(t * x))))(1.0) for f in (f, plain)]
    assert_allclose(*third)


def test_a_checkpoint_keeps_only_its_arguments():
    assert len(residuals(chain([stage]), x)) > 1
    assert len(residuals(chain([ad.checkpoint(stage)]), x)) == 1
    assert len(residuals(chain([ad.checkpoint(stage)] * 4), x)) == 4
    assert len(residuals(chain([stage] * 4), x)) > 4


def test_groups_of_stages_need_fewer_residuals():
    group = ad.checkpoint(lambda x: stage(stage(stage(stage(x)))))
    assert len(residuals(chain([group] * 4), x)) == 4


def test_peak_memory_of_checkpointed_groups_grows_as_the_square_root():
    big = np.linspace(0.1, 1.0, 20_000)

    def peak(groups):
        group = ad.checkpoint(lambda x: repeated(stage, groups, x))
        gradient = ad.grad(lambda x: np.sum(repeated(group, groups, x)))
        for _ in range(2):
            gradient(big)
        tracemalloc.start()
        gradient(big)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    def repeated(f, n, x):
        for _ in range(n):
            x = f(x)
        return x

    assert peak(8) < 2.2 * peak(4)  # four times as many stages


def test_a_policy_of_ones_own():
    def only_tanh(equation):
        return equation.primitive.name == "tanh"

    f = chain([ad.checkpoint(stage, policy=only_tanh)])
    assert_allclose(ad.grad(f)(x), ad.grad(chain([stage]))(x))
    kept = residuals(f, x)
    assert any(np.array_equal(r, stage(x)) for r in kept)


@dataclass
class Dense:
    w: np.ndarray
    b: np.ndarray
    label: str = "dense"


@pytest.mark.parametrize("policy", POLICIES)
def test_containers_keywords_and_captured_values(policy):
    scale = np.array([2.0])

    def layer(p, x, *, power):
        return {"y": np.tanh(x @ p.w + p.b) ** power * scale * x[0], "label": p.label, "n": 3}

    def loss(p, x, layer):
        out = layer(p, x, power=2)
        assert (out["label"], out["n"]) == ("dense", 3)
        return np.sum(out["y"])

    p = Dense(np.full((5, 2), 0.3), np.ones(2))
    wrapped = ad.checkpoint(layer, policy=policy)
    expected = ad.grad(lambda p: loss(p, x, layer))(p)
    got = ad.grad(lambda p: loss(p, x, wrapped))(p)
    assert_allclose(got.w, expected.w)
    assert_allclose(got.b, expected.b)


def test_traced_values_from_outside_may_be_captured():
    def f(x):
        inner = ad.checkpoint(lambda y: np.sin(y) * x)
        return np.sum(inner(x) * inner(np.ones(5)))

    def plain(x):
        return np.sum(np.sin(x) * x * np.sin(np.ones(5)) * x)

    assert_allclose(ad.grad(f)(x), ad.grad(plain)(x))


def test_values_may_be_asked_for_inside():
    @ad.checkpoint
    def halved(x):
        while np.sum(x) > 1:
            x = x / 2
        return x

    assert_array_equal(ad.grad(lambda x: np.sum(halved(x)))(np.ones(5)), np.full(5, 1 / 8))
    assert_array_equal(ad.grad(lambda x: np.sum(halved(3 * x)))(np.ones(5)), np.full(5, 3 / 16))


def test_outside_a_trace_a_checkpoint_only_calls():
    seen = []
    wrapped = ad.checkpoint(seen.append)
    wrapped(x)
    assert seen[0] is x


def test_a_checkpoint_keeps_dtypes():
    def f(t, doubled):
        return np.sum(doubled(t) * np.ones(2, np.float32))

    def double(t):
        return t * 2

    for d in (double, ad.checkpoint(double)):
        assert ad.eval_types(lambda t, d=d: f(t, d))(1.0).dtype == np.float32


def test_decorator_with_a_policy():
    @ad.checkpoint(policy=P.save_costly)
    def f(x):
        """Doc."""
        return np.sin(x)

    assert f.__name__ == "f"
    assert f.__doc__ == "Doc."
    assert ad.grad(f)(0.0) == 1.0


def test_what_checkpoint_refuses():
    for policy in ("none", 3, ("keep", "h"), None):
        with pytest.raises(ValueError, match=r"there is no policy .*`ad.policies.nothing`"):
            ad.checkpoint(stage, policy=policy)
    with pytest.raises(TypeError, match=r"write `ad.checkpoint\(f\)\(x\)`"):
        ad.checkpoint(x)


# ---- policies


def test_a_policy_can_be_written_by_its_name():
    for name in ("nothing", "everything", "save_contractions", "save_costly"):
        shown = [ad.trace(ad.checkpoint(stage, policy=p))(x) for p in (name, getattr(P, name))]
        assert str(shown[0]).replace(" ", "") == str(shown[1]).replace(" ", "")
    with pytest.raises(ValueError, match="there is no policy"):
        ad.checkpoint(stage, policy="save_named")


def named(x):
    h = ad.checkpoint_name(np.sin(x), "inner")
    return np.sum(np.tanh(ad.checkpoint_name({"a": h * x}, "outer")["a"] ** 2) * h)


@pytest.mark.parametrize(
    ("names", "kept"),
    [(("inner",), ["inner"]), (("outer",), ["outer"]), (("inner", "outer"), ["inner", "outer"])],
)
def test_what_has_a_name_can_be_kept(names, kept):
    f = ad.checkpoint(named, policy=P.save_named(*names))
    assert [r.name for r in ad.saved_residuals(f)(x) if r.origin != "argument"] == kept
    assert_allclose(ad.grad(f)(x), ad.grad(named)(x))


def test_a_name_changes_nothing():
    assert ad.checkpoint_name(x, "h") is x
    assert ad.checkpoint_name([1, "a"], "h") == [1, "a"]
    plain = lambda x: np.sum(np.tanh((np.sin(x) * x) ** 2) * np.sin(x))
    assert named(x) == plain(x)
    assert_allclose(ad.hessian(named)(x), ad.hessian(plain)(x))
    assert_allclose(ad.jvp(named, (x,), (x,))[1], ad.jvp(plain, (x,), (x,))[1])
    assert_allclose(ad.vmap(named)(np.stack([x, -x]))[1], plain(-x))
    assert ad.jit(named)(x) == pytest.approx(plain(x))
    assert (
        ad.eval_types(lambda t: ad.checkpoint_name(t * 2, "t") * np.ones(2, np.float32))(1.0).dtype
        == np.float32
    )


@pytest.mark.parametrize("name", [1, None, ("a",)])
def test_names_are_strings(name):
    with pytest.raises(TypeError, match="takes a value and its name"):
        ad.checkpoint_name(x, name)
    with pytest.raises(TypeError, match="save_named takes names"):
        P.save_named("a", name)


# ---- stop_gradient


def kept_by(f):
    return [(r.name, r.origin) for r in ad.saved_residuals(f)(x) if r.origin != "argument"]


def test_what_is_needed_only_under_stop_gradient_is_never_kept():
    def scaled(x):
        scale = np.exp(np.sin(np.cos(x)))
        return x * ad.stop_gradient(scale)

    assert kept_by(scaled) == [("scale", "exp")]  # the factor, and nothing of how it came about
    assert kept_by(lambda x: np.sum(x) + ad.stop_gradient(np.sum(np.sin(x) * x))) == []
    for policy in POLICIES:
        f = ad.checkpoint(scaled, policy=policy)
        assert kept_by(f) == ([("scale", "exp")] if policy in (P.everything, P.save_costly) else [])
        # what goes into a checkpoint that is under stop_gradient is not kept, either
        inner = ad.checkpoint(lambda x: np.exp(np.sin(x)), policy=policy)
        cut = lambda x, inner=inner: x * ad.stop_gradient(inner(np.cos(x)))
        assert [origin for _, origin in kept_by(cut)] == ["exp"]


def test_memory_is_free_again_when_no_grad_is_over():
    big = np.linspace(0, 1, 100_000)

    def peak(f):
        gradient = ad.grad(f)
        gradient(big), gradient(big)
        tracemalloc.start()
        gradient(big)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most / big.nbytes

    def block(x, stages):
        with ad.no_grad():
            y = x
            for _ in range(stages):
                y = np.sin(y) * 0.5 + y
        return np.sum(x * y)

    assert peak(lambda x: block(x, 40)) == pytest.approx(peak(lambda x: block(x, 4)), abs=0.2)
    assert peak(lambda x: block(x, 40)) < 6
    f = ad.checkpoint(lambda x: block(x, 40))
    assert peak(f) < 6


def test_stop_gradient_cuts_the_derivative_of_every_leaf():
    def f(p):
        q = ad.stop_gradient({"a": p["a"], "n": 2, "none": None})
        assert q["n"] == 2
        return np.sum(p["a"] * q["a"])

    assert_array_equal(ad.grad(f)({"a": x})["a"], x)
    with pytest.warns(ZeroGradientWarning):
        assert ad.grad(ad.grad(lambda t: t * ad.stop_gradient(t * t)))(3.0) == 0
    assert ad.jvp(ad.stop_gradient, (2.0,), (1.0,)) == (2.0, 0.0)


def test_stop_gradient_returns_what_is_not_traced():
    assert ad.stop_gradient(x) is x
    assert ad.stop_gradient([1, "a"]) == [1, "a"]


def test_values_may_escape_after_stop_gradient():
    assert_array_equal(
        ad.grad(lambda x: np.sum(x * float(ad.stop_gradient(x).sum())))(x), x.sum() + 0 * x
    )


# ---- no_grad


def norm(x):
    return np.sqrt(np.sum(x**2))


def test_no_grad_makes_a_constant():
    def f(x):
        with ad.no_grad():
            n = norm(x)
        return np.sum(x / n)

    assert_allclose(ad.grad(f)(x), np.ones(5) / norm(x))
    assert_allclose(ad.jvp(f, (x,), (x,))[1], np.sum(x) / norm(x))
    assert_allclose(ad.jit(ad.grad(f))(x), np.ones(5) / norm(x))
    assert_allclose(ad.vmap(ad.grad(f))(np.stack([x, 2 * x]))[1], np.ones(5) / norm(2 * x))


def test_function_decorator_and_context_manager_are_the_same():
    decorated = ad.no_grad(norm)
    called = ad.no_grad()(norm)
    assert decorated.__name__ == "norm"
    for wrapped in (decorated, called):
        assert wrapped(x) == norm(x)
        assert_allclose(ad.grad(lambda x, w=wrapped: np.sum(x / w(x)))(x), np.ones(5) / norm(x))


def test_nothing_is_kept_for_what_no_grad_covers():
    def f(x):
        with ad.no_grad():
            y = stage(stage(x))
        return np.sum(x * y)

    (kept,) = residuals(f, x)
    assert_array_equal(kept, stage(stage(x)))


def test_equal_operations_inside_and_outside_are_told_apart():
    def f(x):
        before = np.sin(x)
        with ad.no_grad():
            inside = np.sin(x)
            after_inside = np.exp(inside)
        after = np.exp(before)
        return np.sum(before * inside + after * after_inside)

    s, e, c = np.sin(x), np.exp(np.sin(x)), np.cos(x)
    for _ in range(3):
        assert_allclose(ad.grad(f)(x), c * s + e * c * e)


def test_what_is_computed_before_may_be_used_inside():
    def f(x):
        y = x * x
        with ad.no_grad():
            z = y + x
        return np.sum(y * z)

    assert_allclose(ad.grad(f)(x), 2 * x * (x * x + x))


def test_blocks_may_be_nested_and_repeated():
    def f(x):
        with ad.no_grad():
            a = np.sin(x)
            with ad.no_grad():
                b = np.cos(a)
            c = a + b
        y = x * c
        with ad.no_grad():
            d = np.exp(y)
        return np.sum(y * d)

    c = np.sin(x) + np.cos(np.sin(x))
    assert_allclose(ad.grad(f)(x), c * np.exp(x * c))


def test_in_place_assignment_inside():
    def f(x):
        y = 2 * x
        with ad.no_grad():
            y += x
        return np.sum(x * y)

    assert_allclose(ad.grad(f)(x), 3 * x)


def test_values_may_escape_inside():
    def f(x):
        y = x * x
        with ad.no_grad():
            total = float(np.sum(y)) + float(x[0])
        return np.sum(x) * total

    assert_allclose(ad.grad(f)(x), np.full(5, np.sum(x * x) + x[0]))
    with pytest.raises(EscapeError):
        ad.grad(lambda x: f(x) * float(x[0]))(x)
    with pytest.raises(NoValueError):
        ad.jit(f)(x)


def test_an_exception_inside_ends_the_block():
    def f(x):
        y = np.sin(x)
        try:
            with ad.no_grad():
                z = np.exp(x)
                raise KeyError
        except KeyError:
            pass
        return np.sum(np.sin(x) * z * y)

    assert_allclose(ad.grad(f)(x), 2 * np.sin(x) * np.cos(x) * np.exp(x))


def test_a_block_that_is_sometimes_entered():
    block = True

    def f(x):
        if block:
            with ad.no_grad():
                y = np.sin(x)
        else:
            y = np.sin(x)
        return np.sum(x * y)

    cut, full = np.sin(x), np.sin(x) + x * np.cos(x)
    for block in (True, False, False, True, True):
        assert_allclose(ad.grad(f)(x), cut if block else full)


def test_a_transform_inside_differentiates_as_ever():
    def f(x):
        with ad.no_grad():
            g = ad.grad(lambda y: np.sum(y**3))(x)
        return np.sum(x * g)

    assert_allclose(ad.grad(f)(x), 3 * x**2)


def test_all_enclosing_traces_are_concerned():
    def f(t):
        def inner(x):
            with ad.no_grad():
                y = t * x
            return np.sum(x * y) + np.sum(t * x)

        return np.sum(ad.grad(inner)(t * x))

    # the gradient of inner at t*x is t*(t*x) + t, of which the first t*(t*x) is constant
    assert_allclose(ad.grad(f)(2.0), 5.0)


def test_with_checkpoint():
    @ad.checkpoint
    def f(x):
        with ad.no_grad():
            n = norm(x)
        return np.sum(x / n)

    assert_allclose(ad.grad(f)(x), np.ones(5) / norm(x))
    with ad.no_grad():
        assert_allclose(ad.grad(f)(x), np.ones(5) / norm(x))


def test_a_function_without_derivative_warns():
    with pytest.warns(ZeroGradientWarning):
        assert ad.grad(ad.no_grad(norm))(x).sum() == 0


def test_threads_have_their_own_blocks():
    inside, done, found = threading.Event(), threading.Event(), []

    def block():
        with ad.no_grad():
            inside.set()
            done.wait(10)

    thread = threading.Thread(target=block)
    thread.start()
    inside.wait(10)
    found.append(ad.grad(lambda x: np.sum(x * x))(x))
    done.set()
    thread.join()
    assert_allclose(found[0], 2 * x)


def test_no_grad_takes_a_function():
    with pytest.raises(TypeError, match=r"`ad.stop_gradient\(x\)` for a value"):
        ad.no_grad(x)
