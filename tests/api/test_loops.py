"""`scan`, `fori_loop`, `while_loop`: what test_constructs does not ask of them."""

import re

import numpy as np
import pytest

import autodiff as ad
from autodiff.errors import NoValueError

X = np.array([0.3, -0.2])


def total(state, x):
    state = state + x
    return state, state


class TestScan:
    def test_trees(self):
        def step(state, row):
            new = {"a": state["a"] * row["u"], "b": (state["b"][0] + row["v"][0],)}
            return new, [new["a"], None, new["b"][0]]

        init = {"a": np.ones(2), "b": (0.0,)}
        rows = {"u": np.array([[1.0, 2.0], [3.0, 4.0]]), "v": [np.array([5.0, 6.0])]}
        state, (a, nothing, b) = ad.scan(step, init, rows)
        assert nothing is None
        np.testing.assert_array_equal(state["a"], [3.0, 8.0])
        np.testing.assert_array_equal(state["b"][0], 11.0)
        np.testing.assert_array_equal(a, [[1.0, 2.0], [3.0, 8.0]])
        np.testing.assert_array_equal(b, [5.0, 11.0])

    def test_order_of_rows_in_reverse(self):
        state, ys = ad.scan(total, 0.0, np.array([1.0, 2.0, 4.0]), reverse=True)
        assert state == 7.0
        np.testing.assert_array_equal(ys, [7.0, 6.0, 4.0])

    @pytest.mark.parametrize("reverse", [False, True])
    @pytest.mark.parametrize(
        "options", [{"unroll": 3}, {"unroll": 50}, {"checkpoint": 3}, {"checkpoint": True}]
    )
    def test_options_change_nothing(self, options, reverse, rng):
        xs = rng.normal(size=(7, 2))

        def f(xs, **options):
            state, ys = ad.scan(
                lambda s, x: (np.tanh(s + x), s * x), X, xs, reverse=reverse, **options
            )
            return np.sum(state) + np.sum(ys**2)

        np.testing.assert_allclose(f(xs, **options), f(xs), rtol=1e-14)
        got = ad.grad(lambda xs: f(xs, **options))(xs)
        np.testing.assert_allclose(got, ad.grad(f)(xs), rtol=1e-13)

    def test_no_steps(self):
        state, ys = ad.scan(total, 1.5, np.zeros((0,)))
        assert state == 1.5
        assert ys.shape == (0,)
        assert ad.grad(lambda x: ad.scan(total, x, np.zeros(0))[0])(1.5) == 1.0

    def test_only_a_length(self):
        state, ys = ad.scan(lambda s, _: (2 * s, s), 1, length=4)
        assert state == 16
        np.testing.assert_array_equal(ys, [1, 2, 4, 8])

    def test_dtypes_are_those_of_a_python_loop(self):
        xs = np.arange(3, dtype=np.float32)
        state, ys = ad.scan(total, 0.0, xs)  # Python's 0.0 yields to float32
        assert state.dtype == ys.dtype == np.float32
        state, _ = ad.scan(total, 0, np.arange(3.0))
        assert state.dtype == np.float64
        state, _ = ad.scan(total, np.float64(0), xs)
        assert state.dtype == np.float64

    def test_the_body_is_traced_once(self):
        calls = []

        def step(state, x):
            calls.append(1)
            return state + x, None

        ad.scan(step, 0.0, np.arange(1000.0))
        assert len(calls) == 1

    def test_gradient_by_what_the_body_uses_from_outside(self):
        def f(w):
            return ad.scan(lambda s, x: (s * w + x, None), 0.0, np.array([1.0, 2.0, 3.0]))[0]

        assert ad.grad(f)(2.0) == 2 * 2.0 * 1.0 + 2.0  # w²·1 + w·2 + 3
        assert ad.grad(ad.grad(f))(2.0) == 2.0

    def test_integer_state_beside_floats(self):
        def f(x):
            (n, y), _ = ad.scan(lambda s, r: ((s[0] + 1, s[1] * r), None), (0, x), np.full(3, 2.0))
            return y * n

        assert ad.grad(f)(1.0) == 24.0

    def test_a_guarded_result_does_not_pass_on_nan(self):
        """`where` around a loop in which the untaken entries have an infinite derivative."""

        def f(x):
            state, ys = ad.scan(lambda s, _: (np.sqrt(s), np.log(s)), x, length=2)
            return np.sum(np.where(x > 0, state, 0.0)) + np.sum(np.where(x > 0, ys, 0.0))

        x = np.array([4.0, 0.0])
        with np.errstate(all="ignore"):
            got = ad.grad(f)(x)
        h = 1e-6
        with np.errstate(all="ignore"):
            expected = (f(x + np.array([h, 0])) - f(x - np.array([h, 0]))) / (2 * h)
        np.testing.assert_allclose(got, [expected, 0.0], rtol=1e-6)

    @pytest.mark.parametrize(
        "options", [{}, {"unroll": 2}, {"checkpoint": 2}, {"checkpoint": True}, {"reverse": True}]
    )
    def test_a_guarded_result_of_what_is_the_same_in_each_step(self, options):
        """Its cotangent is a sum over the steps, in which no step counts that is guarded."""

        def f(x):
            state, ys = ad.scan(lambda s, _: (x + s, np.sqrt(x)), x, length=3, **options)
            return np.sum(np.where(x > 0, state + np.sum(ys, axis=0), 0.0))

        x = np.array([4.0, 0.0, -1.0])
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(ad.grad(f)(x), [4.75, 0.0, 0.0])
            np.testing.assert_array_equal(ad.jvp(f, (x,), (np.ones(3),))[1], 4.75)
            twice = ad.grad(lambda x: np.sum(ad.grad(f)(x)))(x)
        np.testing.assert_array_equal(twice, [-3 / 32, 0.0, 0.0])

    def test_nan_that_nobody_guards_stays(self):
        with np.errstate(all="ignore"):
            got = ad.grad(
                lambda x: np.sum(ad.scan(lambda s, _: (np.sqrt(s) * 0, None), x, length=1)[0])
            )(np.zeros(2))
        assert np.isnan(got).all()


