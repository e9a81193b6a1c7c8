from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiff.ir import (
    Equation,
    Program,
    Source,
    Var,
    check,
    dependents,
    held_programs,
    inline,
    last_uses,
    literal,
    map_equations,
    parse,
    prune,
    substitute,
)
from tests.ir import fakes
from tests.ir.fakes import VECTOR, Fake, equation

always = lambda e: True


def read(text: str) -> Program:
    return check(parse(text, Fake.named))  # type: ignore[arg-type]


def same_results(one: Program, other: Program) -> bool:
    rng = np.random.default_rng(0)
    values = [rng.normal(size=t.shape) for t in one.in_types]
    with np.errstate(all="ignore"):
        results, others = fakes.run(one, *values), fakes.run(other, *values)
    return all(map(lambda x, y: np.array_equal(x, y, equal_nan=True), results, others))


DEAD = """f(x: f64[3], y: f64[3]) -> f64[3] {
  a: f64[3] = sin x
  b: f64[3] = mul a y
  q: f64[3], r: f64[3] = both a
  c: f64[3] = sin b
  () = show a
  return r
}"""


class TestPrune:
    def test_drops_what_is_not_used(self) -> None:
        assert str(prune(read(DEAD))) == (
            "f(x: f64[3], y: f64[3]) -> f64[3] {\n"
            "  a: f64[3] = sin x\n"
            "  q: f64[3], r: f64[3] = both a\n"
            "  return r\n"
            "}"
        )

    def test_keeps_what_has_an_effect(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fakes.Fake.named["show"], "effect", True)
        program = prune(read(DEAD))
        assert [e.primitive.name for e in program.equations] == ["sin", "both", "show"]

    def test_nothing_to_do_gives_the_same_object(self) -> None:
        program = prune(read(DEAD))
        assert prune(program) is program

    @fakes.patient
    @given(fakes.programs())
    def test_results_stay(self, program: Program) -> None:
        pruned = prune(program)
        check(pruned)
        assert same_results(program, pruned)


class TestSubstitute:
    def test_replaces_uses(self) -> None:
        program = read(DEAD)
        x, y = program.inputs
        a = program.equations[0].outputs[0]
        new = check(substitute(program, {a: x, y: literal(2.0)}))
        assert [e.inputs for e in new.equations[1:3]] == [(x, literal(2.0)), (x,)]
        assert new.equations[0].outputs == (a,)
        assert new.equations[0] is program.equations[0]

    def test_replaces_results_and_literals(self) -> None:
        x = Var(VECTOR)
        program = Program((x,), (equation(fakes.mul, x, literal(1.0)),), (x, literal(1.0)))
        new = substitute(program, {literal(1.0): literal(2.0)})
        assert new.outputs == (x, literal(2.0))
        assert new.equations[0].inputs == (x, literal(2.0))

    def test_nothing_to_do_gives_the_same_object(self) -> None:
        program = read(DEAD)
        assert substitute(program, {}) is program


NESTED = """f(x: f64[3]) -> f64[3] {
  y: f64[3], s: f64[3] = call[program=g(u: f64[3], v: f64[3]) -> (f64[3], f64[3]) {  # f.py:1
    w: f64[3] = call[program=h(t: f64[3]) -> f64[3] {
      t_sin: f64[3] = sin t    # h.py:7
      return t_sin
    }] u
    m: f64[3] = mul w v        # g.py:5
    return m, v
  }] x x
  z: f64[3] = add y s
  return z
}"""


class TestInline:
    def test_everything(self) -> None:
        assert str(inline(read(NESTED), always)) == (
            "f(x: f64[3]) -> f64[3] {\n"
            "  t_sin: f64[3] = sin x    # h.py:7\n"
            "  m: f64[3] = mul t_sin x  # g.py:5\n"
            "  z: f64[3] = add m x\n"
            "  return z\n"
            "}"
        )

    def test_only_the_chosen(self) -> None:
        program = inline(read(NESTED), lambda e: e.params["program"].name == "g")
        assert [e.primitive.name for e in check(program).equations] == ["call", "mul", "add"]
        inner = inline(read(NESTED), lambda e: e.params["program"].name == "h")
        assert [e.primitive.name for e in inner.equations] == ["call", "add"]

    def test_a_program_inlined_twice_has_different_variables(self) -> None:
        x = Var(VECTOR)
        held = fakes.chain(3)
        one = equation(fakes.call, x, program=held)
        two = equation(fakes.call, one.outputs[0], program=held)
        program = check(inline(Program((x,), (one, two), two.outputs), always))
        assert len(program.equations) == 6

    def test_a_program_that_returns_its_input_or_a_literal(self) -> None:
        y, x = Var(VECTOR), Var(VECTOR)
        held = Program((y,), (), (y, literal(1.0)))
        new = equation(fakes.call, x, program=held)
        program = inline(Program((x,), (new,), new.outputs), always)
        assert (program.equations, program.outputs) == ((), (x, literal(1.0)))

    def test_asks_only_for_equations_that_hold_a_program_and_only_once(self) -> None:
        asked: list[str] = []
        inline(read(NESTED), lambda e: not asked.append(e.params["program"].name))  # type: ignore[func-returns-value]
        assert asked == ["g", "h"]

    def test_nothing_to_do_gives_the_same_object(self) -> None:
        program = read(NESTED)
        assert inline(program, lambda e: False) is program

    @fakes.patient
    @given(fakes.programs())
    def test_results_stay(self, program: Program) -> None:
        inlined = inline(program, always)
        check(inlined)
        assert not any("program" in e.params for e in inlined.equations)
        assert same_results(program, inlined)


