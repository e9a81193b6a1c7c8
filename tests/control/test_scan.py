"""`scan` as an equation: golden programs, what is kept of each step, what nobody wants."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.control.scan import scan
from autodiff.ir import check, prune
from autodiff.ir.program import Program
from autodiff.transforms.linearize import linearize
from tests.calculus import evaluated
from tests.programs import read, shown


def looping(**changes: object) -> Program:
    params = {"length": 4, "reverse": False, "policy": None, "checkpointed": False, **changes}
    text = ", ".join(f"{k}={v!r}" for k, v in params.items() if k not in ("length",))
    return read(f"""
f(w: f64[3], h: f64[3], xs: f64[4,3]) -> (f64[3], f64[4,3]) {{
  a: f64[3], b: f64[4,3] = scan[program=step(w: f64[3], h: f64[3], x: f64[3]) -> (f64[3], f64[3]) {{
    s: f64[3] = sin w
    u: f64[3] = mul s h
    v: f64[3] = add u x
    t: f64[3] = tanh v
    return t, u
  }}, length={params["length"]}, constants=1, carry=1, {text}] w h xs
  return a, b
}}""")


@pytest.fixture
def arguments(rng):
    return [rng.normal(size=3), rng.normal(size=3), rng.normal(size=(4, 3))]


def loops(program: Program) -> list:
    return [e for e in program.equations if e.primitive is scan]


def test_means_what_it_says(arguments):
    w, h, xs = arguments
    expected = []
    for x in xs:
        expected.append(np.sin(w) * h)
        h = np.tanh(expected[-1] + x)
    a, b = evaluated(looping(), arguments)
    np.testing.assert_array_equal(a, h)
    np.testing.assert_array_equal(b, expected)


def test_reads_its_own_text():
    program = looping()
    assert str(ad.parse(str(program))) == str(program)


def test_only_what_varies_is_stacked(arguments):
    """The sine and cosine of w are the same in each step: they are computed and kept once."""
    cut = linearize(looping(), [True, True, False])
    known, rest = cut.known, cut.rest
    stacks = [a.type for a in known.outputs[2:] if len(a.type.shape) == 2]
    single = [a.type for a in known.outputs[2:] if len(a.type.shape) == 1]
    assert len(stacks) == 2  # the state before each step, for d sin w; the derivative of tanh
    assert len(single) == 2  # sin w and cos w
    (loop,) = loops(rest)
    assert "sin" not in [e.primitive.name for e in loop.params["program"].equations]


def test_an_output_that_is_needed_is_not_stacked_twice():
    def f(h, xs):
        return ad.scan(lambda h, x: ((t := np.tanh(h * x)), t), h, xs)[1]

    program = ad.trace(f)(np.ones(3), np.ones((4, 3)))
    cut = linearize(program, [True, True])
    (loop,) = loops(cut.known)
    kept = {a for a in cut.known.outputs if len(a.type.shape) == 2}
    assert loop.outputs[1] in kept
    assert len(loop.outputs) == 3  # the last state, the results, the states before: no more


def test_gradient_is_one_loop_there_and_one_back(arguments):
    def f(w, h, xs):
        return np.sum(ad.scan(lambda h, x: (np.tanh(w * h + x), None), h, xs)[0])

    program = ad.trace(ad.grad(f))(*arguments)
    assert [loop.params["reverse"] for loop in loops(program)] == [False, True]


def test_what_nobody_wants_is_not_computed():
    program = read("""
f(h: f64[], xs: f64[4], ys: f64[4]) -> f64[] {
  a: f64[], b: f64[], c: f64[4] = scan[program=
    step(p: f64[], q: f64[], x: f64[], y: f64[]) -> (f64[], f64[], f64[]) {
    s: f64[] = add p x
    t: f64[] = mul q y
    u: f64[] = sin t
    return s, t, u
  }, length=4, constants=0, carry=2, reverse=False, policy=None, checkpointed=False] h h xs ys
  return a
}""")
    (loop,) = loops(check(prune(program)))
    assert shown(loop.params["program"]) == (
        "step(a: f64[], b: f64[]) -> f64[] {\n  c: f64[] = add a b\n  return c\n}"
    )
    assert len(loop.inputs) == 2
    small = prune(program)
    assert prune(small) is small


def test_a_print_in_a_loop_is_not_forgotten(capsys):
    """What has an effect runs, although nobody asks for a result."""

    def f(x):
        ad.scan(lambda s, r: (ad.debug.print("{}", s) or s + r, None), x, np.ones(2))
        return x

    ad.jit(f)(1.0)
    assert capsys.readouterr().out.split() == ["1.0", "2.0"]


def test_wrong_equations_are_refused():
    program = looping()
    loop = loops(program)[0]
    with pytest.raises(TypeError, match="takes"):
        loop.primitive.types(*[v.type for v in loop.inputs[:2]], **loop.params)
    types = [*[v.type for v in loop.inputs[:2]], loop.inputs[2].type.with_shape((5, 3))]
    with pytest.raises(ValueError, match="4 steps"):
        loop.primitive.types(*types, **loop.params)


def test_what_has_an_effect_stays_in_its_step(capsys):
    """The sine and cosine of w are hoisted for the way back; the prints are not."""

    def f(w, xs):
        def step(h, x):
            ad.debug.print("{}", w)
            return np.tanh(np.sin(w * 1.0) * h + x), None

        return ad.scan(step, 0.1, xs)[0]

    ad.jit(ad.grad(f))(0.5, np.ones(3))
    assert capsys.readouterr().out.split() == ["0.5"] * 3
    ad.jit(ad.grad(f))(0.5, np.ones(0))
    assert not capsys.readouterr().out
