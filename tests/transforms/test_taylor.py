"""Taylor mode: against derivatives of derivatives for every primitive, and against closed forms."""

import math
from functools import lru_cache

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from autodiff.ir.program import Program
from autodiff.primitives import (
    determinants,
    exponential,
    powers,
    rounding,
    sinc,
    structure,
    trigonometric,
)
from autodiff.primitives.algebra import add, mul, neg
from autodiff.primitives.arithmetic import div, reciprocal, select, square
from autodiff.primitives.comparison import greater
from autodiff.primitives.contraction import contract
from autodiff.primitives.record import Primitive
from autodiff.transforms.simplify import simplify
from autodiff.transforms.taylor import taylor
from tests.calculus import evaluated, inexact, tangents
from tests.primitives.rows import (
    arrays,
    close,
    directions,
    has_derivative,
    program_of,
    rows,
    tolerance,
    typical,
)
from tests.programs import expected, program, read, shown

ORDER = 3
ONE = np.float64(1)


def coefficients(p, order, xs, terms):
    """The coefficients of each output, by Taylor mode; `terms` has a list for each input."""
    given = tuple([tuple([c is not None for c in ts]) for ts in terms])
    new, found = taylor(p, order, given, inexact(p.out_types))
    outs = evaluated(simplify(new), [*xs, *[c for ts in terms for c in ts if c is not None]])
    later = iter(outs[len(p.outputs) :])
    return [[y, *[next(later) for m in mask if m]] for y, mask in zip(outs, found, strict=False)]


def along_line(f, x, order):
    """The coefficients of a function of one number, where that moves at speed one."""
    p = program(f, "f64[]")
    return np.array(coefficients(p, order, [np.float64(x)], [[ONE]])[0])


def line(p, order):
    """The program of the coefficients where all inputs move along straight lines."""
    return simplify(taylor(p, order, ((True,),) * len(p.inputs))[0])


# ---- every primitive


@lru_cache
def nested(p: Program, order: int) -> Program:
    """The derivative of that order along a curve, one jvp around the other."""
    return p if order == 0 else tangents(nested(p, order - 1))


def nested_arguments(xs, curve, order):
    """What `nested` takes: behind the arguments, for each that moves, its derivative by t."""
    moving = [i for i, m in enumerate(inexact(xs)) if m]
    derivatives = {i: [xs[i], *ds] for i, ds in zip(moving, curve, strict=True)}
    places = [(i, 0) for i in range(len(xs))]
    for _ in range(order):
        places += [(i, k + 1) for i, k in places if i in derivatives]
    return [derivatives[i][k] if i in derivatives else xs[i] for i, k in places]


@rows(has_derivative, typical)
def test_equals_nested_derivatives(spec):
    """Along a curve whose derivatives of all orders are random."""
    p, xs = program_of(spec), arrays(spec)
    by_order = [directions(xs, seed) for seed in range(1, ORDER + 1)]
    curve = list(zip(*by_order, strict=True))
    remaining = iter(curve)
    terms = [scaled(next(remaining)) if m else [] for m in inexact(xs)]
    found = coefficients(p, ORDER, xs, terms)
    active = [ys for ys, m in zip(found, inexact(p.out_types), strict=True) if m]
    for k in range(1, ORDER + 1):
        actual = [ys[k] * math.factorial(k) for ys in active]
        args = nested_arguments(xs, curve, k)
        close(actual, evaluated(nested(p, k), args), tolerance(spec, 1e-10, 1e-3))


def scaled(derivatives):
    """Coefficients from derivatives."""
    return [(d / math.factorial(k)).astype(d.dtype) for k, d in enumerate(derivatives, 1)]


# Their derivatives are new functions for each order: x**p has p x**(p-1), if p is not a constant.
CUBIC = {
    powers.power, sinc.sinc, sinc.sinc_derivative, determinants.determinant, determinants.cofactors
}  # fmt: skip


def derivatives_are_of_one_family(spec):
    """Those of NumPy's ufuncs and of linear maps; a Bessel function has a new one each time."""
    return spec.primitive.ufunc is not None or spec.primitive.kind in ("linear", "bilinear")


@rows(has_derivative, typical, derivatives_are_of_one_family)
def test_work_grows_with_the_square_of_the_order(spec):
    p = program_of(spec)
    short, long = (
        len(taylor(p, k, tuple([(m,) * k for m in inexact(p.in_types)]))[0].equations)
        for k in (6, 12)
    )
    assert long < (8 if spec.primitive in CUBIC else 4.5) * short


# ---- closed forms


def binomial(p, k):
    return math.prod([(p - i) / (i + 1) for i in range(k)])


CLOSED = {  # a function, and its derivative of order k at x
    "exp": (exponential.exp, lambda x, k: math.exp(x)),
    "exp(-x)": (lambda x: exponential.exp(neg(x)), lambda x, k: (-1) ** k * math.exp(-x)),
    "sin": (trigonometric.sin, lambda x, k: math.sin(x + k * math.pi / 2)),
    "cos": (trigonometric.cos, lambda x, k: math.cos(x + k * math.pi / 2)),
    "exp2": (exponential.exp2, lambda x, k: 2**x * math.log(2) ** k),
    "1/(1+x)": (
        lambda x: reciprocal(add(x, ONE)),
        lambda x, k: math.factorial(k) * (-1) ** k * (1 + x) ** -(k + 1),
    ),
}


