from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from autodiff.errors import InvalidProgramError
from autodiff.ir import ArrayType, Program, Source, Var, check, literal, parse
from tests.ir import fakes
from tests.ir.fakes import Fake, equation

BY_HAND = """
# comments may stand anywhere
norm(x: f64[3], w : f64[ 3 ])->f64[3] {
  y: f64[3] = mul x w      # loss.py:12
  # a comment of its own
  z: f64[3] = note[
      axes=(0, -1,), k=2.5,
      deep=((), (None, True)),
  ] y  # no source
  q: f64[3], r: f64[3] = both z   # /deep in/a:b#c.py:7
  () = show[spec=3] r
  return q
}
"""


def read(text: str) -> Program:
    return parse(text, Fake.named)  # type: ignore[arg-type]


class TestReading:
    def test_program(self) -> None:
        program = check(read(BY_HAND))
        assert program.name == "norm"
        assert program.input_names == ("x", "w")
        assert program.in_types == (ArrayType((3,), "f8"),) * 2
        mul, note, both, show = program.equations
        assert mul.primitive is fakes.mul
        assert mul.inputs == program.inputs
        assert note.inputs == mul.outputs
        assert note.params == {"axes": (0, -1), "k": 2.5, "deep": ((), (None, True))}
        assert program.outputs == both.outputs[:1]
        assert (show.inputs, show.outputs) == (both.outputs[1:], ())

    def test_sources(self) -> None:
        mul, note, both, _ = read(BY_HAND).equations
        assert mul.source == Source("loss.py", 12, "", "y")
        assert note.source == Source("", 0, "", "z")
        assert both.source == Source("/deep in/a:b#c.py", 7, "", "q, r")

    def test_operands_end_with_the_line(self) -> None:
        program = read("f(x: f64[3]) -> f64[3] {\na: f64[3] = sin x\nreturn a }")
        assert program.equations[0].inputs == program.inputs

    def test_a_bare_spec(self) -> None:
        text = "f(x: f64[3]) -> f64[3] {\n a: f64[3] = note[ ...,i->i ] x\n return a }"
        assert read(text).equations[0].params == {"spec": "...,i->i"}

    def test_nested_programs_have_names_of_their_own(self) -> None:
        text = (
            "f(x: f64[3]) -> f64[3] {\n"
            "  a: f64[3] = call[program=g(x: f64[3]) -> f64[3] {\n"
            "    a: f64[3] = sin x\n    return a\n  }] x\n"
            "  return a\n}"
        )
        program = check(read(text))
        held = program.equations[0].params["program"]
        assert isinstance(held, Program)
        assert held.inputs[0] is not program.inputs[0]
        assert str(program) == text

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("1", 1),
            ("-1.5e-3", -1.5e-3),
            ("-inf", -float("inf")),
            ("1.0-2.0j", 1 - 2j),
            ("2j", 2j),
            ("2.0:f32", np.float32(2)),
            ("2j:c64", np.complex64(2j)),
            ("True:bool", np.True_),
            ("7:u8", np.uint8(7)),
            ("f32", np.dtype("f4")),
            ("bool", np.dtype("?")),
            ("f32[2,3]", ArrayType((2, 3), "f4")),
            (":", slice(None)),
            ("1:", slice(1, None)),
            (":-1", slice(-1)),
            ("::2", slice(None, None, 2)),
            ("0:6:3", slice(0, 6, 3)),
            ("(:, ..., None)", (slice(None), ..., None)),
            (r"'it\'s\n'", "it's\n"),
            ('"a]b # c"', "a]b # c"),
        ],
    )
    def test_values(self, text: str, value: Any) -> None:
        program = read(f"f() -> () {{\n () = show[k={text}] 1.0:f64\n return }}")
        found = program.equations[0].params["k"]
        assert type(found) is type(value)
        assert found == value