class TestScanErrors:
    def test_the_state_changes_its_shape(self):
        with pytest.raises(
            TypeError, match=r"init\['a'\] is f64\[\], but after a step it is f64\[3\]"
        ):
            ad.scan(lambda s, _: ({"a": s["a"] + np.ones(3)}, None), {"a": np.float64(0)}, length=2)

    def test_the_state_changes_its_dtype(self):
        with pytest.raises(
            TypeError, match=r"f32\[2\], but after a step it is f64\[2\](?s:.*)astype"
        ):
            ad.scan(lambda s, x: (s + x, None), np.zeros(2, np.float32), np.ones((3, 2)))

    def test_the_state_changes_its_structure(self):
        with pytest.raises(TypeError, match="changes the structure of the state"):
            ad.scan(lambda s, _: ((s, s), None), 0.0, length=2)

    def test_no_pair(self):
        with pytest.raises(TypeError, match="must return a pair"):
            ad.scan(lambda s, x: s + x, 0.0, np.ones(3))

    def test_lengths_differ(self):
        with pytest.raises(ValueError, match=r"xs\['a'\] has 2, xs\['b'\] has 3"):
            ad.scan(total, 0.0, {"a": np.ones(2), "b": np.ones(3)})

    def test_no_length(self):
        with pytest.raises(ValueError, match="needs xs"):
            ad.scan(total, 0.0)

    def test_rows_of_a_number(self):
        with pytest.raises(TypeError, match="takes rows of arrays"):
            ad.scan(total, 0.0, 3.0)

    def test_a_state_that_is_no_array(self):
        with pytest.raises(TypeError, match=r"init\[1\] is "):
            ad.scan(lambda s, _: (s, None), (0.0, "text"), length=2)

    def test_a_number_does_not_lose_its_fraction(self):
        """0.5 is no first state of a loop whose state is an integer after a step."""
        with pytest.raises(TypeError, match=r"init is f64\[\], but after a step it is i64\[\]"):
            ad.scan(lambda s, i: (i, s), 0.5, np.arange(3))
        with pytest.raises(
            TypeError, match=r"init\[0\] is f64\[\], but after a step it is c128\[\]"
        ):
            ad.scan(lambda s, x: ((s[1], s[2], s[0]), None), (1, 1.0, 1j), np.arange(3.0))

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"length": 3.0}, "length is 3.0: expected an int"),
            ({"length": -1}, "length is -1: expected an int, at least 0"),
            ({"length": 3, "unroll": 0}, "unroll=0: expected a number of steps"),
            ({"length": 3, "unroll": "a"}, "unroll='a': expected"),
            ({"length": 3, "checkpoint": 2.5}, "checkpoint=2.5: expected None, True, or"),
            ({"length": 3, "checkpoint": 0}, "checkpoint=0: expected"),
        ],
    )
    def test_options(self, options, message):
        with pytest.raises((TypeError, ValueError), match=message):
            ad.scan(lambda s, _: (s, None), 1.0, **options)

    def test_checkpoint_may_be_false(self):
        assert ad.scan(lambda s, _: (2 * s, None), 1.0, length=3, checkpoint=False)[0] == 8.0

    def test_a_length_that_is_traced(self):
        with pytest.raises(TypeError, match=r"length is i64\[\](?s:.*)ad\.fori_loop"):
            ad.jit(lambda n: ad.scan(lambda s, _: (s, None), 1.0, length=n))(3)

    def test_a_value_is_asked_for(self):
        def step(state, x):
            return (state if x > 0 else -state), None

        with pytest.raises(NoValueError, match=r"ad\.cond"):
            ad.scan(step, 1.0, np.ones(3))

    def test_a_captured_array_is_changed(self):
        counts = np.zeros(3)

        def step(state, x):
            state = state + counts * x
            counts[0] += 1
            return state, None

        with pytest.raises(ValueError, match="read-only"):
            ad.scan(step, np.zeros(3), np.ones(3))


