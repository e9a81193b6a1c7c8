"""`switch`: only the chosen branch counts, in every transform and in every row."""

import pickle

import numpy as np
import pytest

from autodiff.backend.compiled import Compiled
from autodiff.backend.emit import to_source
from autodiff.control.branches import divided
from autodiff.control.optimize import optimize
from autodiff.control.switch import in_range, switch
from autodiff.errors import InvalidProgramError
from autodiff.ir import check, prune
from autodiff.ir.editing import held_programs
from autodiff.ir.program import Program
from autodiff.tracing.build import evaluate
from autodiff.transforms.batch import batch
from autodiff.transforms.jvp import jvp
from autodiff.transforms.linearize import gradient, linearize
from autodiff.transforms.transpose import transpose
from autodiff.transforms.unzip import unzip
from tests.calculus import (
    cotangents,
    difference,
    evaluated,
    jacobian_by_columns,
    jacobian_by_rows,
    tangents,
)
from tests.programs import expected, program, read, shown, typed

I0, I1, I2 = np.int64(0), np.int64(1), np.int64(2)


def three() -> Program:
    """Of branches that use both operands, one, and none."""
    return read("""
f(i: i64[], x: f64[3], w: f64[3]) -> (f64[3], i64[]) {
  a: f64[3] = exp w
  y: f64[3], n: i64[] = switch[programs=(both(x: f64[3], w: f64[3]) -> (f64[3], i64[]) {
    a: f64[3] = mul x w
    b: f64[3] = sin a
    return b, 7:i64
  }, one(x: f64[3], w: f64[3]) -> (f64[3], i64[]) {
    a: f64[3] = log x
    b: i64[] = argmax[axis=0] x
    return a, b
  }, none(x: f64[3], w: f64[3]) -> (f64[3], i64[]) {
    a: f64[3] = broadcast[shape=(3,), axes=(0,)] 2.0:f64
    return a, 0:i64
  })] i x a
  z: f64[3] = mul y y
  return z, n
}""")


def values(i, x, w):
    """What `three` means."""
    a = np.exp(w)
    y, n = [
        lambda: (np.sin(x * a), 7),
        lambda: (np.log(x), int(np.argmax(x))),
        lambda: (np.full(3, 2.0), 0),
    ][i]()
    return y * y, n


def switches(program: Program) -> list:
    return [e for e in program.equations if e.primitive is switch]


def names(program: Program) -> list[str]:
    return [e.primitive.name for e in program.equations]


def everything(program: Program) -> set[str]:
    """The names of the primitives in a program and in those that it holds."""
    found = set(names(program))
    for e in program.equations:
        for _, held in held_programs(e):
            found |= everything(held)
    return found


@pytest.fixture
def xw(rng):
    return list(rng.uniform(0.5, 1.5, (2, 3)))


# ---- types and running


def test_the_types_are_those_of_every_branch():
    p, q = (e.params["programs"][0] for e in switches(three()) * 2)
    x = typed("f64[3]")
    with pytest.raises(TypeError, match=r"index of a switch is i64\[\], not i32\[\]"):
        switch.types(typed("i32[]"), x, x, programs=(p, q))
    with pytest.raises(TypeError, match=r"both takes .*f64\[3\].*not"):
        switch.types(typed("i64[]"), x, programs=(p, q))
    other = read("g(x: f64[3], w: f64[3]) -> f64[3] {\n  return x\n}")
    with pytest.raises(TypeError, match=r"both gives .* and g gives"):
        switch.types(typed("i64[]"), x, x, programs=(p, other))
    with pytest.raises(InvalidProgramError):
        read("f(i: f64[]) -> f64[] {\n y: f64[] = switch[programs=()] i\n return y\n}")


@pytest.mark.parametrize("i", range(3))
def test_it_runs_the_chosen_program(i, xw):
    f = three()
    for found in (evaluated(f, [np.int64(i), *xw]), Compiled(f)([np.int64(i), *xw])):
        z, n = values(i, *xw)
        np.testing.assert_allclose(found[0], z, rtol=1e-15)
        assert found[1] == n
        assert found[1].dtype == np.int64


