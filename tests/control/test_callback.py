"""`callback` and `effect`: calls of Python functions as equations."""

import gc

import numpy as np
import pytest

from autodiff.control.callback import Handle, callback, effect
from autodiff.control.one_by_one import one_by_one
from autodiff.errors import MissingRuleError
from autodiff.ir import check, prune
from autodiff.primitives.algebra import mul
from autodiff.tracing.build import build
from autodiff.transforms.batch import batch
from autodiff.transforms.jvp import jvp
from autodiff.transforms.linearize import linearize
from autodiff.transforms.simplify import simplify
from tests.calculus import evaluated
from tests.programs import expected, program, read, shown, typed

SCALAR = typed("f64[]")
SUM = {"name": "total", "types": (SCALAR,), "vectorized": False}
RESULT = {"name": "doubled", "types": (typed("f64[3]"),), "vectorized": False}


def total():
    return program(lambda f, x: callback(f, x, **SUM), "i64[]", "f64[3]")


def watched():
    def fun(f, x):
        effect(f, x, name="watch")
        return mul(x, x)

    return program(fun, "i64[]", "f64[3]")


class Record:
    """A function for handles that remembers its calls."""

    def __init__(self, result=lambda *xs: []):
        self.seen = []
        self.result = result

    def __call__(self, arrays, types):
        self.seen.append([np.array(x) for x in arrays])
        return [np.asarray(y) for y in self.result(*arrays)]


@pytest.fixture
def add_up():
    return Record(lambda *xs: [sum(np.sum(x) for x in xs)])


# ---- handles


def test_a_function_is_an_operand(add_up):
    f = check(total())
    assert evaluated(f, [Handle(add_up), np.arange(3.0)]) == [3.0]
    (y,) = evaluated(f, [Handle(lambda xs, types: [np.asarray(7.0)]), np.arange(3.0)])
    assert y == 7.0
    assert type(y) is np.float64  # scalars are NumPy's, as everywhere


def test_programs_do_not_hold_functions():
    text = shown(total())
    assert text == expected("""
        f(a: i64[], b: f64[3]) -> f64[] {
          c: f64[] = callback[name='total', types=(f64[],), vectorized=False] a b
          return c
        }""")
    assert shown(read(str(total()))) == text


def test_arrays_cannot_be_changed():
    def change(arrays, types):
        arrays[0][:] = 0

    with pytest.raises(ValueError, match="read-only"):
        evaluated(total(), [Handle(change), np.ones(3)])


def test_a_handle_is_found_by_its_number(add_up):
    handle = Handle(add_up)
    assert handle.copy() is handle
    assert Handle.of(np.asarray(handle)) is handle
    assert Handle.of(np.stack([handle, handle])[1]) is handle
    number = np.asarray(handle)
    del handle
    gc.collect()
    with pytest.raises(RuntimeError, match="a function that is gone"):
        Handle.of(number)


def test_equal_functions_have_equal_handles(add_up):
    assert Handle(add_up) == Handle(add_up)
    assert hash(Handle(add_up)) == hash(Handle(add_up))
    assert Handle(add_up) != Handle(Record())
    assert Handle(add_up) != add_up


# ---- callbacks for a result


def test_what_is_not_used_is_not_called():
    f = program(lambda f, x: [callback(f, x, **SUM)[0], x][1], "i64[]", "f64[3]")
    assert prune(f).equations == ()


def test_there_is_no_derivative():
    with pytest.raises(
        MissingRuleError, match=r"total is called by pure_callback.*\n.*custom_rule"
    ):
        jvp(total(), (False, True))


def test_integers_need_none():
    types = (typed("i64[3]"),)
    f = program(
        lambda f, x: [*callback(f, x, name="order", types=types, vectorized=False), x],
        "i64[]",
        "f64[3]",
    )
    forward, active = jvp(f, (False, True))
    assert active == (False, True)
    order = Record(lambda x: [np.argsort(x)])
    outs = evaluated(forward, [Handle(order), np.array([3.0, 1.0, 2.0]), np.ones(3)])
    np.testing.assert_array_equal(outs[0], [1, 2, 0])


