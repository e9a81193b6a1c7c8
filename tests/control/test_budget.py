"""Derivatives within so many bytes: what is measured, that nothing changes, what is refused."""

import gc
import re
import time
import tracemalloc

import numpy as np
import pytest

import autodiff as ad
from autodiff.control.budget import budgeted, within_budget
from autodiff.control.call import call
from autodiff.control.sizes import parse_size
from autodiff.errors import MemoryBudgetError
from autodiff.ir import check, set_checking
from autodiff.transforms.batch import batch
from autodiff.transforms.transpose import transpose
from autodiff.transforms.unzip import unzip
from tests.calculus import cotangents, evaluated, jacobian_by_columns, jacobian_by_rows, tangents
from tests.programs import read, shown

MB = 10**6


@pytest.fixture(autouse=True)
def unchecked():
    """Checks of programs take time and memory that nobody has who does not test."""
    before = set_checking(False)
    yield
    set_checking(before)


def peak(f, *args) -> int:
    """What a call takes beyond what there was before, as tracemalloc measures it."""
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        f(*args)
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def least_of(f, *args) -> int:
    """The budget that the error recommends."""
    with pytest.raises(MemoryBudgetError) as error:
        ad.grad(ad.checkpoint(f, budget="1kB"))(*args)
    return parse_size(re.search(r"budget='(.*?)'", str(error.value))[1])


# ---- the network with 64 layers

LAYERS, WIDTH, BATCH = 64, 128, 512


def network(params, x):
    h = x
    for w, b in params:
        h = np.tanh(h @ w + b)
    return np.mean(h**2)


@pytest.fixture(scope="module")
def params():
    rng = np.random.default_rng(0)
    scale = WIDTH**-0.5
    return [(scale * rng.normal(size=(WIDTH, WIDTH)), np.zeros(WIDTH)) for _ in range(LAYERS)]


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(1).normal(size=(BATCH, WIDTH))


@pytest.fixture(scope="module")
def everything(params, x):
    """What the gradient is, and what it takes, without a checkpoint."""
    gradient = ad.grad(network)
    expected = gradient(params, x)
    return expected, max(peak(gradient, params, x) for _ in range(3))


@pytest.fixture(scope="module")
def least(params, x):
    """The least budget that is possible."""
    return least_of(network, params, x)


@pytest.mark.parametrize(
    ("part", "cold"), [(0.0, False), (0.15, False), (0.4, True), (0.7, False), (0.9, True)]
)
def test_a_network_of_64_layers_stays_within_its_budget(params, x, everything, least, part, cold):
    """From the least that is possible on: in a cold first call, too, which finds the plan."""
    expected, most = everything
    budget = round(least + part * (most - least))
    assert budget < most
    gradient = ad.grad(ad.checkpoint(network, budget=budget))
    if not cold:
        gradient(params, x)
    peaks = [peak(gradient, params, x) for _ in range(2 if cold else 1)]
    assert max(peaks) <= budget
    assert peaks[-1] > 0.75 * budget  # and it uses what it may
    for (w, b), (w0, b0) in zip(gradient(params, x), expected, strict=True):
        np.testing.assert_array_equal(w, w0)
        np.testing.assert_array_equal(b, b0)


def test_the_least_possible_is_a_fraction_of_everything(params, everything, least):
    gradients = sum(w.nbytes + b.nbytes for w, b in params)
    kept = everything[1] - gradients
    assert least - gradients < 0.2 * kept


