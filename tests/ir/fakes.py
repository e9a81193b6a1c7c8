"""Primitives for tests of the IR, which must not depend on the real ones, and random programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from autodiff.ir import ArrayType, Atom, Equation, Literal, Program, Source, Var, literal

# Machines that run tests are busy: how long an example takes says nothing.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

VECTOR = ArrayType((3,), "f8")
SCALAR = ArrayType((), "f8")


class Fake:
    """As much of a primitive as the IR sees."""

    named: dict[str, Fake] = {}  # noqa: RUF012
    effect = False
    narrow = None

    def __init__(self, name: str, types: Callable[..., Any], run: Callable[..., Any]) -> None:
        self.name, self.types, self.run = name, types, run
        Fake.named[name] = self

    def __reduce__(self) -> tuple[Any, ...]:
        return find, (self.name,)


def find(name: str) -> Fake:
    return Fake.named[name]


def same_types(*types: ArrayType, **params: Any) -> tuple[ArrayType, ...]:
    shaped = [t for t in types if t.shape] or types[:1]
    if not shaped or any(t is not shaped[0] for t in shaped):
        raise TypeError(f"operands of one shape and dtype expected, not {types}")
    return (shaped[0],)


def dot_types(x: ArrayType, y: ArrayType, *, spec: str) -> tuple[ArrayType, ...]:
    return (x.with_shape(x.shape[:-1] + y.shape[1:]),)


def call_types(*types: ArrayType, program: Program, **_: Any) -> tuple[ArrayType, ...]:
    if types != program.in_types:
        raise TypeError(f"the program takes {program.in_types}")
    return program.out_types


def run_call(*xs: Any, program: Program) -> tuple[Any, ...]:
    return run(program, *xs)


sin = Fake("sin", same_types, lambda x: (np.sin(x),))
add = Fake("add", same_types, lambda x, y: (x + y,))
mul = Fake("mul", same_types, lambda x, y: (x * y,))
scale = Fake("scale", same_types, lambda x, *, by, **_: (x * by,))
both = Fake("both", lambda x: (x, x), lambda x: (np.sin(x), np.cos(x)))
contract = Fake("contract", dot_types, lambda x, y, *, spec: (np.einsum(spec, x, y),))
iota = Fake("iota", lambda *, n: (ArrayType((n,), "f8"),), lambda *, n: (np.arange(n) * 1.0,))
show = Fake("show", lambda x, **params: (), lambda x, **params: ())
call = Fake("call", call_types, run_call)
cond = Fake("cond", lambda *ts, branches, **_: branches[0].out_types, lambda *xs, **_: xs)
note = Fake("note", lambda x, **params: (x,), lambda x, **params: (x,))


def equation(
    primitive: Fake, *inputs: Atom, source: Source | None = None, name: str = "", **params: Any
) -> Equation:
    """An equation with fresh outputs, of the types that the primitive says."""
    types = primitive.types(*[a.type for a in inputs], **params)
    if name and source is None:
        source = Source("", 0, "", name)
    return Equation(primitive, inputs, params, tuple(Var(t) for t in types), source)  # type: ignore[arg-type]


def run(program: Program, *values: Any) -> tuple[Any, ...]:
    """The reference interpreter."""
    env = dict(zip(program.inputs, values, strict=True))
    read = lambda a: a.value if isinstance(a, Literal) else env[a]
    for e in program.equations:
        results = e.primitive.run(*map(read, e.inputs), **e.params)
        env.update(zip(e.outputs, results, strict=True))
    return tuple(map(read, program.outputs))


def chain(length: int) -> Program:
    """`sin(sin(...) * x)`, `length` equations long."""
    x = Var(VECTOR)
    equations, last = [], x
    for i in range(length):
        e = equation(sin, last) if i % 2 else equation(mul, last, x)
        equations.append(e)
        last = e.outputs[0]
    return Program((x,), tuple(equations), (last,), "chain", ("x",))


_names = st.sampled_from(
    ["", "x", "y", "z_1", "z", "return", "inf", "q, r", "a", "_", "größe", "b"]
)
_files = st.sampled_from(["", "/home/me/loss.py", "<stdin>", "a b.py", "odd#name.py"])
_sources = st.none() | st.builds(
    Source, file=_files, line=st.integers(1, 999), function=st.just("f"), name=_names
)
_dtypes = st.sampled_from([np.dtype(c) for c in "?bhilBHILefdgFDG"])
_leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.complex_numbers(),
    st.text(max_size=8),
    _dtypes,
    st.builds(ArrayType, st.lists(st.integers(0, 9), max_size=3).map(tuple), _dtypes),
    st.just(...),
    st.floats(width=32).map(np.float32),
)
_params = st.dictionaries(
    st.sampled_from(["axes", "spec", "k", "dtype"]),
    st.recursive(_leaves, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=5),
    max_size=3,
)


@st.composite
def programs(draw: st.DrawFn, depth: int = 2) -> Program:
    """A random valid program on vectors of three, with everything that programs may have."""
    inputs = tuple(Var(VECTOR) for _ in range(draw(st.integers(1, 3))))
    atoms: list[Atom] = [*inputs, literal(draw(st.floats()))]
    equations = []
    pick = lambda: draw(st.sampled_from(atoms))
    vector = lambda: draw(st.sampled_from([a for a in atoms if a.type is VECTOR]))
    for kind in draw(st.lists(st.integers(0, 7 if depth else 5), max_size=2 + 2 * depth)):
        source = draw(_sources)
        if kind == 0:
            new = equation(both, vector(), source=source)
        elif kind == 1:
            new = equation(show, pick(), source=source, **draw(_params))
        elif kind in (2, 3):
            new = equation(mul, vector(), pick(), source=source)
        elif kind == 4:
            new = equation(note, vector(), source=source, **draw(_params))
        elif kind == 5:
            new = equation(iota, source=source, n=3)
        else:
            held = draw(programs(depth - 1))
            operands = [vector() for _ in held.inputs]
            new = equation(call, *operands, source=source, program=held)
        equations.append(new)
        atoms.extend(new.outputs)
    outputs = tuple(draw(st.lists(st.sampled_from(atoms), max_size=3)))
    name = draw(st.sampled_from(["f", "<lambda>", "f.<locals>.g", "2 odd", ""]))
    names = draw(st.lists(_names, max_size=len(inputs)))
    return Program(inputs, tuple(equations), outputs, name, tuple(names))