@pytest.mark.parametrize("mapped", [(True, False), (False, True), (True, True)])
def test_a_map_is_a_loop(mapped, add_up, rng):
    f = program(lambda f, x, y: callback(f, x, y, **SUM), "i64[]", "f64[3]", "f64[3]")
    together, _ = batch(f, (False, *mapped), 4)
    xs = [rng.uniform(size=(4, 3) if m else 3) for m in mapped]
    found = evaluated(together, [Handle(add_up), *xs])[0]
    np.testing.assert_allclose(found, sum(np.broadcast_to(x, (4, 3)).sum(axis=1) for x in xs))
    assert len(add_up.seen) == 4
    nested, _ = batch(together, (False, *mapped), 2)
    xs = [np.stack([x, x]) if m else x for x, m in zip(xs, mapped, strict=True)]
    evaluated(nested, [Handle(add_up), *xs])
    assert len(add_up.seen) == 12


def test_a_vectorised_function_is_called_once():
    double = Record(lambda x, y: [2 * x + y])
    f = program(
        lambda f, x, y: callback(f, x, y, **{**RESULT, "vectorized": True}),
        "i64[]", "f64[3]", "f64[3]",
    )  # fmt: skip
    together, _ = batch(f, (False, True, False), 4)
    x, y = np.arange(12.0).reshape(4, 3), np.ones(3)
    np.testing.assert_array_equal(evaluated(together, [Handle(double), x, y])[0], 2 * x + 1)
    ((first, second),) = double.seen
    assert first.shape == second.shape == (4, 3)


def test_a_handle_for_each_row():
    """As when each row of a mapped branch has another function."""
    together, _ = batch(total(), (True, True), 2)
    handles = [Handle(Record(lambda x, k=k: [k])) for k in (1.0, 2.0)]
    found = evaluated(together, [np.stack(handles), np.ones((2, 3))])[0]
    np.testing.assert_array_equal(found, [1, 2])


# ---- callbacks for an effect


def test_an_effect_is_never_dropped_nor_merged():
    def fun(f, x):
        effect(f, x, name="watch")
        effect(f, x, name="watch")
        mul(x, x)
        return x

    f = check(program(fun, "i64[]", "f64[3]"))
    for p in (f, prune(f), simplify(f)):
        assert [e.primitive.name for e in p.equations] == ["effect", "effect"]
    seen = Record()
    evaluated(f, [Handle(seen), np.ones(3)])
    assert len(seen.seen) == 2


def test_derivatives_have_the_effect_once():
    seen = Record()
    x = np.arange(3.0)
    forward, _ = jvp(watched(), (False, True))
    evaluated(forward, [Handle(seen), x, np.ones(3)])
    assert len(seen.seen) == 1
    linear = linearize(watched(), (False, True))
    assert [e.primitive.name for e in linear.known.equations] == ["effect", "mul"]
    assert "effect" not in {e.primitive.name for e in linear.rest.equations}
    assert "effect" not in {e.primitive.name for e in linear.transposed().equations}


def test_mapped_effects_come_in_order():
    seen = Record()
    together, _ = batch(watched(), (False, True), 3)
    evaluated(together, [Handle(seen), np.arange(9.0).reshape(3, 3)])
    np.testing.assert_array_equal([x for (x,) in seen.seen], np.arange(9.0).reshape(3, 3))


def test_one_row_after_the_other():
    """The rule itself: operands that are the same for all rows come first in the body."""

    def fun(f, x, y):
        return one_by_one(callback, 2, (f, x, y), (False, True, False), SUM)

    p = build(fun, [typed("i64[]"), typed("f64[2,3]"), typed("f64[3]")])
    (equation,) = p.equations
    assert equation.params["constants"] == 2
    assert p.out_types == (typed("f64[2]"),)
    minus = Record(lambda x, y: [np.sum(x - y)])
    found = evaluated(p, [Handle(minus), np.ones((2, 3)), np.zeros(3)])[0]
    np.testing.assert_array_equal(found, [3, 3])
