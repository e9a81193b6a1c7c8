"""Programs as Python source: what it looks like, and that it stands on its own."""

import ast
import gc
import linecache

import numpy as np
import pytest

import autodiff as ad
from autodiff.backend import emit as module
from autodiff.backend.emit import compile_program, to_source
from tests.calculus import evaluated
from tests.primitives.rows import arrays, program_of, rows, same_bits, typical
from tests.primitives.table import SPECS
from tests.programs import expected, read

LOSS = """
    loss(w: f64[3], x: f64[5,3], y: f64[5], b: f64[]) -> f64[] {
      a: f64[5] = contract[ij,j->i] x w
      c: f64[5] = broadcast[shape=(5,), axes=(0,)] b
      z: f64[5] = add a c
      p: f64[5] = tanh z
      r: f64[5] = sub p y
      s: f64[5] = square r
      t: f64[] = reduce_sum[axes=(0,)] s
      m: f64[] = mul t 0.2:f64
      return m
    }"""


def test_source():
    assert to_source(read(LOSS)).strip() == expected("""
        import numpy as np


        def loss(w, x, y, b):
            a = x.dot(w)
            c = b
            z = a + c
            del a, c
            p = np.tanh(z)
            del z
            r = p - y
            del p
            s = np.square(r)
            del r
            t = s.sum()
            del s
            m = t * 0.2
            return (m,)
        """)


def body(text: str) -> list[str]:
    """The lines of the generated function, without its head and its `del`s."""
    lines = [line.strip() for line in to_source(read(text)).splitlines()]
    start = next(i for i, line in enumerate(lines) if line.startswith("def "))
    return [line for line in lines[start + 1 :] if line and not line.startswith("del ")]


# ---- folding


def test_a_broadcast_is_left_to_numpy():
    assert body("""
        f(x: f64[2,3], y: f64[2]) -> f64[2,3] {
          a: f64[2,3] = broadcast[shape=(2, 3), axes=(1,)] y
          z: f64[2,3] = mul x a
          return z
        }""") == ["a = y[:, None]", "z = x * a", "return (z,)"]


def test_a_broadcast_whose_users_are_all_short_is_made():
    """Nothing else has the full shape, so leaving it out would change the shape of the result."""
    program = read("""
        f(y: f64[2], w: f64[3]) -> f64[2,3] {
          a: f64[2,3] = broadcast[shape=(2, 3), axes=(1,)] y
          b: f64[2,3] = broadcast[shape=(2, 3), axes=(0,)] w
          z: f64[2,3] = exp a
          return z
        }""")
    (z,) = compile_program(program, np)(np.ones(2), np.ones(3))
    assert z.shape == (2, 3)


@pytest.mark.parametrize(
    "use",
    [
        "z: f64[2,3] = add a b",  # two short operands
        "z: f64[2,3] = add a a",
        "z: f64[2,3] = mul a 2.0:f64",
        "c: f64[2,3] = add a x\n  z: f64[2,3] = permute[perm=(0, 1)] a",
        "z: f64[2,3] = select m a b",
        "z: f64[2,3] = select m a x",
        "c: f64[2,3] = add a x\n  z: f64[2,3] = add c b",
    ],
)
def test_folding_keeps_shapes_and_values(use, rng):
    program = read(f"""
f(x: f64[2,3], y: f64[2], w: f64[3], m: bool[2,3]) -> f64[2,3] {{
  a: f64[2,3] = broadcast[shape=(2, 3), axes=(1,)] y
  b: f64[2,3] = broadcast[shape=(2, 3), axes=(0,)] w
  {use}
  return z
}}""")
    args = [rng.random((2, 3)), rng.random(2), rng.random(3), rng.random((2, 3)) < 0.5]
    same_bits(compile_program(program, np)(*args), evaluated(program, args))


# ---- constants


