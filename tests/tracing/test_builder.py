"""Rows, interning, keys, captures, and following the script of the last run."""

import numpy as np
import pytest

from autodiff.errors import LeakedTracerError
from autodiff.ir.program import Program
from autodiff.ir.types import ArrayType, literal
from autodiff.primitives.algebra import add, mul
from autodiff.primitives.arithmetic import stop_gradient
from autodiff.primitives.exponential import exp
from autodiff.primitives.trigonometric import sin
from autodiff.tracing.bind import bind
from autodiff.tracing.builder import Builder, current_builder, opened
from autodiff.tracing.script import Script
from autodiff.tracing.tracer import Tracer
from tests.programs import read, shown

VECTOR = ArrayType((3,), np.float64)


def input_of(builder: Builder, t: ArrayType = VECTOR) -> Tracer:
    return Tracer(builder, builder.input(t), t)


def recorded(fun, script: Script | None = None, count: int = 1) -> tuple[Builder, Script]:
    """What `fun` records, given tracers; following `script` as far as it goes."""
    with opened(Builder(script=script)) as builder:
        out = fun(*[input_of(builder) for _ in range(count)])
    return builder, builder.finish([out._number])


def program_of(builder: Builder, script: Script) -> Program:
    return builder.program(script.outputs, "f")


# ---- interning and keys


def test_equal_rows_are_recorded_once():
    builder, script = recorded(lambda x: mul(sin(x), sin(x)))
    assert len(script.rows) == 2
    assert shown(program_of(builder, script)) == shown(
        read("""
        f(a: f64[3]) -> f64[3] {
          b: f64[3] = sin a
          c: f64[3] = mul b b
          return c
        }""")
    )


def test_params_and_literals_tell_rows_apart():
    two, three = np.float64(2), np.float64(3)
    assert len(recorded(lambda x: add(mul(x, two), mul(x, three)))[1].rows) == 3
    assert len(recorded(lambda x: add(mul(x, two), mul(x, np.float64(2))))[1].rows) == 2


def test_signed_zeros_are_different_literals():
    plus, minus = np.float64(0.0), np.float64(-0.0)
    assert len(recorded(lambda x: add(mul(x, plus), mul(x, minus)))[1].rows) == 3


def test_keys_are_equal_where_programs_are():
    def key(fun, count=1):
        return recorded(fun, count=count)[1].key()

    assert key(lambda x: sin(exp(x))) == key(lambda x: sin(exp(x)))
    assert hash(key(lambda x: sin(exp(x)))) == hash(key(lambda x: sin(exp(x))))
    different = [
        key(lambda x: sin(exp(x))),
        key(lambda x: exp(sin(x))),
        key(lambda x: exp(x)),
        key(lambda x: x),
        key(lambda x, y: sin(exp(x)), 2),
        key(lambda x, y: sin(exp(y)), 2),
        key(lambda x: mul(x, np.float64(2))),
        key(lambda x: mul(np.float64(2), x)),
        key(lambda x: mul(x, np.float64(3))),
    ]
    assert len(set(different)) == len(different)


def test_results_of_several_are_numbered_in_a_row():
    builder = Builder()
    builder.input(VECTOR)
    first = builder.record((exp, (), (0,)), [VECTOR, VECTOR])
    second = builder.record((sin, (), (first + 1,)), [VECTOR])
    assert (first, second) == (1, 3)
    assert builder.results(0) == range(1, 3)
    assert (builder.producer(2), builder.producer(3), builder.producer(0)) == (0, 1, None)


# ---- captures


def test_arrays_are_captured_by_reference_and_once():
    w = np.ones(3)
    builder, script = recorded(lambda x: add(mul(x, w), mul(w, x)))
    assert len(builder.captured) == 1
    assert builder.captured[0] is w
    assert len(program_of(builder, script).inputs) == 2


def test_scalars_become_literals():
    builder, script = recorded(lambda x: mul(x, np.float64(2.5)))
    assert builder.captured == []
    assert script.rows[0][2][1] is literal(2.5)


def test_variables_of_an_enclosing_builder_are_captured():
    with opened(Builder()) as outer:
        x = input_of(outer)
        y = sin(x)
        with opened(Builder()) as inner:
            z = input_of(inner)
            result = mul(z, y)
            assert result._builder is inner
            assert inner.captured[0].builder is outer
            mul(y, result)
            assert len(inner.captured) == 1


def test_captured_arrays_are_read_only_until_the_builder_is_closed():
    w = np.ones(3)
    with opened(Builder()) as builder:
        mul(input_of(builder), w)
        with pytest.raises(ValueError, match="read-only"):
            w[0] = 5
    w[0] = 5
    assert w.tolist() == [5, 1, 1]


def test_arrays_that_were_read_only_stay_so():
    w = np.ones(3)
    w.setflags(write=False)
    recorded(lambda x: mul(x, w))
    assert not w.flags.writeable


def test_nested_builders_give_an_array_back_once():
    w = np.ones(3)
    with opened(Builder()) as outer:
        mul(input_of(outer), w)
        with opened(Builder()) as inner:
            mul(input_of(inner), w)
        assert not w.flags.writeable  # the outer one is still open
    assert w.flags.writeable


