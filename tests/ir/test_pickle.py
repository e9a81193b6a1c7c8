from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given

from autodiff.ir import Program, Var, check, current_trail, literal
from tests.ir import fakes
from tests.ir.fakes import VECTOR, equation

protocols = pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))


def restored(program: Program, protocol: int = pickle.HIGHEST_PROTOCOL) -> Program:
    found = pickle.loads(pickle.dumps(program, protocol))
    assert isinstance(found, Program)
    return found


@fakes.patient
@given(fakes.programs())
def test_text_stays(program: Program) -> None:
    assert str(restored(program)) == str(program)


@protocols
def test_variables_keep_their_identity(protocol: int) -> None:
    program = restored(fakes.chain(4), protocol)
    check(program)
    assert program.equations[1].inputs[0] is program.equations[0].outputs[0]
    assert program.equations[0].inputs == (program.inputs[0],) * 2
    assert program.outputs == program.equations[-1].outputs


def test_literals_types_and_primitives_are_the_same_objects() -> None:
    x = Var(VECTOR)
    new = equation(fakes.mul, x, literal(-0.0))
    back = restored(Program((x,), (new,), new.outputs)).equations[0]
    assert back.primitive is new.primitive
    assert back.inputs[1] is literal(-0.0)
    assert back.outputs[0].type is VECTOR


def test_a_program_held_twice_is_still_one() -> None:
    x, held = Var(VECTOR), fakes.chain(2)
    equations = tuple(equation(fakes.call, x, program=held) for _ in range(2))
    one, two = restored(Program((x,), equations, ())).equations
    assert one.params["program"] is two.params["program"]


def test_trails_become_sources() -> None:
    x = Var(VECTOR)
    new = equation(fakes.sin, x)
    new.trail = current_trail()
    back = restored(Program((x,), (new,), ())).equations[0]
    assert back.source == new.source
    assert back.source is not None
    assert back.source.file == __file__


def test_long_programs_do_not_exhaust_the_stack() -> None:
    program = fakes.chain(20_000)
    assert len(restored(program).equations) == 20_000


def test_copies_are_programs_of_their_own() -> None:
    program = fakes.chain(3)
    copied = check(copy.deepcopy(program))
    assert str(copied) == str(program)
    assert copied.inputs[0] is not program.inputs[0]