def test_constants_beside_an_array_are_plain_numbers():
    assert body("""
        f(x: f32[2]) -> f32[2] {
          a: f32[2] = mul x 0.1:f32
          z: f32[2] = sub a -2.5:f32
          return z
        }""")[:2] == ["a = x * 0.10000000149011612", "z = a - (-2.5)"]


@pytest.mark.parametrize(
    "constant",
    ["inf:f64", "-inf:f64", "nan:f32", "-0.0:f64", "1.0-2.0j:c128", "7:u8", "True:bool", "-3:i16"],
)
def test_constants_are_exact(constant):
    program = read(f"f(x: f64[]) -> {dtype_of(constant)} {{ return {constant} }}")
    exact = evaluated(program, [np.float64(0)])
    same_bits(compile_program(program, np)(np.float64(0)), exact)
    same_bits(standalone(to_source(program))(np.float64(0)), exact)


def dtype_of(constant: str) -> str:
    return f"{constant.rpartition(':')[2]}[]"


# ---- memory


CHAIN = "\n".join(
    [
        "f(x0: f64[1000]) -> f64[1000] {",
        *[f"  x{i + 1}: f64[1000] = sin x{i}" for i in range(50)],
        "  return x50\n}",
    ]
)


def test_arrays_are_let_go_after_their_last_use():
    """At no time do more than two arrays of a long chain exist, beside the caller's own."""
    tree = ast.parse(to_source(read(CHAIN))).body[-1]
    assert isinstance(tree, ast.FunctionDef)
    alive: set[str] = set()
    most = 0
    for statement in tree.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                alive.add(node.id)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del):
                alive.discard(node.id)
        most = max(most, len(alive))
    assert most == 2


# ---- results that are written over dead arrays


@pytest.fixture
def eager(monkeypatch):
    """Write over dead arrays however small they are (but not over numbers)."""
    monkeypatch.setattr(module, "_WORTH_REUSING", 17)


def test_large_results_are_written_over_dead_operands(eager):
    assert body("""
        f(x: f64[3], y: f64[3]) -> f64[3] {
          a: f64[3] = mul x y
          b: f64[3] = sin a
          c: f64[3] = add b y
          return c
        }""") == ["a = x * y", "b = np.sin(a, out=a)", "c = np.add(b, y, out=b)", "return (c,)"]


# What must not be written over, though its variable is used for the last time.
KEPT = {
    "an argument": "a: f64[2,3] = sin x\n return a, a",
    "what a view is of": (
        "a: f64[2,3] = sin x\n b: f64[3,2] = permute[perm=(1, 0)] a\n"
        " c: f64[2,3] = exp a\n return b, c"
    ),
    "a view of an argument": (
        "a: f64[3,2] = permute[perm=(1, 0)] x\n b: f64[3,2] = exp a\n return b, x"
    ),
    "a view of a result": (
        "a: f64[2,3] = sin x\n b: f64[2,3] = flip[axes=(0,)] a\n c: f64[2,3] = exp b\n return c, a"
    ),
    "an operand that is read twice, in another order": (
        "a: f64[2,3] = sin x\n b: f64[2,3] = flip[axes=(0,)] a\n"
        " c: f64[2,3] = add a b\n return c, c"
    ),
    "a result of another shape": (
        "a: f64[3] = index[0] x\n b: f64[3] = sin a\n"
        " c: f64[2,3] = broadcast[shape=(2, 3), axes=(0,)] b\n d: f64[2,3] = mul c x\n return d, x"
    ),
    "a cut": "a: f64[2,3] = stop_gradient x\n b: f64[2,3] = exp a\n return b, x",
    "a result": "a: f64[2,3] = sin x\n b: f64[2,3] = exp a\n return a, b",
    "a part that is added to": (
        "a: f64[2,3] = sin x\n b: f64[3] = index[1] a\n"
        " c: f64[2,3] = index_add[spec='0'] a b\n return c, b"
    ),
    "an argument that is added to": (
        "a: f64[3] = index[1] x\n c: f64[2,3] = index_add[spec='0'] x a\n return c, a"
    ),
    "a number": (
        "i: f64[] = index[0,0] x\n a: f64[] = sin i\n b: f64[] = index_set[...] a i\n return b, i"
    ),
    "what a call returns": (
        "a: f64[2,3] = call[program=g(y: f64[2,3]) -> f64[2,3] {\n"
        " return y }, policy='recompute'] x\n b: f64[2,3] = exp a\n return b, x"
    ),
}