@pytest.mark.parametrize(("f", "formula"), CLOSED.values(), ids=CLOSED)
def test_closed_forms_to_order_ten(f, formula):
    expected = [formula(0.7, k) / math.factorial(k) for k in range(11)]
    assert_allclose(along_line(f, 0.7, 10), expected, rtol=1e-13)


@pytest.mark.parametrize("n", [-20, -2, -1, 0, 1, 2, 7, 20])
def test_integer_powers(n):
    found = along_line(lambda x: powers.integer_power(x, n=n), 0.7, 10)
    expected = [binomial(n, k) * 0.7 ** (n - k) for k in range(11)]
    assert_allclose(found, expected, rtol=1e-12)


MPMATH = {
    "tanh": trigonometric.tanh,
    "tan": trigonometric.tan,
    "asin": trigonometric.arcsin,
    "acos": trigonometric.arccos,
    "atan": trigonometric.arctan,
    "asinh": trigonometric.arcsinh,
    "atanh": trigonometric.arctanh,
    "cosh": trigonometric.cosh,
    "log": exponential.log,
    "sqrt": powers.sqrt,
    "cbrt": powers.cbrt,
    "sincpi": sinc.sinc,
    "expm1": exponential.expm1,
}


@pytest.mark.parametrize("name", MPMATH)
def test_high_orders_against_mpmath(name):
    mpmath = pytest.importorskip("mpmath")
    with mpmath.workdps(60):
        expected = [float(c) for c in mpmath.taylor(getattr(mpmath, name), 0.4, 12)]
    assert_allclose(along_line(MPMATH[name], 0.4, 12), expected, rtol=1e-12)


@pytest.mark.parametrize("p", [0.5, 2.5, -1.5, -2.0, 3.0, 12.25])
def test_powers(p):
    found = along_line(lambda x: powers.power(x, np.float64(p)), 0.7, 10)
    expected = [binomial(p, k) * 0.7 ** (p - k) for k in range(11)]
    assert_allclose(found, expected, rtol=1e-12)


def test_functions_of_functions():
    """exp(log(x)) is x, and sin² + cos² is 1."""
    inverse = along_line(lambda x: exponential.exp(exponential.log(x)), 0.7, 8)
    assert_allclose(inverse, [0.7, 1, *[0] * 7], atol=1e-12)
    one = along_line(
        lambda x: add(square(trigonometric.sin(x)), square(trigonometric.cos(x))), 0.7, 8
    )
    assert_allclose(one, [1, *[0] * 8], atol=1e-15)


# ---- at the edges


@pytest.mark.parametrize(
    "cube",
    [
        lambda x: powers.integer_power(x, n=3),
        lambda x: powers.power(x, np.float64(3)),
        lambda x: powers.power(x, add(mul(x, np.float64(0)), np.float64(3))),
        lambda x: mul(square(x), x),
    ],
    ids=["integer_power", "power", "computed", "products"],
)
def test_a_power_at_zero(cube):
    assert_array_equal(along_line(cube, 0.0, 5)[:4], [0, 0, 0, 1])


def test_a_root_at_zero_is_infinite_where_its_derivative_is():
    assert_array_equal(along_line(powers.sqrt, 0.0, 1), [0, np.inf])
    found = along_line(lambda x: powers.power(x, np.float64(2.5)), 0.0, 3)
    assert_array_equal(found, [0, 0, 0, np.inf])


def test_a_pole_is_infinite():
    found = along_line(lambda x: powers.integer_power(x, n=-2), 0.0, 3)
    assert_array_equal(found, [np.inf, -np.inf, np.inf, -np.inf])


@pytest.mark.parametrize("x", [-0.5, 0.0])
def test_nan_of_a_branch_that_is_not_taken_stays_there(x):
    def guarded(x):
        risky = mul(exponential.log(x), powers.sqrt(x))
        return square(select(greater(x, np.float64(0)), risky, add(x, ONE)))

    assert_allclose(along_line(guarded, x, 6), [(1 + x) ** 2, 2 * (1 + x), 1, 0, 0, 0, 0])


def test_what_has_no_derivative_is_constant():
    def f(x):
        return mul(rounding.floor(x), x)

    p = program(f, "f64[]")
    new, found = taylor(p, 3, ((True, True, True),))
    assert found == ((True, True, True),)
    assert_allclose(evaluated(new, [np.float64(2.5), 1.0, 2.0, 3.0]), [5, 2, 4, 6])
    assert taylor(program(rounding.floor, "f64[]"), 3, ((True,),))[1] == ((False,) * 3,)


# ---- known zeros