class TestLastUses:
    def test_each_variable_dies_where_nothing_behind_needs_it(self) -> None:
        program = read(DEAD)
        x, y = program.inputs
        (a,), (b,), (q, _r), (c,), () = (e.outputs for e in program.equations)
        assert last_uses(program) == {0: (x,), 1: (y,), 2: (q,), 3: (b, c), 4: (a,)}

    def test_an_operand_used_twice_dies_once(self) -> None:
        x = Var(VECTOR)
        square = equation(fakes.mul, x, x)
        assert last_uses(Program((x,), (square,), square.outputs)) == {0: (x,)}
        assert last_uses(Program((x,), (square,), (x, *square.outputs))) == {}

    @fakes.patient
    @given(fakes.programs())
    def test_freeing_is_safe_and_complete(self, program: Program) -> None:
        dying = last_uses(program)
        alive = set(program.inputs)
        for index, e in enumerate(program.equations):
            assert alive.issuperset(a for a in e.inputs if isinstance(a, Var))
            alive |= set(e.outputs)
            alive -= set(dying.get(index, ()))
        outputs = {a for a in program.outputs if isinstance(a, Var)}
        used = {a for e in program.equations for a in e.inputs}
        assert alive == outputs | (set(program.inputs) - used)


class TestMapEquations:
    def test_replaces_equations(self) -> None:
        program = read(DEAD)
        swap = lambda e: Equation(fakes.add, e.inputs, {}, e.outputs, e.trail)  # type: ignore[arg-type]
        changed = map_equations(program, lambda e: swap(e) if e.primitive is fakes.mul else e)  # type: ignore[comparison-overlap]
        assert [e.primitive.name for e in changed.equations][:2] == ["sin", "add"]
        assert changed.equations[0] is program.equations[0]

    def test_nothing_to_do_gives_the_same_object(self) -> None:
        program = read(DEAD)
        assert map_equations(program, lambda e: e) is program


class TestDependents:
    def test_marked_inputs_and_what_is_made_of_them(self) -> None:
        program = read(DEAD)
        x, y = program.inputs
        (a,), (b,), (q, r), (c,), () = (e.outputs for e in program.equations)
        assert dependents(program, (False, True)) == {y, b, c}
        assert dependents(program, (True, False)) == {x, a, b, q, r, c}
        assert dependents(program, (False, False)) == set()

    def test_a_mark_for_each_input(self) -> None:
        with pytest.raises(ValueError, match="shorter"):
            dependents(read(DEAD), (True,))


def test_held_programs() -> None:
    x = Var(VECTOR)
    one, two = fakes.chain(1), fakes.chain(2)
    new = equation(fakes.note, x, body=one, branches=(one, (1, (two,))), k=3)
    assert list(held_programs(new)) == [("body", one), ("branches", one), ("branches", two)]


@fakes.patient
@given(fakes.programs(), st.data())
def test_no_edit_changes_its_program(program: Program, data: st.DataObject) -> None:
    text, mask = str(program), data.draw(st.lists(st.booleans(), min_size=3, max_size=3))
    prune(program)
    inline(program, always)
    last_uses(program)
    dependents(program, mask[: len(program.inputs)])
    substitute(program, {program.inputs[0]: literal(1.0)})
    assert str(program) == text


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("prune", prune),
        ("last_uses", last_uses),
        ("dependents", lambda p: dependents(p, (True,))),
        ("substitute", lambda p: substitute(p, {p.inputs[0]: literal(1.0)})),
        ("inline", lambda p: inline(p, always)),
    ],
)
def test_long_programs_are_edited_quickly(name: str, edit: Callable[[Program], Any]) -> None:
    long = fakes.chain(20_000)
    program = wrapped(long) if name == "inline" else long
    start = time.process_time()
    edit(program)
    assert time.process_time() - start < 0.5


def wrapped(program: Program) -> Program:
    x = Var(VECTOR)
    new = equation(fakes.call, x, program=program)
    return Program((x,), (new,), new.outputs, "outer", ("x",))


def test_sources_stay() -> None:
    source = Source("f.py", 1, "f", "z")
    x = Var(VECTOR)
    new = equation(fakes.sin, x, source=source)
    program = Program((x,), (new,), new.outputs)
    assert substitute(program, {x: literal(1.0)}).equations[0].source is source