@pytest.mark.parametrize("case", KEPT)
def test_what_is_still_needed_is_not_written_over(case, eager, rng):
    text = KEPT[case]
    names = text.rpartition("return ")[2].split(", ")
    declared = dict(
        line.strip().split(" = ")[0].split(": ") for line in text.splitlines() if ": " in line
    )
    types = ", ".join([declared.get(n, "f64[2,3]") for n in names])
    program = read(f"f(x: f64[2,3]) -> ({types}) {{\n {text}\n}}")
    x = rng.uniform(-1, 1, (2, 3))
    kept = x.copy()
    same_bits(compile_program(program, np)(x), evaluated(program, [kept]))
    np.testing.assert_array_equal(x, kept)


def test_what_is_forgotten_leaves_no_text_behind():
    def generated() -> int:
        gc.collect()
        return sum(name.startswith("<autodiff") for name in linecache.cache)

    before = generated()
    functions = [compile_program(read(LOSS), np) for _ in range(3)]
    assert generated() == before + 3
    del functions
    assert generated() == before


# ---- tracebacks and names


def test_a_traceback_shows_the_generated_line():
    program = read("f(x: f64[3]) -> f64[3] { y: f64[3] = exp x\n return y }")
    function = compile_program(program, np)
    assert linecache.getline(function.__code__.co_filename, 2).strip() == "y = np.exp(x)"


def test_names_that_mean_something_else_are_avoided():
    def f(np_, _C0, _run0_sort):
        return np_ + _C0 * _run0_sort

    program = ad.trace(f)(1.0, 2.0, 3.0)
    assert evaluated(program, [1.0, 2.0, 3.0]) == list(compile_program(program, np)(1.0, 2.0, 3.0))


def test_a_held_program_becomes_a_function():
    program = read("""
        f(x: f64[3]) -> f64[3] {
          y: f64[3] = call[program=g(x: f64[3]) -> f64[3] {
            y: f64[3] = sin x
            return y
          }, policy='recompute'] x
          z: f64[3] = call[program=g(x: f64[3]) -> f64[3] {
            y: f64[3] = cos x
            return y
          }, policy='recompute'] y
          return z
        }""")
    x = np.linspace(0, 1, 3)
    same_bits(compile_program(program, np)(x), [np.cos(np.sin(x))])


# ---- on its own


def standalone(source: str, needs: tuple[str, ...] = ()):
    """The function that a source defines, which imports NumPy and what else it `needs`."""
    module = ast.parse(source)
    nodes = list(ast.walk(module))
    imported = {a.name for node in nodes if isinstance(node, ast.Import) for a in node.names}
    assert imported == {"numpy"}
    assert {node.module for node in nodes if isinstance(node, ast.ImportFrom)} == set(needs)
    space: dict[str, object] = {}
    exec(source, space)
    last = [node for node in module.body if isinstance(node, ast.FunctionDef)][-1]
    return space[last.name]


def test_ufuncs_of_numpy_have_a_text():
    named = {spec.primitive for spec in SPECS if isinstance(spec.primitive.ufunc, np.ufunc)}
    assert {p.name for p in named if p.python is None} == set()


@rows(typical)
def test_source_runs(spec):
    """With NumPy alone, where the primitive has a text."""
    program, args = program_of(spec), arrays(spec)
    textless = spec.primitive.python is None
    needs = ("functools", "autodiff.primitives.record") if textless else ()
    with np.errstate(all="ignore"):
        outs = standalone(to_source(program), needs)(*args)
    same_bits(outs, evaluated(program, args))
