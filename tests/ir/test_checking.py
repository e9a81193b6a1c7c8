from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given

from autodiff.errors import InvalidProgramError
from autodiff.ir import (
    ArrayType,
    Equation,
    Program,
    Source,
    Var,
    check,
    checking_enabled,
    literal,
    maybe_check,
    set_checking,
)
from tests.ir import fakes
from tests.ir.fakes import SCALAR, VECTOR, equation


def broken(*equations: Equation, **changes: object) -> str:
    """The message about a program of one vector input and these equations."""
    inputs = changes.pop("inputs", (X,))
    outputs = changes.pop("outputs", ())
    program = Program(inputs, equations, outputs, "f", ("x",))  # type: ignore[arg-type]
    with pytest.raises(InvalidProgramError) as caught:
        check(program)
    return str(caught.value)


X = Var(VECTOR)


class TestRules:
    def test_a_valid_program_is_returned(self) -> None:
        program = fakes.chain(5)
        assert check(program) is program

    @fakes.patient
    @given(fakes.programs())
    def test_random_programs(self, program: Program) -> None:
        assert check(program) is program

    def test_unbound_operand(self) -> None:
        new = equation(fakes.add, X, Var(VECTOR))
        assert "operand 2, ?, is not bound before it is used" in broken(new)

    def test_operand_bound_later(self) -> None:
        late = equation(fakes.sin, X, name="late")
        early = equation(fakes.sin, late.outputs[0])
        message = broken(early, late)
        assert "operand 1, late, is not bound before it is used (equation 2 binds it)" in message

    def test_unbound_result(self) -> None:
        message = broken(outputs=(X, Var(VECTOR)))
        assert "result 2, ?, is not bound" in message
        assert "-->   return x, ?" in message

    def test_variable_bound_twice(self) -> None:
        one = equation(fakes.sin, X, name="z")
        again = Equation(one.primitive, (X,), {}, one.outputs)
        assert "z is bound a second time" in broken(one, again)
        both = Equation(fakes.both, (X,), {}, one.outputs * 2)  # type: ignore[arg-type]
        assert "a is bound a second time" in broken(both)
        onto_input = Equation(one.primitive, (X,), {}, (X,))
        assert "x is bound a second time" in broken(onto_input)

    def test_inputs_that_are_one_variable(self) -> None:
        message = broken(inputs=(X, X))
        assert "two inputs are the same variable" in message
        assert "--> f(x: f64[3], x: f64[3])" in message

    def test_wrong_type(self) -> None:
        wrong = Equation(fakes.sin, (X,), {}, (Var(SCALAR),))  # type: ignore[arg-type]
        assert "expected f64[3] from sin, found f64[]" in broken(wrong)
        missing = Equation(fakes.sin, (X,), {}, ())  # type: ignore[arg-type]
        assert "expected f64[3] from sin, found nothing" in broken(missing)

    def test_operands_that_the_primitive_does_not_take(self) -> None:
        short = Var(ArrayType((2,), "f8"))
        wrong = Equation(fakes.add, (X, short), {}, (Var(VECTOR),))  # type: ignore[arg-type]
        message = broken(wrong, inputs=(X, short))
        assert "add does not take (f64[3], f64[2]): TypeError: operands of one shape" in message
        extra = Equation(fakes.both, (X,), {"k": "{}"}, (Var(VECTOR),) * 2)  # type: ignore[arg-type]
        assert "bound a second time" in broken(extra)

    def test_operands_and_outputs_that_are_something_else(self) -> None:
        array = Equation(fakes.sin, (np.ones(3),), {}, (Var(VECTOR),))  # type: ignore[arg-type]
        assert "operand 1 is a ndarray; expected a variable or a literal" in broken(array)
        output = Equation(fakes.sin, (X,), {}, (literal(1.0),))  # type: ignore[arg-type]
        assert "output 1 is a Literal; expected a variable" in broken(output)
        assert "result 1 is a float; expected a variable or a literal" in broken(outputs=(1.0,))

    def test_params_that_cannot_be_hashed(self) -> None:
        new = equation(fakes.note, X, k=1, axes=[0])
        assert "param axes is a list that cannot be hashed" in broken(new)
        nested = equation(fakes.note, X, axes=(0, [1]))
        assert "param axes is a tuple that cannot be hashed" in broken(nested)

    @pytest.mark.parametrize(
        "shape", [lambda p: p, lambda p: (1, (p,))], ids=["bare", "in a tuple"]
    )
    def test_nested_programs(self, shape: object) -> None:
        y = Var(VECTOR)
        inner = Program((y,), (equation(fakes.sin, X),), (y,), "inner")
        new = equation(fakes.note, X, held=shape(inner))  # type: ignore[operator]
        with pytest.raises(InvalidProgramError, match="in program inner: operand 1") as caught:
            check(Program((X,), (new,), (), "outer"))
        assert caught.value.__notes__ == ["This program is the param held of equation 1 of outer."]


class TestMessage:
    def test_shows_the_equation_among_its_neighbours(self) -> None:
        names = "abcdefghi"
        equations = [equation(fakes.sin, X, name=name) for name in names]
        equations[4] = equation(fakes.sin, Var(VECTOR), name="e")
        lines = broken(*equations).splitlines()
        assert lines[0] == "in program f: operand 1, ?, is not bound before it is used"
        assert [line[6] for line in lines[1:]] == list("bcdefgh")
        assert [line[:4] for line in lines[1:]] == ["    "] * 3 + ["--> "] + ["    "] * 3

    def test_shows_the_line_that_it_is_from(self) -> None:
        source = Source(__file__, 1, "f", "z")
        new = equation(fakes.sin, Var(VECTOR), source=source)
        message = broken(new)
        assert "z: f64[3] = sin ?" in message
        assert "# test_checking.py:1" in message
        assert message.endswith(f"line 1:\n    {'from __future__ import annotations'}")

    def test_a_file_that_is_gone(self) -> None:
        new = equation(fakes.sin, Var(VECTOR), source=Source("/gone.py", 1))
        assert "from /gone.py" not in broken(new)


class TestSwitch:
    @pytest.fixture(autouse=True)
    def _restored(self) -> Iterator[None]:
        before = checking_enabled()
        yield
        set_checking(before)

    def test_on_and_off(self) -> None:
        bad = Program((X, X), (), ())
        set_checking(False)
        assert maybe_check(bad) is bad
        assert set_checking(True) is False
        assert checking_enabled()
        with pytest.raises(InvalidProgramError):
            maybe_check(bad)

    @pytest.mark.parametrize(("value", "enabled"), [("1", True), ("0", False), ("", False)])
    def test_environment(self, value: str, enabled: bool) -> None:
        code = "from autodiff.ir import checking_enabled; print(checking_enabled())"
        environment = {**os.environ, "AUTODIFF_CHECK": value}
        result = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert result.stdout.strip() == str(enabled)