class TestForiLoop:
    def test_bounds(self):
        assert ad.fori_loop(2, 5, lambda i, s: s + i, 0) == 9
        assert ad.fori_loop(5, 2, lambda i, s: s + i, 7) == 7

    def test_traced_bounds(self):
        def f(x, n):
            return ad.fori_loop(0, n, lambda i, s: s * x, 1.0)

        jitted = ad.jit(f)
        for n in (0, 1, 5):
            assert jitted(2.0, n) == 2.0**n
            assert ad.grad(jitted)(2.0, n) == n * 2.0 ** (n - 1)
        powers = ad.vmap(ad.grad(f), in_axes=(None, 0))(2.0, np.array([0, 1, 2, 5]))
        np.testing.assert_array_equal(powers, [0.0, 1.0, 4.0, 80.0])
        assert ad.grad(ad.grad(jitted))(2.0, 3) == 12.0

    @pytest.mark.parametrize("checkpoint", [None, True])
    def test_what_no_step_uses_does_not_count(self, checkpoint):
        """As in Python: without steps, the infinite derivative of the root is never used."""

        def f(x, n):
            return ad.fori_loop(0, n, lambda i, s: s * np.sqrt(x), 1.0, checkpoint=checkpoint) + x

        xs, ns = np.array([0.0, 4.0, 9.0]), np.array([0, 2, 1])
        with np.errstate(all="ignore"):
            assert ad.grad(f)(0.0, 0) == 1.0
            assert ad.jit(ad.grad(f))(0.0, 0) == 1.0
            assert ad.jit(ad.grad(f))(4.0, 2) == 2.0
            np.testing.assert_allclose(ad.vmap(ad.grad(f))(xs, ns), [1.0, 2.0, 1 + 1 / 6])
            total = lambda xs: np.sum(ad.vmap(f)(xs, ns))
            np.testing.assert_allclose(ad.grad(total)(xs), [1.0, 2.0, 1 + 1 / 6])

    @pytest.mark.parametrize("checkpoint", [None, True])
    def test_rows_of_different_length_in_reverse(self, checkpoint, rng):
        def f(x, n):
            return ad.fori_loop(
                0, n, lambda i, s: np.sin(s) + x * (i + 1), x, checkpoint=checkpoint
            )

        def plain(x, n):
            s = x
            for i in range(n):
                s = np.sin(s) + x * (i + 1)
            return s

        xs, ns = rng.normal(size=5), np.array([3, 0, 20, 1, 7])
        together = ad.vmap(ad.grad(f))(xs, ns)
        alone = [ad.grad(lambda x, n=int(n): plain(x, n))(x) for x, n in zip(xs, ns, strict=True)]
        np.testing.assert_allclose(together, alone, rtol=1e-12)
        outside = ad.grad(lambda xs: np.sum(ad.vmap(f)(xs, ns)))(xs)
        np.testing.assert_allclose(outside, alone, rtol=1e-12)

    @pytest.mark.parametrize("transform", [lambda f: f, ad.jit])
    @pytest.mark.parametrize(
        ("lower", "upper", "steps"),
        [(np.uint8(5), np.uint8(3), 0), (np.int8(-100), np.int8(100), 200), (np.int32(2), 5, 3)],
    )
    def test_small_integers_as_bounds(self, lower, upper, steps, transform):
        count = transform(lambda a, b: ad.fori_loop(a, b, lambda i, s: s + 1, 0))
        assert count(lower, upper) == steps

    def test_a_bound_that_is_no_integer(self):
        with pytest.raises(TypeError, match=r"takes integers as bounds(?s:.*)while_loop"):
            ad.fori_loop(0, 3.5, lambda i, s: s, 0.0)


