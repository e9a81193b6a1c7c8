from __future__ import annotations

import re
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiff.ir import (
    ArrayType,
    Equation,
    Program,
    Source,
    Var,
    literal,
    parse,
    scalar_text,
    to_lines,
    to_text,
    variable_names,
)
from tests.ir import fakes
from tests.ir.fakes import VECTOR, equation


def loss_program() -> Program:
    X, w = Var(ArrayType((5, 3), "f8")), Var(VECTOR)
    file = "/home/me/loss.py"
    z = equation(fakes.contract, X, w, spec="ij,j->i", source=Source(file, 12, "loss", "z"))
    p = equation(fakes.sin, z.outputs[0], source=Source(file, 13, "loss", "p"))
    m = equation(fakes.mul, p.outputs[0], literal(0.5), source=Source(file, 13, "loss"))
    k = equation(fakes.iota, n=5)
    return Program((w, X), (z, p, m, k), m.outputs, "loss", ("w", "X"))


def nested_program() -> Program:
    x, y, b = Var(VECTOR), Var(VECTOR), Var(VECTOR)
    inner = equation(fakes.sin, b, source=Source("f.py", 3))
    body = Program((b,), (inner,), inner.outputs, "body", ("b",))
    q = equation(fakes.both, x, source=Source("f.py", 7, "f", "q, r"))
    c = equation(fakes.call, q.outputs[1], program=body, source=Source("f.py", 8, "f", "c"))
    d = equation(fakes.cond, y, branches=(body, body), n=2, source=Source("f.py", 9))
    s = equation(fakes.show, y)
    return Program((x, y), (q, c, d, s), (*d.outputs, literal(1)), "f", ("x", "y"))


NESTED = """\
f(x: f64[3], y: f64[3]) -> (f64[3], i64[]) {
  q: f64[3], r: f64[3] = both x                           # f.py:7
  c: f64[3] = call[program=body(b: f64[3]) -> f64[3] {    # f.py:8
    a: f64[3] = sin b                                     # f.py:3
    return a
  }] r
  a: f64[3] = cond[branches=(body(b: f64[3]) -> f64[3] {  # f.py:9
    a: f64[3] = sin b                                     # f.py:3
    return a
  }, body(b: f64[3]) -> f64[3] {
    a: f64[3] = sin b                                     # f.py:3
    return a
  }), n=2] y
  () = show y
  return a, 1:i64
}"""


class TestGolden:
    def test_program(self) -> None:
        assert str(loss_program()) == (
            "loss(w: f64[3], X: f64[5,3]) -> f64[5] {\n"
            "  z: f64[5] = contract[ij,j->i] X w  # loss.py:12\n"
            "  p: f64[5] = sin z                  # loss.py:13\n"
            "  a: f64[5] = mul p 0.5:f64          # loss.py:13\n"
            "  b: f64[5] = iota[n=5]\n"
            "  return a\n"
            "}"
        )

    def test_without_sources(self) -> None:
        text = to_text(loss_program(), sources=False)
        assert "#" not in text
        assert "  p: f64[5] = sin z\n" in text

    def test_nested_programs(self) -> None:
        assert str(nested_program()) == NESTED

    def test_no_outputs(self) -> None:
        assert str(Program((), (), ())) == "program() -> () {\n  return\n}"

    def test_lines_leave_nested_programs_out(self) -> None:
        lines = to_lines(nested_program())
        assert len(lines) == 6
        assert lines[3].startswith("  a: f64[3] = cond[branches=(body(...), body(...)), n=2] y")


class TestNames:
    def named(self, *names: str) -> list[str]:
        x = Var(VECTOR)
        equations = [
            equation(fakes.sin, x, source=Source("", line, "", name))
            for line, name in enumerate(names)
        ]
        program = Program((x,), tuple(equations), (), "f", ("x",))
        return list(variable_names(program).values())[1:]

    def test_repeated_names_are_numbered(self) -> None:
        assert self.named("z", "z", "x", "z") == ["z", "z_1", "x_1", "z_2"]

    def test_of_the_equations_of_a_statement_the_last_has_the_name(self) -> None:
        x = Var(VECTOR)
        sources = [Source("", line, "", "z") for line in (3, 3, 3, 4)]
        equations = [equation(fakes.sin, x, source=source) for source in sources]
        program = Program((x,), tuple(equations), (), "f", ("x",))
        assert list(variable_names(program).values())[1:] == ["a", "b", "z", "z_1"]

    def test_a_number_takes_no_name_of_the_users(self) -> None:
        assert self.named("z", "z", "z_1", "z_1") == ["z", "z_2", "z_1", "z_1_1"]

    def test_letters_take_no_name_of_the_users(self) -> None:
        assert self.named("", "", "a", "c", "") == ["b", "d", "a", "c", "e"]

    def test_letters_go_on(self) -> None:
        names = self.named(*[""] * 60)
        assert len(set(names)) == 60
        assert names[22:28] == ["w", "y", "z", "aa", "ab", "ac"]
        assert "as" not in self.named(*[""] * 1000)

    def test_words_with_a_meaning(self) -> None:
        assert self.named("inf", "nan", "lambda", "_") == ["inf_1", "nan_1", "lambda_1", "a"]

    def test_inputs_named_by_path(self) -> None:
        inputs = tuple(Var(VECTOR) for _ in range(5))
        program = Program(inputs, (), (), "f", ("p['w']", "p['b']", "x[0]", "0"))
        assert list(variable_names(program).values()) == ["p_w", "p_b", "x_0", "_0", "a"]

    def test_names_for_several_outputs(self) -> None:
        def named(name: str) -> list[str]:
            new = equation(fakes.both, literal(1.0), name=name)
            return list(variable_names(Program((), (new,), ())).values())

        assert named("q, r") == ["q", "r"]
        assert named("q, _") == ["q", "a"]
        assert named("q, r, s") == ["a", "b"]
        assert named("z") == ["z", "z_1"]
        assert self.named("q, r") == ["a"]

    def test_a_lambda(self) -> None:
        assert str(Program((), (), (), "<lambda>")).startswith("<lambda>() ->")
        assert str(Program((), (), (), "my model!")).startswith("my_model_() ->")

    def test_variables_that_are_not_bound(self) -> None:
        new = equation(fakes.add, Var(VECTOR), Var(VECTOR))
        assert "a: f64[3] = add ? ?" in str(Program((), (new,), ()))

    def test_operands_that_are_none(self) -> None:
        odd = (literal(1), np.ones(3), 2.0)
        new = Equation(fakes.sin, odd, {}, (Var(VECTOR),))  # type: ignore[arg-type]
        text = str(Program((), (new,), (1.0,)))  # type: ignore[arg-type]
        assert "a: f64[3] = sin 1:i64 <ndarray> <float>" in text
        assert "return <float>" in text


