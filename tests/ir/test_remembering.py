"""Results that are remembered as long as their program lives."""

import gc
import weakref

from autodiff.ir.remembering import remembered
from autodiff.transforms.jvp import jvp
from tests.programs import read

TEXT = "f(x: f64[]) -> f64[] { y: f64[] = sin x\n return y }"


def test_a_result_is_computed_once_for_each_program_and_choice():
    calls = []

    @remembered
    def count(program, *args, **kwargs):
        """Doc."""
        calls.append(args)
        return len(calls)

    f, g = read(TEXT), read(TEXT)
    assert [count(f), count(f), count(g), count(f, 1), count(f, 1), count(f, a=1)] == [
        1,
        1,
        2,
        3,
        3,
        4,
    ]
    assert (count.__name__, count.__doc__) == ("count", "Doc.")


def test_results_go_when_the_program_goes():
    f = read(TEXT)
    derived = weakref.ref(jvp(f, (True,))[0])
    gc.collect()
    assert jvp(f, (True,))[0] is derived()
    del f
    gc.collect()
    assert derived() is None


def test_what_raises_is_tried_again():
    calls = []

    @remembered
    def failing(program):
        calls.append(program)
        if len(calls) < 2:
            raise ValueError
        return "done"

    f = read(TEXT)
    try:
        failing(f)
    except ValueError:
        assert failing(f) == "done"
    assert len(calls) == 2