@pytest.mark.parametrize("i", [-1, 3, 100])
def test_an_index_out_of_range_is_an_error(i, xw):
    message = f"index {i} is out of range, since there are 3 branches"
    with pytest.raises(IndexError, match=message):
        evaluated(three(), [np.int64(i), *xw])
    with pytest.raises(IndexError, match=message):
        Compiled(three())([np.int64(i), *xw])


def test_the_generated_source_runs_by_itself(xw):
    space: dict = {}
    exec(to_source(optimize(three())), space)
    for i in range(3):
        found = space["f"](np.int64(i), *xw)
        np.testing.assert_allclose(found[0], values(i, *xw)[0], rtol=1e-15)


def test_it_can_be_printed_parsed_and_pickled(xw):
    f = three()
    assert shown(read(str(f))) == shown(f)
    again = pickle.loads(pickle.dumps(f))
    np.testing.assert_array_equal(evaluated(again, [I0, *xw])[0], evaluated(f, [I0, *xw])[0])


def test_programs_in_branches_are_optimized():
    f = read("""
f(i: i64[], x: f64[3]) -> f64[3] {
  y: f64[3] = switch[programs=(p(x: f64[3]) -> f64[3] {
    a: f64[3] = neg x
    b: f64[3] = neg a
    return b
  },)] i x
  return y
}""")
    (e,) = switches(optimize(f))
    assert names(e.params["programs"][0]) == []


# ---- derivatives


