"""What `saved_residuals` tells: names, types, bytes, lines, through checkpoints and loops."""

import inspect
from pathlib import Path

import numpy as np
import pytest

import autodiff as ad
from autodiff.api.residuals import Residual, Residuals
from autodiff.ir import ArrayType

X = np.linspace(0.1, 1, 5)


def line_of(text: str) -> int:
    """The line of this file that ends with a comment."""
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    (number,) = [i for i, line in enumerate(lines, 1) if line.endswith(f"# {text}")]
    return number


def network(params, x):
    for w, b in params:
        z = x @ w + b
        x = np.tanh(z)  # hidden
    scale = np.exp(np.sum(x))  # scale
    return scale * np.sum(x)  # which is the sum above, so that it is kept once


@pytest.fixture
def params(rng):
    return [(rng.normal(size=(4, 4)), np.zeros(4)) for _ in range(3)]


def rows(kept):
    return [(r.name, str(r.type), r.origin) for r in kept]


def test_names_types_bytes_and_lines(params):
    kept = ad.saved_residuals(network)(params, np.ones((7, 4)))
    assert rows(kept) == [
        ("params[1][0]", "f64[4,4]", "argument"),
        ("params[2][0]", "f64[4,4]", "argument"),
        ("x", "f64[7,4]", "argument"),
        ("x", "f64[7,4]", "tanh"),
        ("x", "f64[7,4]", "tanh"),
        ("x", "f64[7,4]", "tanh"),
        ("", "f64[]", "reduce_sum"),
        ("scale", "f64[]", "exp"),
    ]
    first, last = kept[3], kept[-1]
    assert first == Residual("x", ArrayType((7, 4), float), 7 * 4 * 8, "tanh", first.source)
    assert (first.source.line, last.source.line) == (line_of("hidden"), line_of("scale"))
    assert kept.bytes == 3 * 7 * 4 * 8 + 16


def test_as_a_table(params):
    text = str(ad.saved_residuals(network)(params[:1], np.ones((1000, 4))))
    assert text.splitlines() == [
        "name   type         bytes  from        line",
        "x      f64[1000,4]  32000  argument",
        f"x      f64[1000,4]  32000  tanh        test_residuals.py:{line_of('hidden')}",
        f"       f64[]            8  reduce_sum  test_residuals.py:{line_of('scale')}",
        f"scale  f64[]            8  exp         test_residuals.py:{line_of('scale')}",
        "computed: 32.0 kB, arguments: 32.0 kB",
    ]
    assert str(Residuals()).splitlines() == [
        "name  type  bytes  from  line",
        "computed: 0 B, arguments: 0 B",
    ]


def test_it_is_what_the_backward_pass_keeps(params):
    """That of `vjp`, which holds it in a closure."""
    x = np.ones((7, 4))
    kept = ad.saved_residuals(network)(params, x)
    _, pullback = ad.vjp(network, params, x, argnums=0)
    held = inspect.getclosurevars(pullback).nonlocals["residuals"]
    assert [(r.type.shape, r.type.dtype) for r in kept] == [(h.shape, h.dtype) for h in held]


def test_which_argument_is_differentiated_by(params):
    x = np.ones((7, 4))
    by_x = ad.saved_residuals(network, argnums=1)(params, x)
    assert [r.name for r in by_x if r.origin == "argument"] == [f"params[{i}][0]" for i in range(3)]
    assert rows(ad.saved_residuals(network, argnames="x")(params, x=x)) == rows(by_x)
    both = ad.saved_residuals(network, argnums=(0, 1))(params, x)
    assert len(both) == len(by_x) + 1
    with pytest.raises(TypeError, match="saved_residuals of"):
        ad.saved_residuals(lambda n: n)(3)


def test_checkpoints_keep_less(params):
    x = np.ones((7, 4))

    @ad.checkpoint
    def layer(x, w, b):
        hidden = np.sin(np.exp(x @ w + b))
        return np.cos(hidden)  # out

    def deep(params):
        h = x
        for w, b in params:
            h = layer(h, w, b)
        return np.sum(h)

    kept = ad.saved_residuals(deep)(params)
    computed = [r for r in kept if r.origin not in ("argument", "captured")]
    assert [(r.origin, r.source.line) for r in computed] == [("cos", line_of("out"))] * 2
    assert [str(r.type) for r in kept if r.origin == "captured"] == ["f64[7,4]"]
    assert len(ad.saved_residuals(ad.checkpoint(deep))(params)) == 7  # all arguments and x


def test_within_a_checkpoint_names_are_found():
    @ad.checkpoint(policy=ad.policies.everything)
    def layer(x):
        hidden = np.sin(np.exp(x))
        return np.exp(hidden)

    kept = ad.saved_residuals(lambda x: np.sum(layer(x)))(X)
    assert [r.name for r in kept if r.origin == "sin"] == []
    assert {r.origin for r in kept} == {"exp"}
    through = ad.saved_residuals(lambda x: np.sum(ad.checkpoint(lambda y: y)(np.sin(x)) ** 2))(X)
    assert ("", "f64[5]", "sin") in rows(through)


def test_a_name_that_was_given():
    def f(x):
        return np.sum(ad.checkpoint_name(np.sin(x), "wave") ** 2)

    assert ("wave", "f64[5]", "sin") in rows(ad.saved_residuals(f)(X))


def test_loops_keep_what_their_steps_make_in_one_array():
    def f(x):
        def body(c, _):
            c = np.sin(c) * x
            return c, None

        return np.sum(ad.scan(body, x, None, length=9)[0])

    stacked = [r for r in ad.saved_residuals(f)(X) if r.type.shape == (9, 5)]
    assert stacked
    assert all(r.bytes == 9 * 5 * 8 for r in stacked)


def test_what_does_not_depend_on_the_argument_is_captured():
    w = np.ones(5)
    kept = ad.saved_residuals(lambda x: np.sum(x * w))(X)
    assert rows(kept) == [("", "f64[5]", "captured")]
    assert kept.bytes == 0


def test_functions_of_python_values_and_control_flow():
    def f(x):
        while np.sum(x) > 1:
            x = np.sin(x) * 0.5
        return x

    kept = ad.saved_residuals(f)(X)
    assert [r.origin for r in kept] == ["argument", "mul"]  # what the two sines are of
    assert rows(ad.saved_residuals(lambda t: t * t)(2.0)) == [("t", "f64[]", "argument")]