def test_an_exception_gives_arrays_back():
    w = np.ones(3)

    def fails(x):
        return mul(x, w)._number / 0

    with pytest.raises(ZeroDivisionError):
        recorded(fails)
    assert w.flags.writeable
    assert current_builder() is None


# ---- the end


def test_a_closed_builder_refuses():
    with opened(Builder(label="loss (under grad)")) as builder:
        x = input_of(builder)
    with pytest.raises(LeakedTracerError, match=r"loss \(under grad\) was used after"):
        sin(x)


def test_builders_are_entered_and_left_in_order():
    assert current_builder() is None
    with opened(Builder()) as outer:
        assert current_builder() is outer
        assert outer.level == 0
        with opened(Builder()) as inner:
            assert (inner.parent, inner.level) == (outer, 1)
        assert current_builder() is outer
    assert current_builder() is None


def test_only_a_staging_builder_records_operations_on_arrays():
    with opened(Builder()):
        assert isinstance(bind(sin, np.zeros(3)), np.ndarray)
    with opened(Builder(staging=True)) as builder:
        assert isinstance(bind(sin, np.zeros(3)), Tracer)
        assert isinstance(
            bind(sin, np.float64(0)), np.float64
        )  # arithmetic on constants is done now
        assert len(builder.rows) == 1


# ---- regions


def test_what_a_region_made_is_cut_off_on_the_way_out():
    with opened(Builder()) as builder:
        x = input_of(builder)
        state = builder.enter_region()
        y = sin(x)
        z = exp(y)
        builder.leave_region(state, stop_gradient)
        out = mul(z, sin(x))
    script = builder.finish([out._number])
    assert shown(program_of(builder, script)) == shown(
        read("""
        f(a: f64[3]) -> f64[3] {
          y: f64[3] = sin a
          z: f64[3] = exp y
          y_1: f64[3] = stop_gradient y
          z_1: f64[3] = stop_gradient z
          b: f64[3] = sin a
          out: f64[3] = mul z_1 b
          return out
        }""")
    )


# ---- scripts


def chain(x):
    return mul(sin(x), exp(x))


def test_the_same_again_is_the_same_script():
    _, script = recorded(chain)
    builder, again = recorded(chain, script)
    assert again is script
    assert shown(program_of(builder, again)) == shown(program_of(*recorded(chain)))


DEPARTURES = {
    "another operation": lambda x: mul(sin(x), sin(sin(x))),
    "another order": lambda x: mul(exp(x), sin(x)),
    "another literal": lambda x: mul(sin(x), np.float64(2)),
    "less": lambda x: sin(x),
    "more": lambda x: sin(mul(sin(x), exp(x))),
    "nothing": lambda x: x,
    "another result": lambda x: [mul(sin(x), exp(x)), exp(x)][1],
    "a repetition": lambda x: mul(mul(sin(x), exp(x)), mul(sin(x), exp(x))),
    "a later row first": lambda x: mul(exp(x), exp(x)),
}


@pytest.mark.parametrize("name", DEPARTURES)
def test_a_departure_gives_what_a_fresh_recording_gives(name):
    other = DEPARTURES[name]
    _, script = recorded(chain)
    before = script.key()
    builder, new = recorded(other, script)
    assert new is not script
    fresh = recorded(other)
    assert new.key() == fresh[1].key()
    assert shown(program_of(builder, new)) == shown(program_of(*fresh))
    script._key = None
    assert script.key() == before  # and the script is as it was


def test_a_departure_in_the_captured_arrays():
    w, v = np.ones(3), np.zeros(3)
    _, script = recorded(lambda x: add(mul(x, w), mul(x, v)))
    builder, same = recorded(lambda x: add(mul(x, v), mul(x, w)), script)
    assert same is script  # other arrays in the same places
    assert [a is b for a, b in zip(builder.captured, [v, w], strict=True)] == [True, True]
    builder, new = recorded(lambda x: add(mul(x, w), mul(x, w)), script)
    assert new is not script
    assert new.key() == recorded(lambda x: add(mul(x, w), mul(x, w)))[1].key()


def test_a_departure_in_the_number_of_inputs():
    _, script = recorded(lambda x: sin(x))
    for count in (1, 2, 3):
        fun = {1: sin, 2: lambda x, y: add(sin(x), y), 3: lambda x, y, z: add(sin(x), z)}[count]
        assert recorded(fun, script, count)[1].key() == recorded(fun, None, count)[1].key()


def test_a_departure_within_a_region():
    def cut(x, inside):
        builder = x._builder
        state = builder.enter_region()
        y = inside(x)
        builder.leave_region(state, stop_gradient)
        return mul(y, x)

    _, script = recorded(lambda x: cut(x, sin))
    assert recorded(lambda x: cut(x, sin), script)[1].key() == script.key()
    for inside in (exp, lambda x: x):
        _, new = recorded(lambda x, inside=inside: cut(x, inside), script)
        assert new.key() == recorded(lambda x, inside=inside: cut(x, inside))[1].key()
    without = lambda x: mul(sin(x), x)
    assert recorded(without, script)[1].key() == recorded(without)[1].key()