def test_less_memory_is_more_work_but_never_much(params, x, everything, least):
    most = everything[1]
    program = ad.trace(network)(params, x)
    active = (True,) * (2 * LAYERS) + (False,)
    products = []
    for budget in (least, (3 * least + most) // 4, (least + most) // 2, 2 * most):
        planned = check(within_budget(program, active, budget))

        def f(params, x, planned=planned):
            return ad.run(planned, *[a for layer in params for a in layer], x)[0]

        products.append(count(ad.trace(ad.grad(f))(params, x), "contract"))
    assert products[-1] == 3 * LAYERS - 1  # forward, and back to weights and hidden values
    assert products == sorted(products, reverse=True)
    assert products[2] < 3 * LAYERS + LAYERS  # less than each layer once more
    assert products[0] < 3 * LAYERS + 3 * LAYERS


def count(program, name) -> int:
    """How often a primitive runs, within calls as well."""
    return sum(
        count(e.params["program"], name) if "program" in e.params else e.primitive.name == name
        for e in program.equations
    )


# ---- other functions


def sines(x):
    for _ in range(100):
        x = np.sin(x)
    return np.sum(x)


def attention(params, x):
    for q, k, v, u, w in params:
        scores = np.einsum("btd,bsd->bts", x @ q, x @ k)
        e = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
        x = x + np.einsum("bts,bsd->btd", e / np.sum(e, axis=-1, keepdims=True), x @ v)
        x = x + np.maximum(x @ u, 0) @ w
    return np.mean(x**2)


def skips(x):
    """What is made first is used last."""
    kept = []
    for _ in range(20):
        x = np.sin(x)
        kept.append(x)
    for y in reversed(kept):
        x = np.tanh(x * y)
    return np.sum(x)


def cheap(x):
    for _ in range(25):
        x = x + 0.1 * (x * 2 + 1) * (x * 3 - 1) / (1 + x * x)
    return np.sum(x)


def loops(x):
    for _ in range(8):
        x = ad.scan(lambda c, _: (np.sin(c), None), x, None, length=5)[0]
    return np.sum(x)


def blocks(count: int, width: int = 64):
    rng = np.random.default_rng(0)
    sizes = ((width, width),) * 3 + ((width, 2 * width), (2 * width, width))
    return [tuple(rng.normal(size=s) / 8 for s in sizes) for _ in range(count)]


LINE = np.linspace(0.1, 1, 50_000)
CASES = {
    "sines": (sines, (LINE,), 0.2),
    "attention": (attention, (blocks(6), np.ones((8, 60, 64))), 0.7),
    "skips": (skips, (LINE,), 0.95),
    "cheap": (cheap, (LINE,), 0.3),
    "loops": (loops, (LINE,), 0.6),
}


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.slow if n in ("attention", "cheap") else ()) for n in CASES],
)
def test_whatever_the_structure_it_stays_within_the_budget(name):
    f, args, enough = CASES[name]
    expected = ad.grad(f)(*args)
    most = max(peak(ad.grad(f), *args) for _ in range(3))
    least = least_of(f, *args)
    assert least < enough * most
    for part in (0.0, 0.5):
        budget = round(least + part * (most - least))
        gradient = ad.grad(ad.checkpoint(f, budget=budget))
        ad.tree.map(np.testing.assert_allclose, gradient(*args), expected)
        assert peak(gradient, *args) <= budget


def test_a_function_within_a_larger_one():
    def loss(f, x):
        return np.sum(f(np.cos(x)) ** 2)

    def deep(x):
        for _ in range(40):
            x = np.sin(x)
        return x

    f = ad.checkpoint(deep, budget="8MB")
    np.testing.assert_allclose(
        ad.grad(lambda x: loss(f, x))(LINE), ad.grad(lambda x: loss(deep, x))(LINE), rtol=1e-12
    )
    kept = ad.saved_residuals(lambda x: loss(f, x))(LINE)
    assert kept.bytes < 8 * MB < ad.saved_residuals(lambda x: loss(deep, x))(LINE).bytes


@pytest.mark.parametrize("budget", ["8MB", 8 * MB, "7.63MiB", 8e6])
def test_a_budget_is_a_number_or_a_text(budget):
    gradient = ad.grad(ad.checkpoint(sines, budget=budget))
    gradient(LINE)
    assert peak(gradient, LINE) <= 8 * MB


def test_with_jit_and_values_and_second_derivatives():
    f, x = ad.checkpoint(sines, budget="8MB"), LINE
    expected = ad.grad(sines)(x)
    fast = ad.jit(ad.value_and_grad(f))
    for _ in range(3):
        value, found = fast(x)
        np.testing.assert_array_equal(found, expected)
        assert value == sines(x)
    assert peak(fast, x) <= 8 * MB
    few = LINE[:10]
    np.testing.assert_allclose(ad.hvp(f)(few, (few,)), ad.hvp(sines)(few, (few,)), rtol=1e-10)
    rows = ad.vmap(ad.grad(f))(np.stack([few, 2 * few]))
    np.testing.assert_allclose(rows[1], ad.grad(sines)(2 * few))
    together = ad.grad(lambda x: np.sum(ad.vmap(f)(x)))(np.stack([few, 2 * few]))
    np.testing.assert_allclose(together, rows)


def test_the_plan_is_found_once():
    gradient = ad.grad(ad.checkpoint(sines, budget="7MB"))
    start = time.perf_counter()
    gradient(LINE)
    first = time.perf_counter() - start
    again = []
    for _ in range(5):
        start = time.perf_counter()
        gradient(LINE)
        again.append(time.perf_counter() - start)
    assert min(again) < first


# ---- what is refused


