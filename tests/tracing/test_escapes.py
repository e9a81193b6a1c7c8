"""What would take a gradient out of the trace unseen: conversions, changes of captured arrays."""

import math
import re

import numpy as np
import pytest
from numpy import array as numpys_array
from numpy import asarray as numpys_asarray

import autodiff as ad
from autodiff.errors import EscapeError, NoValueError

X = np.array([0.5, -1.5, 2.0])


# ---- escapes

ESCAPES = {
    "float": (lambda x: float(x[0]), r"float\(x\)"),
    "math": (lambda x: math.sin(x[0]), r"np\.sin"),
    "math.sqrt": (lambda x: math.sqrt(x[0]), "a function of `math`"),
    "complex": (lambda x: complex(x[0]), r"complex\(x\)"),
    "int": (lambda x: int(x[0]), r"np\.floor"),
    "asarray, imported": (lambda x: numpys_asarray(x), r"np\.asarray\(x\)"),
    "array of one, imported": (lambda x: numpys_array(x), r"np\.stack"),
    "array of several, imported": (lambda x: numpys_array([x[0], 1.0, x[1]]), r"np\.stack"),
    "item": (lambda x: x[0].item(), r"x\.item\(\)"),
    "tolist": (lambda x: x.tolist(), r"x\.tolist\(\)"),
    "assignment of a scalar": (
        lambda x: np.zeros(3).__setitem__(0, x[0]),
        r"np\.zeros\(n, like=x\)",
    ),
    "assignment of a part": (lambda x: np.zeros(3).__setitem__(slice(2), x[:2]), r"np\.zeros"),
    "fill": (lambda x: np.zeros(3).fill(x[0]), "Write instead"),
}


@pytest.mark.parametrize("case", ESCAPES)
def test_what_would_lose_a_gradient_raises(case):
    escape, advice = ESCAPES[case]

    def loss(x):
        escape(np.sin(x))
        return np.sum(x)

    with pytest.raises(EscapeError, match="its gradient would be lost") as caught:
        ad.grad(loss)(X)
    text = str(caught.value)
    assert re.search(advice, text)
    assert "Write instead" in text
    assert "ad.stop_gradient(x)" in text
    assert f"at test_escapes.py:{escape.__code__.co_firstlineno}" in text


@pytest.mark.parametrize("case", ESCAPES)
def test_within_an_outer_derivative_it_raises_as_well(case):
    """The inner derivative is not about `x`, but the outer one is."""
    escape, _ = ESCAPES[case]

    def outer(x):
        return ad.grad(lambda y: escape(x) is None or y * 2)(1.0)

    with pytest.raises((EscapeError, TypeError)):
        ad.grad(outer)(X)


def test_what_no_derivative_depends_on_may_leave():
    def f(x, n):
        steps = float(n) + float(np.argmax(x)) + float(np.floor(x[2])) + math.sqrt(np.sign(x[0]))
        return np.sum(x) * steps + len(np.asarray(x > 0))

    found = ad.grad(f)(X, np.array(2.0))
    np.testing.assert_array_equal(found, [7, 7, 7])


def test_value_of_is_for_looking():
    seen = []

    def f(x):
        seen.append(ad.value_of(np.exp(x)))
        return np.sum(x)

    ad.grad(f)(X)
    np.testing.assert_array_equal(seen[0], np.exp(X))
    with pytest.raises(NoValueError):
        ad.jit(f)(X)


# ---- arrays are read-only while they are traced


def test_a_captured_array_cannot_be_changed_during_the_trace():
    buffer = np.zeros(3)

    def loss(x):
        y = x * buffer
        buffer[0] = 1.0
        return np.sum(y)

    with pytest.raises(ValueError, match="read-only") as caught:
        ad.grad(loss)(X)
    assert any("Copy before changing" in note for note in caught.value.__notes__)
    buffer[0] = 1.0  # afterwards it can


def test_an_argument_cannot_be_changed_by_another_name_during_the_trace():
    x = X.copy()

    def loss(_):
        x[0] = 1.0

    with pytest.raises(ValueError, match="read-only"):
        ad.grad(loss)(x)
    x[0] = 1.0


def test_arrays_are_writable_again_after_every_kind_of_end():
    x, w = X.copy(), np.ones(3)

    def fails(_):
        np.sum(w * _)
        raise KeyError("of the user's own")

    def escapes(x):
        return float(np.sum(x * w))

    with pytest.raises(KeyError):
        ad.grad(fails)(x)
    with pytest.raises(EscapeError):
        ad.grad(escapes)(x)
    with pytest.raises(TypeError):
        ad.grad(lambda x: x * w)(x)  # no scalar
    ad.grad(lambda x: np.sum(ad.grad(lambda y: np.sum(y * x * w))(x)))(x)
    ad.jit(lambda x: x * w)(x)
    ad.vmap(lambda x: x * np.sum(w))(x)
    for array in (x, w):
        assert array.flags.writeable


def test_what_a_captured_view_is_of_cannot_be_changed_either():
    """Else a scratch buffer that is filled anew for each step would be seen as it is in the end."""
    scratch = np.zeros((2, 3))

    def loss(x):
        total = 0.0
        for i in range(3):
            scratch[0] = i
            total = total + np.sum(x * scratch[0])
        return total

    with pytest.raises(ValueError, match="read-only"):
        ad.grad(loss)(X)
    scratch[:] = 1.0


def test_views_and_what_they_are_of_are_given_back_in_any_order():
    base = np.zeros(6)
    first, second = base[:3], base[3:]

    def loss(x):
        inner = ad.grad(lambda y: np.sum(y * first))(x)
        return np.sum(inner * x * second)

    for captured in (base, first, second):
        ad.grad(lambda x, c=captured: np.sum(x) * c[0] + loss(x) + np.sum(first))(X)
        for array in (base, first, second):
            assert array.flags.writeable


def test_a_view_whose_base_another_trace_holds_is_given_back_later():
    base = np.zeros(3)
    view = base[:2]

    def outer(x):
        held = np.sum(x * base)
        ad.grad(lambda y: y * view[0] + np.sum(view))(1.0)
        assert not base.flags.writeable
        return held

    ad.grad(outer)(X)
    assert base.flags.writeable
    assert view.flags.writeable