class TestScalars:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (2.0, "2.0:f64"),
            (np.float32(2), "2.0:f32"),
            (np.float32(0.1), "0.1:f32"),
            (np.float32(1e-45), "1e-45:f32"),
            (np.finfo("f4").max, "3.4028235e+38:f32"),
            (np.float16(65504), "6.55e+04:f16"),
            (-0.0, "-0.0:f64"),
            (float("inf"), "inf:f64"),
            (-np.float32("inf"), "-inf:f32"),
            (float("nan"), "nan:f64"),
            (3, "3:i64"),
            (np.uint8(255), "255:u8"),
            (True, "True:bool"),
            (1 - 2j, "1.0-2.0j:c128"),
            (complex(-0.0, float("nan")), "-0.0+nanj:c128"),
            (np.complex64(complex(0.1, -float("inf"))), "0.1-infj:c64"),
        ],
    )
    def test_text(self, value: complex, text: str) -> None:
        assert scalar_text(literal(value).value) == text

    @pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "g", "F", "D", "G"])
    @fakes.patient
    @given(data=st.binary(min_size=32, max_size=32))
    def test_exact(self, dtype: str, data: bytes) -> None:
        scalar = np.frombuffer(data, dtype)[:1]
        if np.dtype(dtype).char in "gG":  # not all bit patterns are extended precision numbers
            scalar = np.frombuffer(data, "i8")[:2].astype(dtype).prod(keepdims=True) / 7
        with np.errstate(all="ignore"):
            made = literal(scalar[0], dtype)
        program = parse(str(Program((), (), (made,))), {})
        np.testing.assert_array_equal(program.outputs[0].value, made.value)  # type: ignore[union-attr]
        back = program.outputs[0].value  # type: ignore[union-attr]
        parts = lambda x: np.signbit([x.real, x.imag]) & ~np.isnan([x.real, x.imag])
        assert (parts(back) == parts(made.value)).all()


class TestParams:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ((0,), "(0,)"),
            ((), "()"),
            ((1, ("a", None)), "(1, ('a', None))"),
            (np.dtype("f4"), "f32"),
            (ArrayType((2, 3), "?"), "bool[2,3]"),
            (1.0, "1.0"),
            (float("-inf"), "-inf"),
            (1j, "0.0+1.0j"),
            (np.float32(0.1), "0.1:f32"),
            (True, "True"),
            (slice(1, None), "1:"),
            (slice(None, -1, 2), ":-1:2"),
            (..., "..."),
            ("it's\n", '"it\'s\\n"'),
            (len, "<len>"),
            (object(), "<object>"),
        ],
        ids=lambda x: x if isinstance(x, str) else type(x).__name__,
    )
    def test_value(self, value: object, text: str) -> None:
        new = equation(fakes.note, literal(1.0), p=value)
        assert to_lines(Program((), (new,), ()))[1] == f"  a: f64[] = note[p={text}] 1.0:f64"

    def test_a_spec_is_bare_only_where_it_can_be(self) -> None:
        def params(**params: object) -> str:
            new = equation(fakes.note, literal(1.0), **params)
            return to_lines(Program((), (new,), ()))[1].split("note")[1]

        assert params(spec="ij,j->i") == "[ij,j->i] 1.0:f64"
        assert params(spec="a]b") == "[spec='a]b'] 1.0:f64"
        assert params(spec="x=1") == "[spec='x=1'] 1.0:f64"
        assert params(spec="") == "[spec=''] 1.0:f64"
        assert params(spec=3) == "[spec=3] 1.0:f64"
        assert params(spec="i->i", k=2) == "[spec='i->i', k=2] 1.0:f64"


class TestColour:
    def test_only_if_asked(self) -> None:
        assert "\033" not in str(loss_program())

    def test_without_its_colours_the_text_is_the_same(self) -> None:
        for program in (loss_program(), nested_program()):
            coloured = to_text(program, color=True)
            assert re.sub(r"\033\[[\d;]*m", "", coloured) == str(program)

    def test_what_is_coloured(self) -> None:
        coloured = to_text(loss_program(), color=True)
        for part in ("1;34mcontract", "36mf64[5,3]", "2m# loss.py:12", "35m  return"):
            assert f"\033[{part}\033[0m" in coloured


@pytest.mark.parametrize("name", ["", "z"])
def test_time_is_linear(name: str) -> None:
    program = fakes.chain(10_000)
    source = Source("f.py", 3, "f", name)
    for equation_ in program.equations:
        equation_.trail = source
    start = time.process_time()
    text = str(program)
    assert time.process_time() - start < 0.5
    assert text.count("\n") == 10_002