def test_a_budget_that_is_too_small_says_what_is_possible():
    with pytest.raises(MemoryBudgetError) as error:
        ad.grad(ad.checkpoint(sines, budget="2MB"))(LINE)
    text = str(error.value)
    assert "sines cannot be computed within 2.00 MB" in text
    assert "test_budget.py" in text
    match = re.search(
        r"least possible is (.*?MB).*Write instead: `ad.checkpoint\(sines, budget='(.*?)'\)`",
        text,
        re.S,
    )
    assert match[1] == match[2]
    assert isinstance(error.value, ValueError)
    ad.grad(ad.checkpoint(sines, budget=match[2]))(LINE)


def test_what_cannot_be_divided_is_refused_or_left_alone():
    double = lambda x: np.sum(2 * x)
    with pytest.raises(MemoryBudgetError, match="least possible is"):
        ad.grad(ad.checkpoint(double, budget=10))(LINE)
    np.testing.assert_array_equal(ad.grad(ad.checkpoint(double, budget="1GB"))(LINE), 2)
    same = ad.checkpoint(lambda x: x, budget="1GB")
    np.testing.assert_array_equal(ad.grad(lambda x: np.sum(same(x)))(LINE), 1)


def test_sizes_that_are_none():
    with pytest.raises(ValueError, match=r"checkpoint: budget='much' is not a number with a unit"):
        ad.checkpoint(sines, budget="much")
    with pytest.raises(TypeError, match="checkpoint: budget="):
        ad.checkpoint(sines, budget=[1])
    with pytest.raises(ValueError, match="a policy or a budget, not both"):
        ad.checkpoint(sines, budget=8, policy=ad.policies.everything)


# ---- the primitive


def holding(budget: int = 10**6):
    return read(f"""
f(x: f64[3], w: f64[3]) -> f64[3] {{
  a: f64[3] = exp w
  y: f64[3], z: f64[3] = budgeted[program=layer(x: f64[3], w: f64[3]) -> (f64[3], f64[3]) {{
    a: f64[3] = mul x w
    b: f64[3] = sin a
    c: f64[3] = cos w
    return b, c
  }}, budget={budget}] x a
  u: f64[3] = mul y z
  return u
}}""")


LINEAR = """
f(w: f64[3], x: f64[3]) -> f64[3] {
  y: f64[3] = budgeted[program=g(w: f64[3], x: f64[3]) -> f64[3] {
    a: f64[3] = mul w x
    b: f64[3] = neg a
    return b
  }, budget=1000] w x
  return y
}"""


def plain():
    return read(
        str(holding()).replace("budgeted[", "call[").replace("budget=1000000", "policy=None")
    )


def test_text_types_and_running(rng):
    f = holding()
    assert shown(read(str(f))) == shown(f)
    check(f)
    xs = list(rng.uniform(0.1, 1, (2, 3)))
    np.testing.assert_array_equal(evaluated(f, xs)[0], evaluated(plain(), xs)[0])
    with pytest.raises(TypeError, match="layer takes"):
        budgeted.types(program=f.equations[1].params["program"], budget=1)


def test_derivatives_are_those_of_the_held_program(rng):
    f, flat = holding(), plain()
    xs = list(rng.uniform(0.1, 1, (2, 3)))
    np.testing.assert_allclose(jacobian_by_columns(f, xs), jacobian_by_columns(flat, xs))
    np.testing.assert_allclose(jacobian_by_rows(f, xs), jacobian_by_columns(flat, xs))
    extra = list(rng.uniform(-1, 1, (6, 3)))
    twice, reference = tangents(cotangents(f)), tangents(cotangents(flat))
    args = [*xs, *extra][: len(twice.inputs)]
    for a, b in zip(evaluated(twice, args), evaluated(reference, args), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_a_batch_has_the_same_budget(rng):
    f = holding()
    together, _ = batch(f, (True, False), 4, (True,))
    (equation,) = [e for e in together.equations if e.primitive is budgeted]
    assert equation.params["budget"] == 10**6
    xs, w = rng.uniform(0.1, 1, (4, 3)), rng.uniform(0.1, 1, 3)
    rows = np.stack([evaluated(f, [x, w])[0] for x in xs])
    np.testing.assert_allclose(evaluated(together, [xs, w])[0], rows)


def test_a_linear_program_is_transposed_and_cut_like_a_checkpoint(rng):
    f = read(LINEAR)
    w, ct = rng.normal(size=(2, 3))
    back = transpose(f, (False, True))
    np.testing.assert_allclose(evaluated(back, [w, ct])[0], -w * ct)
    known, rest, _ = unzip(f, (False, True))
    (equation,) = rest.equations
    assert equation.primitive is call
    assert not known.equations or known.equations[0].primitive is call