@pytest.mark.parametrize("i", range(3))
def test_both_modes_give_the_derivative_of_the_chosen_branch(i, xw):
    f = three()
    args = [np.int64(i), *xw]
    forward = jacobian_by_columns(f, args)
    np.testing.assert_allclose(jacobian_by_rows(f, args), forward, rtol=1e-13, atol=1e-15)
    for column in range(6):
        dxs = np.zeros(6)
        dxs[column] = 1
        near = difference(lambda xs: [values(i, *xs)[0]], xw, list(dxs.reshape(2, 3)))
        np.testing.assert_allclose(forward[:, column], near[0], rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("i", range(3))
def test_all_ways_to_a_second_derivative_agree(i, xw, rng):
    f = three()
    v, u = rng.uniform(-1, 1, (2, 2, 3))
    ct = rng.uniform(-1, 1, 3)
    x, active = [np.int64(i), *xw], (False, True, True)
    fixed = [np.zeros(3)] * 2
    forward = evaluated(tangents(tangents(f, active)), [*x, *v, *u, *fixed])
    reverse = evaluated(tangents(cotangents(f, active)), [*x, ct, *v, np.zeros(3)])
    across = evaluated(cotangents(tangents(f, active)), [*x, *u, ct])[:2]
    np.testing.assert_allclose(np.dot(ct, forward[0]), np.dot(np.ravel(reverse), np.ravel(u)))
    want = sum(np.dot(a, b) for a, b in zip(across, v, strict=True))
    np.testing.assert_allclose(np.dot(ct, forward[0]), want, rtol=1e-12, atol=1e-14)


def test_an_output_moves_in_all_branches_if_it_does_in_one():
    forward, moving = jvp(three(), (False, True, False))
    assert moving == (True, False)
    (e,) = switches(forward)
    assert [len(p.outputs) for p in e.params["programs"]] == [3, 3, 3]
    none = e.params["programs"][2]
    assert shown(none) == expected("""
        jvp_none(a: f64[3], b: f64[3], c: f64[3]) -> (f64[3], i64[], f64[3]) {
          d: f64[3] = broadcast[shape=(3,), axes=(0,)] 2.0:f64
          e: f64[3] = broadcast[shape=(3,), axes=(0,)] 0.0:f64
          return d, 0:i64, e
        }""")


def test_equal_requests_give_the_same_programs():
    (e,) = switches(three())
    programs = e.params["programs"]
    for _ in range(2):
        first = switches(jvp(three_with(programs), (False, True, True))[0])[0]
        second = switches(jvp(three_with(programs), (False, True, True))[0])[0]
        assert first.params["programs"] == second.params["programs"]
    assert divided(programs, (True, False)) is divided(programs, (True, False))


def three_with(programs) -> Program:
    """Another program around the same branches."""
    return program(lambda *xs: switch(*xs, programs=programs), "i64[]", "f64[3]", "f64[3]")


# ---- masks


def masked_source(inner: str) -> str:
    return f"""
f(i: i64[], x: f64[3]) -> f64[3] {{
  a: f64[3] = {inner}
  y: f64[3] = switch[programs=(uses(x: f64[3]) -> f64[3] {{
    a: f64[3] = mul x x
    return a
  }}, not(x: f64[3]) -> f64[3] {{
    a: f64[3] = broadcast[shape=(3,), axes=(0,)] 1.0:f64
    return a
  }}, partly(x: f64[3]) -> f64[3] {{
    c: bool[3] = greater x 0.0:f64
    a: f64[3] = select c x 0.0:f64
    return a
  }})] i a
  return y
}}"""


@pytest.mark.parametrize(
    ("i", "gradient"), [(0, [np.nan, 1, 1]), (1, [0, 0, 0]), (2, [0, 0.5, 0.5])]
)
def test_an_infinite_derivative_before_a_branch_that_is_not_taken_does_not_count(i, gradient):
    f = read(masked_source("sqrt x"))
    x = np.array([0.0, 1.0, 1.0])
    # 2 sqrt(x) / (2 sqrt(x)) is 0 * inf at zero: that is what the branch which was taken says
    np.testing.assert_array_equal(
        evaluated(cotangents(f), [np.int64(i), x, np.ones(3)])[0], gradient
    )


def test_masks_of_results_pass_through(rng):
    f = read("""
f(c: bool[3], i: i64[], w: f64[3], x: f64[3]) -> f64[3] {
  v: f64[3] = mul w x
  y: f64[3] = switch[programs=(g(w: f64[3], x: f64[3]) -> f64[3] {
    a: f64[3] = mul w x
    return a
  }, h(w: f64[3], x: f64[3]) -> f64[3] {
    a: f64[3] = neg x
    return a
  })] i w v
  z: f64[3] = select c y 0.0:f64
  return z
}""")
    back = transpose(f, (False, False, False, True))
    c, w, ct = np.array([True, False, True]), np.array([2.0, np.inf, np.nan]), np.ones(3)
    np.testing.assert_array_equal(evaluated(back, [c, I0, w, ct])[0], [4, 0, np.nan])
    np.testing.assert_array_equal(evaluated(back, [c, I1, w, ct])[0], [-2, 0, np.nan])


# ---- transposition


def linear() -> Program:
    return read("""
f(i: i64[], w: f64[3], x: f64[3]) -> (f64[3], f64[3]) {
  y: f64[3], z: f64[3] = switch[programs=(g(w: f64[3], x: f64[3]) -> (f64[3], f64[3]) {
    a: f64[3] = mul w x
    b: f64[3] = neg x
    return a, b
  }, h(w: f64[3], x: f64[3]) -> (f64[3], f64[3]) {
    a: f64[3] = neg x
    return x, a
  })] i w x
  return y, z
}""")


def test_the_transpose_is_a_switch_of_transposes():
    back = transpose(linear(), (False, False, True))
    assert shown(prune(back)) == expected("""
        transpose_f(a: i64[], b: f64[3], c: f64[3], d: f64[3]) -> f64[3] {
          e: f64[3] = switch[programs=(transpose_g(a: f64[3], b: f64[3], c: f64[3]) -> f64[3] {
            d: f64[3] = neg c
            e: f64[3] = mul b a
            f: f64[3] = add d e
            return f
          }, transpose_h(a: f64[3], b: f64[3], c: f64[3]) -> f64[3] {
            d: f64[3] = neg c
            e: f64[3] = add b d
            return e
          })] a b c d
          return e
        }""")


def test_cotangents_that_are_absent_are_not_passed():
    f = linear()
    f = Program(f.inputs, f.equations, f.outputs[:1], f.name)
    (e,) = switches(transpose(f, (False, False, True)))
    assert len(e.inputs) == 3  # index, w and the cotangent of y; none for z


@pytest.mark.parametrize("i", range(2))
def test_twice_is_the_program_itself(i, rng):
    again = transpose(transpose(linear(), (False, False, True)), (False, False, True, True))
    w, x = rng.uniform(-1, 1, (2, 3))
    found, want = (evaluated(p, [np.int64(i), w, x]) for p in (again, linear()))
    np.testing.assert_allclose(found, want, rtol=1e-14)


# ---- rows


@pytest.mark.parametrize(
    "mapped", [(False, True, False), (False, False, True), (False, True, True)]
)
def test_with_one_index_for_all_rows_it_stays_one_switch(mapped, rng):
    together, grown = batch(three(), mapped, 4)
    assert grown == (True, mapped[1])  # argmax of a mapped x
    assert len(switches(together)) == 1
    args = [rng.uniform(0.5, 1.5, (4, 3) if m else 3) for m in mapped[1:]]
    for i in range(3):
        found = evaluated(together, [np.int64(i), *args])
        for row in range(4):
            own = [a[row] if m else a for a, m in zip(args, mapped[1:], strict=True)]
            z, n = values(i, *own)
            np.testing.assert_allclose(found[0][row], z, rtol=1e-14)
            assert (found[1][row] if grown[1] else found[1]) == n


@pytest.mark.parametrize("mapped", [(True, False, False), (True, True, False), (True, True, True)])
def test_a_mapped_index_is_a_loop_over_rows(mapped, rng):
    together, grown = batch(three(), mapped, 5)
    assert grown == (True, True)
    index = np.array([2, 0, 1, 1, 0])
    args = [rng.uniform(0.5, 1.5, (5, 3) if m else 3) for m in mapped[1:]]
    z, n = evaluated(together, [index, *args])
    for row, i in enumerate(index):
        own = [a[row] if m else a for a, m in zip(args, mapped[1:], strict=True)]
        np.testing.assert_allclose(z[row], values(i, *own)[0], rtol=1e-14)
        assert n[row] == values(i, *own)[1]


def test_a_mapped_index_has_all_derivatives(rng):
    together, _ = batch(three(), (True, True, False), 4, (True, True))
    index, x, w = np.array([1, 0, 2, 0]), rng.uniform(0.5, 1.5, (4, 3)), rng.uniform(0, 1, 3)
    args = [index, x, w]
    forward = jacobian_by_columns(together, args)
    np.testing.assert_allclose(jacobian_by_rows(together, args), forward, rtol=1e-13, atol=1e-15)
    want = np.zeros((4, 3, 4, 3))
    for row, i in enumerate(index):
        own = jacobian_by_columns(three(), [np.int64(i), x[row], w])
        want[row, :, row] = own[:, :3]
        np.testing.assert_allclose(forward[3 * row : 3 * row + 3, 12:], own[:, 3:], rtol=1e-13)
    np.testing.assert_allclose(forward[:, :12], want.reshape(12, 12), rtol=1e-13, atol=1e-15)


def picky() -> Program:
    """A branch that fails, or divides by zero, on what the other is for."""
    return read("""
f(i: i64[], k: i64[], x: f64[4]) -> f64[] {
  y: f64[] = switch[programs=(picks(k: i64[], x: f64[4]) -> f64[] {
    a: f64[1] = dynamic_slice[sizes=(1,)] x k
    b: f64[] = reshape[shape=()] a
    return b
  }, divides(k: i64[], x: f64[4]) -> f64[] {
    a: f64[4] = reciprocal x
    b: f64[4] = log a
    c: f64[] = reduce_sum[axes=(0,)] b
    return c
  })] i k x
  return y
}""")


def test_no_branch_sees_a_row_that_did_not_choose_it():
    together, _ = batch(picky(), (True, True, True), 3)
    index = np.array([1, 0, 1])
    k = np.array([99, 2, -50])  # of which only the second is in bounds
    x = np.array([[1.0, 2, 3, 4], [0, 0, 5, 0], [1, 1, 1, 2]])
    args = [index, k, x]
    with np.errstate(all="raise"):  # nor do zeros reach what divides
        (y,) = evaluate(together, args)
        np.testing.assert_allclose(y, [-np.log(24), 5, -np.log(2)])
        (ct,) = evaluate(cotangents(together), [*args, np.ones(3)])
    np.testing.assert_allclose(ct, [-1 / x[0], [0, 0, 1, 0], -1 / x[2]], rtol=1e-15)


def test_a_branch_that_no_row_chose_is_not_run():
    together, _ = batch(picky(), (True, True, True), 2)
    (y,) = evaluate(together, [np.array([1, 1]), np.array([99, 98]), np.ones((2, 4))])
    np.testing.assert_array_equal(y, [0, 0])
    back = cotangents(together)
    (ct,) = evaluate(back, [np.array([1, 1]), np.array([99, 98]), np.ones((2, 4)), np.ones(2)])
    np.testing.assert_array_equal(ct, -np.ones((2, 4)))


def test_rows_of_rows():
    once, _ = batch(picky(), (True, True, True), 3)
    twice, _ = batch(once, (True, False, True), 2)
    index = np.array([[1, 0, 1], [1, 0, 1]])
    k = np.array([99, 2, -50])
    x = np.arange(1.0, 25).reshape(2, 3, 4)
    (y,) = evaluate(twice, [index, k, x])
    want = [
        [x[a, b, k[b]] if index[a, b] == 0 else -np.sum(np.log(x[a, b])) for b in range(3)]
        for a in range(2)
    ]
    np.testing.assert_allclose(y, want)


@pytest.mark.parametrize("bad", [-1, 3])
def test_a_mapped_index_out_of_range_is_an_error(bad, rng):
    together, _ = batch(three(), (True, False, False), 4)
    args = [np.array([0, bad, 1, 2]), *rng.uniform(0.5, 1, (2, 3))]
    with pytest.raises(IndexError, match=f"index {bad} is out of range"):
        evaluated(together, args)
    with pytest.raises(IndexError, match=f"index {bad} is out of range"):
        Compiled(together)(args)


def test_no_rows():
    together, _ = batch(three(), (True, True, False), 0)
    z, n = evaluated(together, [np.zeros(0, int), np.zeros((0, 3)), np.ones(3)])
    assert z.shape == (0, 3)
    assert n.shape == (0,)
    assert n.dtype == np.int64


def test_indices_in_range_pass(rng):
    i = np.array([[0, 1], [2, 0]])
    np.testing.assert_array_equal(in_range(i, count=3), i)
    assert in_range(np.int64(1), count=2) == 1
    with pytest.raises(IndexError, match="index 2 is out of range, since there are 2 branches"):
        in_range(i, count=2)


# ---- unzip


def test_what_depends_on_the_index_waits_if_the_index_does():
    known, rest, unknown = unzip(three(), (True, False, True))
    assert unknown == (True, True)
    assert switches(known) == []
    assert len(switches(rest)) == 1


def test_residuals_of_branches_share_slots():
    f = read("""
f(i: i64[], x: f64[3], dx: f64[3]) -> (f64[3], f64[3]) {
  y: f64[3], dy: f64[3] = switch[programs=(g(x: f64[3], dx: f64[3]) -> (f64[3], f64[3]) {
    a: f64[3] = sin x
    b: f64[3] = exp a
    c: f64[3] = mul dx a
    d: f64[3] = mul c b
    return b, d
  }, h(x: f64[3], dx: f64[3]) -> (f64[3], f64[3]) {
    s: f64[] = reduce_sum[axes=(0,)] x
    a: f64[3] = broadcast[shape=(3,), axes=(0,)] s
    b: f64[3] = mul a x
    c: f64[3] = mul dx a
    return b, c
  }, k(x: f64[3], dx: f64[3]) -> (f64[3], f64[3]) {
    a: f64[3] = tanh x
    b: f64[3] = sin a
    c: f64[3] = mul dx a
    return b, c
  })] i x dx
  return y, dy
}""")
    known, rest, unknown = unzip(f, (False, False, True))
    assert unknown == (False, True)
    (first,), (second,) = switches(known), switches(rest)
    # y, which the first branch needs; one array for sin x or tanh x; s
    assert [str(v.type) for v in first.outputs] == ["f64[3]", "f64[3]", "f64[]"]
    assert len(second.inputs) == 5  # index, y, two slots, dx
    x, dx = np.array([0.1, 0.2, 0.3]), np.ones(3)
    for i in range(3):
        args = [np.int64(i), x]
        outs = evaluated(known, args)
        (dy,) = evaluated(rest, [*outs[1:], dx])
        np.testing.assert_allclose([outs[0], dy], evaluated(f, [*args, dx]), rtol=1e-15)
    fills = [p.outputs[-1] for p in first.params["programs"]]
    assert [str(a) for a in fills[::2]] == ["0.0", "0.0"]  # the slot of s where there is none
    assert everything(first.params["programs"][1]) == {"reduce_sum", "broadcast", "mul"}


def test_operands_cross_without_being_returned():
    f = read("""
f(i: i64[], w: f64[100], x: f64[100]) -> f64[100] {
  y: f64[100] = switch[programs=(g(w: f64[100], x: f64[100]) -> f64[100] {
    a: f64[100] = mul w x
    return a
  }, h(w: f64[100], x: f64[100]) -> f64[100] {
    a: f64[100] = neg x
    return a
  })] i w x
  return y
}""")
    known, rest, _ = unzip(f, (False, False, True))
    assert known.equations == ()
    assert set(known.outputs) == set(known.inputs)
    assert len(rest.inputs) == 3


@pytest.mark.parametrize("i", range(3))
def test_a_gradient_needs_only_the_branches_parts(i, xw):
    f = three()
    total = read("""
g(z: f64[3]) -> f64[] {
  s: f64[] = reduce_sum[axes=(0,)] z
  return s
}""")

    def loss(i, x, w):
        return evaluate(total, evaluate(f, [i, x, w])[:1])

    grad, depends = gradient(program(loss, "i64[]", "f64[3]", "f64[3]"), (False, True, True))
    assert depends
    _, dx, dw = evaluated(optimize(grad), [np.int64(i), *xw])
    near = [
        difference(lambda xs: [np.sum(values(i, *xs)[0])], xw, [unit, np.zeros(3)])[0]
        for unit in np.eye(3)
    ]
    np.testing.assert_allclose(dx, near, rtol=1e-8, atol=1e-9)
    near = [
        difference(lambda xs: [np.sum(values(i, *xs)[0])], xw, [np.zeros(3), unit])[0]
        for unit in np.eye(3)
    ]
    np.testing.assert_allclose(dw, near, rtol=1e-8, atol=1e-9)


# ---- narrow


def test_results_that_nobody_wants_are_not_computed():
    f = linear()
    small = prune(Program(f.inputs, f.equations, f.outputs[1:], f.name))
    assert shown(small) == expected("""
        f(a: i64[], b: f64[3], c: f64[3]) -> f64[3] {
          d: f64[3] = switch[programs=(g(a: f64[3]) -> f64[3] {
            b: f64[3] = neg a
            return b
          }, h(a: f64[3]) -> f64[3] {
            b: f64[3] = neg a
            return b
          })] a c
          return d
        }""")
    again = prune(Program(f.inputs, f.equations, f.outputs[1:], f.name))
    assert switches(small)[0].params["programs"] == switches(again)[0].params["programs"]
    assert prune(small) is small


def test_the_known_half_does_not_compute_what_only_the_other_half_needs():
    linear = linearize(three(), (False, True, True))
    assert "cos" not in everything(linear.known)
    assert "cos" in everything(linear.rest)
    check(linear.known)
    check(linear.rest)