def test_coefficients_that_are_zero_are_not_computed():
    p = program(lambda x, a: mul(square(x), a), "f64[3]", "f64[3]")
    new, found = taylor(p, 5, ((True,), ()))
    assert found == ((True, True, False, False, False),)
    assert len(new.equations) == 7  # x², 2 x x1, x1², and each times a
    wanted = taylor(p, 5, ((True,), ()), (True,))[1]
    assert wanted == ((True,) * 5,)


def test_nothing_moves():
    p = program(lambda x: trigonometric.sin(x), "f64[3]")
    new, found = taylor(p, 4, ((),))
    assert found == ((False,) * 4,)
    assert shown(new) == shown(taylor(p, 0, ((),))[0])


def test_series_that_need_one_another_are_computed_once():
    def both(x):
        return [trigonometric.sin(x), trigonometric.cos(x)]

    one, two = (line(program(f, "f64[]"), 6) for f in (trigonometric.sin, both))
    assert len(two.equations) <= len(one.equations) + 3
    assert [e.primitive.name for e in two.equations].count("sin") == 1


# ---- programs


def test_program_of_an_exponential():
    assert shown(line(program(exponential.exp, "f64[2]"), 3)) == expected("""
        taylor_f(a: f64[2], b: f64[2]) -> (f64[2], f64[2], f64[2], f64[2]) {
          c: f64[2] = exp a
          d: f64[2] = mul b c
          e: f64[2] = mul b d
          f: f64[2] = div e 2.0:f64
          g: f64[2] = mul b f
          h: f64[2] = div g 3.0:f64
          return c, d, f, h
        }
    """)


def test_program_of_a_product():
    f = read("""
        f(a: f64[2,3], b: f64[3]) -> f64[2] {
          c: f64[2] = contract[ij,j->i] a b
          return c
        }
    """)
    new = simplify(taylor(f, 2, ((True,), (True, True)))[0])
    equations = "\n".join([line.strip() for line in shown(new).splitlines()[1:-2]])
    assert equations == expected("""
        f: f64[2] = contract[ij,j->i] a b
        g: f64[2] = contract[ij,j->i] a d
        h: f64[2] = contract[ij,j->i] c b
        i: f64[2] = add g h
        j: f64[2] = contract[ij,j->i] a e
        k: f64[2] = contract[ij,j->i] c d
        l: f64[2] = add j k
    """)


def test_names_of_inputs():
    p = program(lambda x, a: mul(x, a), "f64[]", "f64[]", names=("x", "a"))
    assert taylor(p, 2, ((True, True), ()))[0].names == ("x", "a", "x1", "x2")


def test_quotients_and_contractions():
    rng = np.random.default_rng(0)
    a, a1, b, b1 = rng.uniform(1, 2, (4, 3))
    p = program(lambda x, y: div(x, y), "f64[3]", "f64[3]")
    (q,) = coefficients(p, 3, [a, b], [[a1], [b1]])
    for t in (1e-2, 2e-2):
        series = sum(c * t**k for k, c in enumerate(q))
        assert_allclose(series, (a + t * a1) / (b + t * b1), atol=2 * t**4)
    p = program(lambda x, y: contract(x, y, spec="i,i->"), "f64[3]", "f64[3]")
    (c,) = coefficients(p, 3, [a, b], [[a1], [b1]])
    assert_allclose(c, [a @ b, a1 @ b + a @ b1, a1 @ b1, 0])


# ---- rules of primitives


def test_a_rule_of_its_own_is_used_and_may_decline():
    asked = []

    def rule(using, inputs, params):
        asked.append(params)
        if params["shift"] > 1:
            return None
        return using.apply(add, inputs[0], using.constant(np.float64(params["shift"])))

    shift = Primitive(
        "shift_for_test",
        types=lambda x, *, shift: (x,),
        run=lambda xp, x, *, shift: x + shift,
        jvp=lambda xs, dxs, *, shift: (shifted(*xs, shift=shift), mul(dxs[0], np.float64(2))),
        taylor=rule,
    )
    shifted = shift
    by_rule = along_line(lambda x: shift(x, shift=1.0), 0.5, 2)
    by_jvp = along_line(lambda x: shift(x, shift=2.0), 0.5, 2)
    assert asked == [{"shift": 1.0}, {"shift": 2.0}]
    assert_array_equal(by_rule, [1.5, 1, 0])
    assert_array_equal(by_jvp, [2.5, 2, 0])


def test_high_orders_do_not_exhaust_the_stack():
    def f(x):
        for _ in range(20):
            x = trigonometric.sin(x)
        return powers.power(add(x, ONE), x)

    assert np.isfinite(along_line(f, 0.5, 24)).all()


def test_several_results_and_moved_elements():
    def f(x):
        y = structure.reshape(exponential.exp(x), shape=(3, 2))
        return [y, structure.permute(y, perm=(1, 0))]

    x, x1 = np.arange(6.0) / 6, np.ones(6)
    a, b = coefficients(program(f, "f64[6]"), 2, [x], [[x1]])
    assert_allclose(a[2], np.exp(x).reshape(3, 2) / 2)
    assert_allclose(b[2], a[2].T)