class TestRoundTrip:
    @fakes.patient
    @given(fakes.programs())
    def test_random_programs(self, program: Program) -> None:
        text = str(program)
        back = read(text)
        assert str(back) == text
        check(back)

    @fakes.patient
    @given(fakes.programs())
    def test_structure(self, program: Program) -> None:
        back = read(str(program))
        assert back.in_types == program.in_types
        assert back.out_types == program.out_types
        numbers, new_numbers = ({v: i for i, v in enumerate(variables(p))} for p in (program, back))
        for old, new in zip(program.equations, back.equations, strict=True):
            assert new.primitive is old.primitive
            old_line, new_line = (str(s) if s and s.file else "" for s in (old.source, new.source))
            assert new_line == old_line
            assert [numbers.get(a, a) for a in old.inputs] == [  # type: ignore[arg-type]
                new_numbers.get(a, a)  # type: ignore[arg-type]
                for a in new.inputs
            ]

    def test_many_equations_are_read_quickly(self) -> None:
        text = str(fakes.chain(10_000))
        start = time.process_time()
        program = read(text)
        assert time.process_time() - start < 1
        assert str(program) == text


def variables(program: Program) -> list[Var]:
    return [*program.inputs, *(v for e in program.equations for v in e.outputs)]


def body(line: str) -> str:
    return f"f(x: f64[3], y: f64[3]) -> f64[3] {{\n  z: f64[3] = {line}\n  return z\n}}"


class TestErrors:
    @pytest.mark.parametrize(
        ("text", "where", "problem"),
        [
            ("", "line 1, column 1", "expected the name of a program"),
            ("f(x: f64[3]) -> f64[3] { return x", "line 1, column 34", "the end of the text"),
            ("f() -> () { return }\n}", "line 2, column 1", "nothing after the program"),
            ("f(x f64[3]) -> () { return }", "line 1, column 5", "expected ':', found 'f64'"),
            ("f(x: f7[3]) -> () { return }", "line 1, column 6", "'f7' is not a dtype"),
            ("f(x: float) -> () { return }", "line 1, column 6", "expected a type such as f64"),
            ("f(x: f64[3]) -> f64[] {\n return x }", "line 1, column 17", r"returns \(f64\[3\]\)"),
            ("f(x: f64[], x: f64[]) -> () { return }", "line 1, column 13", "x is bound already"),
            (body("sinn x"), "line 2, column 15", "no primitive 'sinn'; did you mean 'sin'?"),
            (body("sin zz"), "line 2, column 19", "zz is not bound here"),
            (body("sin z"), "line 2, column 19", "z is not bound here"),
            (body("mul x 2.0"), "line 2, column 21", "a literal needs its dtype"),
            (body("mul x 2.5:i32"), "line 2, column 21", "2.5 is not a value of dtype i32"),
            (body("mul x 300:i8"), "line 2, column 21", "300 is not a value of dtype i8"),
            (body("mul x 1:bool"), "line 2, column 21", "1 is not a value of dtype bool"),
            (body("note[k=1, k=2] x"), "line 2, column 25", "param k is given twice"),
            (body("note[k=<len>] x"), "line 2, column 22", "a Python object"),
            (body("note[k=huh] x"), "line 2, column 22", "'huh' is not a dtype"),
            (body("note[k=(1 2)] x"), "line 2, column 25", "expected ',', found '2'"),
            (body("note[k=] x"), "line 2, column 22", "expected a value, found"),
            (body("note[k=1:2:3:4] x"), "line 2, column 29", "three parts"),
            (body("note[ij->i x"), "line 2, column 19", "no '\\]'"),
            (body("note[k='a\\x'] x"), "line 2, column 22", "truncated"),
            (body("note[k='a] x"), "line 2, column 22", "expected a value"),
            (body("sin x\n  z: f64[3] = sin x"), "line 3, column 3", "z is bound already"),
            (body("sin x, y"), "line 2, column 20", "the name of a variable or 'return'"),
        ],
    )
    def test_message(self, text: str, where: str, problem: str) -> None:
        with pytest.raises(InvalidProgramError, match=problem) as caught:
            read(text)
        message = str(caught.value)
        assert message.startswith(where + ":"), message
        line, column = (int(word.strip(",")) for word in where.split()[1::2])
        shown, arrow = message.split("\n")[1:]
        assert shown == f"    {(text.splitlines() or [''])[line - 1]}"
        assert arrow == f"{' ' * (column + 3)}^"

    def test_a_misspelt_variable(self) -> None:
        text = "f(weights: f64[3]) -> f64[3] {\n  return wieghts\n}"
        with pytest.raises(InvalidProgramError, match="did you mean 'weights'"):
            read(text)

    def test_functions_among_params_cannot_be_read(self) -> None:
        new = equation(fakes.note, literal(1.0), rule=len)
        with pytest.raises(InvalidProgramError, match="Python object"):
            read(str(Program((), (new,), ())))
