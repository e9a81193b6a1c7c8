"""What programs take, foretold and measured."""

import gc
import tracemalloc

import numpy as np
import pytest

import autodiff as ad
from autodiff.backend.compiled import Compiled
from autodiff.control.optimize import optimize
from autodiff.transforms.footprint import effort, footprint, peak_bytes
from autodiff.transforms.linearize import gradient
from tests.programs import read

N = 50_000
ARRAY = 8 * N
SLACK = 100_000  # Python's objects, and the buffers of NumPy's loops, beside arrays


def measured(program, args):
    """The most that a call takes: interpreted, and as generated code."""
    compiled, peaks = Compiled(program), []
    for _ in range(3):
        gc.collect()
        tracemalloc.start()
        try:
            compiled(args)
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    return max(peaks[0], peaks[2])  # in the second call the code is generated


CHAIN = f"""
    f(x: f64[{N}]) -> f64[{N}] {{
      a: f64[{N}] = sin x
      b: f64[{N}] = cos a
      c: f64[{N}] = exp b
      return c
    }}"""
KEPT = f"""
    f(x: f64[{N}]) -> (f64[{N}], f64[{N}]) {{
      a: f64[{N}] = sin x
      b: f64[{N}] = cos a
      c: f64[{N}] = exp b
      d: f64[{N}] = mul c b
      return d, a
    }}"""
VIEWS = f"""
    f(x: f64[{N}]) -> f64[{N}] {{
      a: f64[{N}] = sin x
      v: f64[{N}] = flip[axes=(0,)] a
      b: f64[{N}] = cos v
      c: f64[{N}] = mul b v
      return c
    }}"""
SAME = f"f(x: f64[{N}]) -> (f64[{N}], f64[{N}]) {{ a: f64[{N}] = sin x\n return a, a }}"
PART = f"f(x: f64[{N}]) -> f64[{N}] {{ v: f64[{N}] = flip[axes=(0,)] x\n return v }}"
CALL = f"""
    f(x: f64[{N}]) -> f64[{N}] {{
      a: f64[{N}] = sin x
      b: f64[{N}], c: f64[{N}] = call[program=g(x: f64[{N}]) -> (f64[{N}], f64[{N}]) {{
        p: f64[{N}] = cos x
        q: f64[{N}] = exp p
        r: f64[{N}] = mul p q
        return x, r
      }}, policy='recompute'] a
      d: f64[{N}] = mul b c
      return d
    }}"""


@pytest.mark.parametrize(
    ("text", "arrays"),
    [
        (CHAIN, 2),
        (KEPT, 4),
        (VIEWS, 3),  # a is alive as long as v
        (SAME, 2),  # one is copied
        (PART, 1),  # of the argument: copied
        (CALL, 4),  # a, p, q and r; b is a
    ],
)
def test_arrays_that_are_alive_at_one_time(text, arrays):
    program = read(text)
    assert arrays * ARRAY <= peak_bytes(program) < arrays * ARRAY + 2000
    assert measured(program, [np.ones(N)]) <= peak_bytes(program) + SLACK


def test_results_that_are_parts_of_arguments():
    program = read(CALL)
    held = program.equations[1].params["program"]
    assert footprint(held).roots == (held.inputs[0], held.outputs[1])


def attention(x, w):
    q = np.reshape(x @ w, (40, 25, 4, 10))
    s = np.einsum("bthd,bshd->bhts", q, q)
    e = np.exp(s - np.max(s, axis=-1, keepdims=True))
    y = np.einsum("bhts,bshd->bthd", e / np.sum(e, axis=-1, keepdims=True), q)
    return np.mean((np.reshape(y, (1000, 40)) @ w) ** 2)


def layers(x, w):
    for _ in range(6):
        x = np.tanh(x @ w + w[0]) + x
    return np.mean(x**2)


def branches(x, w):
    y = np.where(x > 0, np.log(np.abs(x) + 1), np.logaddexp(x, 1.0))
    z = np.concatenate([y, np.sort(x, axis=0)])
    return np.sum(np.cumsum(z, axis=0) ** 3) + np.var(x) + np.sqrt(np.sum(y * y))


def powers(x, w):
    return np.sum(x**5 * np.maximum(x, 0.1) ** 1.5 + np.clip(x, 0, 1) / (1 + x * x))


@pytest.mark.parametrize("fun", [attention, layers, branches, powers])
@pytest.mark.parametrize("wrap", [lambda f: f, ad.checkpoint], ids=["plain", "checkpoint"])
def test_no_run_takes_more_than_foretold(fun, wrap, rng):
    args = [rng.normal(size=(1000, 40)), rng.normal(size=(40, 40)) / 6]
    program = ad.trace(wrap(fun))(*args)
    grad = optimize(gradient(program, (True, True))[0])
    foretold, taken = peak_bytes(grad), measured(grad, args)
    assert taken <= foretold + SLACK
    assert foretold <= 1.6 * taken  # and it is not foretold that everything takes everything


def test_effort_is_work():
    n, many = 64 * N, 10.0
    cheap, costly = (
        read(f"f(x: f64[{n}]) -> f64[{n}] {{ y: f64[{n}] = {name} x\n return y }}")
        for name in ("neg", "exp")
    )
    view = read(PART)
    assert effort(cheap.equations) == n
    assert effort(costly.equations) > 2 * n
    assert effort(view.equations) == 0
    product = read("""
        f(x: f64[100,200], y: f64[200,300]) -> f64[100,300] {
          z: f64[100,300] = contract[ij,jk->ik] x y
          return z
        }""")
    assert effort(product.equations) > many * 100 * 300
    loop = ad.trace(lambda x: ad.scan(lambda c, _: (np.sin(c), None), x, None, length=9)[0])
    once = ad.trace(np.sin)(np.ones(N))
    assert effort(loop(np.ones(N)).equations) == 9 * effort(once.equations)
