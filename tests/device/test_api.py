"""A user's file (`model.py`) on a device: the same calls with device arrays, and the same numbers.

A trap is set where NumPy would take over: the stand-in refuses every NumPy function on its arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff.backend.emit import compile_program
from autodiff.errors import ZeroGradientWarning
from autodiff.tracing import tree
from tests.device import model
from tests.device.transfer import agree, no_syncs, on_device

F32 = np.float32


def numbers(*shape: int, dtype: Any = float, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def network_arguments(dtype: Any) -> tuple[Any, ...]:
    params = [(numbers(5, 4, dtype=dtype), numbers(4, dtype=dtype))]
    params += [(numbers(4, 3, dtype=dtype, seed=1), numbers(3, dtype=dtype))]
    y = np.eye(3, dtype=dtype)[np.arange(7) % 3]
    return params, numbers(7, 5, dtype=dtype, seed=2), y


# For each function its arguments. Derivatives are taken by the first.
CALLS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "logistic": (model.logistic, (numbers(4), numbers(9, 4), np.arange(9) % 2.0)),
    "network": (model.network, network_arguments(float)),
    "network-f32": (model.network, network_arguments(F32)),
    "recurrent": (
        model.recurrent,
        ({"w": numbers(3, 3), "u": numbers(3, 2), "b": numbers(3)}, numbers(4, 2)),
    ),
    "guarded": (model.guarded, (np.array([-1.0, 0.5, 2.0, -0.25]),)),
    "assigned": (model.assigned, (numbers(3, 2),)),
    "picked": (model.picked, (numbers(4, 3), np.array([0, 2, 1, 2]))),
    "branching": (model.branching, (np.abs(numbers(3)),)),
    "scaled": (model.scaled, (numbers(3, dtype=F32), 0.5)),
    "stirred": (model.stirred, (numbers(3, 2),)),
}
# These look at values, for which there is no jit and no vmap.
LOOKS = {"branching", "assigned"}


def calls(*but: str) -> Any:
    chosen = [pytest.param(*call, id=name) for name, call in CALLS.items() if name not in but]
    return pytest.mark.parametrize(("fun", "args"), chosen)


def check(xp: Any, transformed: Callable[..., Any], *args: Any) -> None:
    """Three times the same, since the first calls take other ways than later ones."""
    expected = transformed(*args)
    for _ in range(3):
        agree(xp, transformed(*on_device(xp, args)), expected)


def direction(x: Any) -> Any:
    def along(leaf: Any) -> Any:
        return np.cos(np.arange(leaf.size)).reshape(leaf.shape).astype(leaf.dtype)

    return tree.map(along, x)


# ---- every transform


@calls()
def test_gradients(xp, fun, args):
    check(xp, ad.value_and_grad(fun), *args)


@calls(*LOOKS)
def test_jit(xp, fun, args):
    check(xp, ad.jit(fun), *args)
    check(xp, ad.jit(ad.value_and_grad(fun)), *args)


@calls()
def test_forward_mode(xp, fun, args):
    def moved(x: Any, dx: Any, *rest: Any) -> Any:
        return ad.jvp(lambda x: fun(x, *rest), (x,), (dx,))

    def linear(x: Any, dx: Any, *rest: Any) -> Any:
        value, push = ad.linearize(lambda x: fun(x, *rest), x)
        return value, push(dx)

    x, *rest = args
    check(xp, moved, x, direction(x), *rest)
    check(xp, linear, x, direction(x), *rest)


@calls()
def test_pullback(xp, fun, args):
    def pulled(ct: Any, *args: Any) -> Any:
        value, pullback = ad.vjp(fun, *args, argnums=0)
        return value, pullback(ct)

    check(xp, pulled, 0.5, *args)


@calls()
def test_products_with_the_hessian(xp, fun, args):
    x, *rest = args
    check(xp, ad.hvp(fun), x, (direction(x),), *rest)


@calls(*LOOKS)
def test_vmap(xp, fun, args):
    x, *rest = args
    many = tree.map(lambda leaf: np.stack([leaf, 0.5 * leaf, -leaf]), x)
    axes = (0, *[None] * len(rest))
    check(xp, ad.vmap(ad.grad(fun), in_axes=axes), many, *rest)
    check(xp, ad.vmap(ad.grad(fun), in_axes=axes, chunk_size=2), many, *rest)


@calls()
def test_checkpoint(xp, fun, args):
    rest = args[1:]
    held = ad.checkpoint(lambda x: fun(x, *rest))
    check(xp, ad.grad(held), args[0]) if not rest else None
    check(xp, ad.grad(lambda *args: ad.checkpoint(fun)(*args)), *args)


@pytest.mark.filterwarnings("ignore::autodiff.errors.ZeroGradientWarning")
def test_jacobians(xp):
    def fun(x: Any) -> Any:
        return np.stack([np.sin(x), x[::-1] * x]), {"sum": x.sum(), "none": np.floor(x)}

    x = numbers(3)
    check(xp, ad.jacfwd(fun), x)
    check(xp, ad.jacrev(fun), x)
    check(xp, lambda x: ad.jacfwd(fun, chunk_size=2)(x), x)
    check(xp, ad.hessian(lambda x: np.prod(np.sin(x))), x)
    check(xp, ad.hessian_diag(lambda x: np.prod(np.sin(x))), x)


def test_vectors_of_all_parameters(xp):
    def there_and_back(params: Any) -> Any:
        vector, back = ad.tree.ravel(params)
        return vector, back(2 * vector)

    params = {"w": numbers(2, 3), "b": numbers(2)}
    check(xp, there_and_back, params)
    check(xp, ad.grad(lambda params: np.sum(ad.tree.ravel(params)[0] ** 2)), params)


def test_linear_transpose(xp):
    transpose = ad.linear_transpose
    check(xp, lambda x, ct: transpose(lambda x: x[1:] - x[:-1], x)(ct), numbers(4), numbers(3))


def test_axes_of_vmap(xp):
    x, y = numbers(2, 3), numbers(3)
    check(xp, ad.vmap(lambda a, b: a * b, in_axes=(1, 0), out_axes=1), x, y)
    check(xp, ad.vmap(lambda a: (2.0, a.sum())), x)


# ---- what a device asks for


def test_constant_results_are_on_the_device(xp):
    x = numbers(3)
    check(xp, ad.grad(np.sum), x)  # ones
    with pytest.warns(ZeroGradientWarning):
        check(xp, ad.grad(lambda x: np.sum(np.floor(x))), x)
    with pytest.warns(ZeroGradientWarning):
        check(xp, ad.grad(lambda x: 2.0), x)
    check(xp, lambda x: ad.vjp(lambda x: (x, np.ones_like(x)), x)[0], x)


def test_results_share_no_memory_with_arguments(xp):
    x = xp.asarray(numbers(3))
    for fun in (lambda x: x, lambda x: x[1], lambda x: np.reshape(x, (3, 1))):
        for _ in range(3):
            assert not xp.may_share_memory(ad.jit(fun)(x), x)
    once, again = ad.grad(lambda s: 1.0 * s)(x[0]), ad.grad(lambda s: 1.0 * s)(x[0])
    once *= 2
    assert float(again) == 1.0


def test_the_host_does_not_wait(xp):
    for name in ("logistic", "network", "recurrent", "guarded", "stirred"):
        fun, args = CALLS[name]
        if name == "stirred":  # sorting reorders its tangents by a gather
            continue
        args = on_device(xp, args)
        with no_syncs(xp):
            for _ in range(3):
                ad.value_and_grad(fun)(*args)
                ad.jit(ad.grad(fun))(*args)


@calls(*LOOKS)
def test_generated_code_knows_no_numpy(xp, fun, args):
    program = ad.trace(ad.grad(fun))(*on_device(xp, args))
    names = compile_program(program, xp).__globals__
    assert names["np"] is xp
    for x in names.values():
        assert x is not np
        assert not isinstance(x, np.ndarray | np.generic | np.ufunc)
        assert not (isinstance(x, ModuleType) and x is not xp)


def test_captured_arrays_are_used_where_they_are(xp):
    features, w = numbers(5, 3), numbers(3)
    there = xp.asarray(features)
    expected = ad.grad(lambda w: np.sum((features @ w) ** 2))(w)
    for transform in (ad.grad, lambda f: ad.jit(ad.grad(f))):
        agree(xp, transform(lambda w: np.sum((there @ w) ** 2))(xp.asarray(w)), expected)
        # A constant of the function's own goes where its arguments are.
        agree(xp, transform(lambda w: np.sum((features @ w) ** 2))(xp.asarray(w)), expected)


def test_numbers_meet_captured_arrays(xp):
    def fun(scale: Any, features: Any) -> Any:
        scaled = scale * features
        out = np.zeros_like(scaled)
        out[0] = scaled[0]
        return out.sum() if out.sum() > 0 else scaled.sum()

    features = numbers(3)
    there = xp.asarray(features)
    for transform in (ad.grad, ad.value_and_grad):
        expected = transform(lambda s: fun(s, features))(0.5)
        agree(xp, transform(lambda s: fun(s, there))(0.5), expected)


def test_one_jitted_function_serves_both(xp):
    jitted = ad.jit(lambda x: np.sum(x * np.arange(3)))
    x = numbers(3)
    for _ in range(2):
        assert isinstance(jitted(x), np.generic)
        agree(xp, jitted(xp.asarray(x)), jitted(x))


def test_arguments_from_both_sides_are_refused(xp):
    w, features = numbers(3), numbers(4, 3)
    message = r"NumPy array \(float64\[4, 3\]\) and a CuPy array \(float64\[3\]\) .* `cupy.asarray"
    for transform in (ad.grad, ad.value_and_grad, ad.jit):
        with pytest.raises(TypeError, match=message):
            transform(lambda w, x: np.sum(x @ w))(xp.asarray(w), features)


def test_looking_at_values(xp, capsys):
    def loud(x: Any) -> Any:
        print(f"{x.sum():.3f}", ad.value_of(x)[0])
        return x.sum() if bool(x[0] > 0) and int(np.argmax(x)) == 1 else x.prod()

    check(xp, ad.grad(loud), np.array([0.5, 2.0, 1.0]))
    assert "3.500" in capsys.readouterr().out

    def constant(x: Any) -> Any:
        assert isinstance(ad.value_of(np.zeros_like(x)), xp.ndarray)
        return x.sum()

    ad.grad(constant)(xp.asarray(numbers(3)))


def test_an_index_out_of_bounds_raises(xp):
    x = xp.asarray(numbers(3))
    for index in (np.array([0, 3]), xp.asarray(np.array([-4]))):
        with pytest.raises(IndexError, match="out of bounds"):
            ad.grad(lambda x, index=index: x[index].sum())(x)


def test_the_last_of_several_writes_stays(xp):
    def fun(x: Any, v: Any) -> Any:
        x = 1.0 * x
        x[np.array([1, 0, 1])] = v
        return np.sum(x**2)

    check(xp, ad.grad(fun, argnums=(0, 1)), numbers(3), numbers(3, seed=1))