def collatz(n):
    """Steps of different numbers for each row."""
    return ad.while_loop(
        lambda s: s[0] != 1,
        lambda s: (np.where(s[0] % 2 == 0, s[0] // 2, 3 * s[0] + 1), s[1] + 1),
        (n, 0),
    )[1]


class TestWhileLoop:
    def test_mapped_conditions(self):
        steps = ad.vmap(collatz)(np.array([1, 2, 3, 6, 7, 27]))
        np.testing.assert_array_equal(steps, [0, 1, 7, 8, 16, 111])

    def test_a_row_that_is_done_runs_nothing_more(self):
        """Alone, no row would look behind the end of the table, and in a batch none does."""
        table = np.array([2.0, 3.0, 5.0])

        def f(x):
            def step(s):
                i, y = s
                return i + 1, y * ad.numpy.asarray(table)[i] * x

            return ad.while_loop(lambda s: s[0] < 3, step, (0, 1.0))[1]

        def later(n, x):
            return ad.while_loop(
                lambda s: s[0] < n,
                lambda s: (s[0] + 1, s[1] * ad.numpy.asarray(table)[s[0]] * x),
                (0, 1.0),
            )[1]

        assert f(1.0) == 30.0
        got = ad.vmap(later)(np.array([0, 3, 1]), np.ones(3))
        np.testing.assert_array_equal(got, [1.0, 30.0, 2.0])
        slopes = ad.vmap(ad.grad(later, argnums=1))(np.array([0, 3, 1]), np.ones(3))
        np.testing.assert_array_equal(slopes, [0.0, 90.0, 2.0])

    def test_no_steps(self):
        f = lambda x: ad.while_loop(lambda s: s > 10, lambda s: s * s, x)
        assert f(2.0) == 2.0
        assert ad.grad(f)(2.0) == 1.0

    @pytest.mark.parametrize("checkpointed", [False, True])
    def test_what_no_step_uses_does_not_count(self, checkpointed):
        def f(x):
            return ad.while_loop(
                lambda s: s < 1, lambda s: s + np.sqrt(x), x + 1, checkpointed=checkpointed
            )

        with np.errstate(all="ignore"):
            assert ad.grad(f)(0.0) == ad.jit(ad.grad(f))(0.0) == 1.0

    def test_no_state(self):
        never = ad.jit(lambda x: (x, ad.while_loop(lambda s: False, lambda s: (), ())))
        assert [never(1.0) for _ in range(3)] == 3 * [(1.0, ())]

    def test_the_condition_may_be_a_number_or_constant(self):
        assert ad.while_loop(lambda n: n, lambda n: n - 1, 5) == 0
        assert ad.while_loop(lambda n: False, lambda n: n - 1, 5) == 5

    @pytest.mark.parametrize("checkpointed", [False, True])
    def test_many_steps(self, checkpointed):
        """No recursion, and the same gradient as the closed form."""

        def f(x, n):
            return ad.while_loop(
                lambda s: s[0] < n,
                lambda s: (s[0] + 1, s[1] * (1 + x / n)),
                (0, 1.0),
                checkpointed=checkpointed,
            )[1]

        n = 5000
        assert np.isclose(ad.grad(f)(1.0, n), (1 + 1 / n) ** (n - 1), rtol=1e-10)

    def test_the_condition_is_an_array(self):
        with pytest.raises(TypeError, match=r"one truth value(?s:.*)np.any"):
            ad.while_loop(lambda x: x > 0, lambda x: x - 1, np.ones(3))

    def test_the_structure_of_the_state_changes(self):
        def shorter(s):
            return (s[0] + 1,)

        with pytest.raises(
            TypeError, match=r"shorter \(the body.*\(i64\[\], f64\[\]\) to \(i64\[\],\)"
        ):
            ad.while_loop(lambda s: s[0] < 3, shorter, (0, 1.0))

    def test_the_state_changes(self):
        with pytest.raises(TypeError, match="changes the type of the state"):
            ad.while_loop(lambda x: x[0] > 0, lambda x: np.sum(x), np.ones(3))

    def test_python_while_under_jit_names_the_loop(self):
        def f(x):
            while x > 1:
                x = x / 2
            return x

        with pytest.raises(NoValueError, match=re.escape("ad.while_loop")):
            ad.jit(f)(3.0)

    def test_conditions_that_use_outside_values(self):
        def f(x, limit):
            return ad.while_loop(lambda s: s < limit * x, lambda s: s * 1.5 + x, x)

        jitted = ad.jit(f)
        h = 1e-6
        expected = (f(1 + h, 10.0) - f(1 - h, 10.0)) / (2 * h)
        assert np.isclose(ad.grad(jitted)(1.0, 10.0), expected, rtol=1e-8)
