"""Loops as part of a program: `scan`, `fori_loop`, `while_loop`.

A Python loop works under every transform, too, as long as its length does not depend on traced
values without a value (under `jit` or `vmap`). It is written out step by step, though; these are
one equation, however many steps they take.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.api.arguments import function_name
from autodiff.api.chunks import InChunks
from autodiff.api.places import describe
from autodiff.api.staging import Staged, is_array_like, perform, stage
from autodiff.arrays import namespace
from autodiff.control.loop import Loop
from autodiff.control.while_loop import While
from autodiff.ir.source import here
from autodiff.ir.types import ArrayType, type_of
from autodiff.tracing import tree
from autodiff.tracing.tracer import Tracer

__all__ = ["fori_loop", "scan", "while_loop"]


def scan(
    body: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    *,
    reverse: bool = False,
    unroll: int = 1,
    checkpoint: int | bool | None = None,
) -> tuple[Any, Any]:
    """Carry a state through the rows of arrays, and stack what each step gives.

    It means the same as

        def scan(body, state, xs):
            ys = []
            for x in xs:
                state, y = body(state, x)
                ys.append(y)
            return state, np.stack(ys)

    but `body` is traced once, and the loop is one equation of the program.

    Args:
        body: `(state, x) -> (state, y)`; the new state has the structure, shapes and dtypes of the
            old one. It may use arrays and traced values from outside.
        init: the first state: an array, a number, or a container of them.
        xs: arrays of which each step gets one row (along the first axis), or a container of them;
            None for a loop without.
        length: the number of steps, if there are no `xs`.
        reverse: whether to begin with the last row.
        unroll: how many steps are written out for each turn of the loop (not with checkpoint=k).
        checkpoint: what the backward pass finds: None, all that it needs of each step; k, only
            each k-th state, from which the others are computed again; True, O(log n) states.

    Returns:
        `(state, ys)`: the last state, and the results of the steps, stacked along a new first axis.

    Raises:
        TypeError: the state changes its structure, shape or dtype.
        ValueError: the `xs` have different lengths, there is neither `xs` nor `length`, or an
            option is not what it can be.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> def step(total, x):
        ...     total = total + x
        ...     return total, total
        >>> total, sums = ad.scan(step, 0.0, np.array([1.0, 2.0, 3.0]))
        >>> print(total, sums)
        6.0 [1. 3. 6.]
    """
    steps = _length(xs, length)
    return _loop(body, init, xs, steps, "scan", reverse, unroll, checkpoint)


def fori_loop(
    lower: Any,
    upper: Any,
    body: Callable[[Any, Any], Any],
    init: Any,
    *,
    unroll: int = 1,
    checkpoint: int | bool | None = None,
) -> Any:
    """Carry a state through `for i in range(lower, upper)`.

    Args:
        lower: the first number: an int, or a traced integer.
        upper: the number behind the last: an int, or a traced integer.
        body: `(i, state) -> state`; the new state is like the old one in structure and types.
        init: the first state: an array, a number, or a container of them.
        unroll: how many steps are written out for each turn of the loop (if the bounds are ints).
        checkpoint: what the backward pass finds, as in `scan` (k only if the bounds are ints).

    Returns:
        The last state.

    Raises:
        TypeError: the state changes its structure, shape or dtype, or a bound is no integer.

    Example:
        >>> import autodiff as ad
        >>> ad.fori_loop(1, 5, lambda i, product: product * i, 1)
        np.int64(24)
    """
    for bound in (lower, upper):
        if not is_array_like(bound) or (t := type_of(bound)).shape or t.dtype.kind not in "iu":
            raise TypeError(
                f"fori_loop takes integers as bounds, not {describe(bound)}.{here()}\n"
                "Write instead: `ad.while_loop` for a loop that ends on another condition"
            )

    def step(carry: Any, _: Any) -> Any:
        i, state = carry
        return (i + 1, body(i, state)), None

    step.__name__ = function_name(body)
    # In 64 bits: the difference of two small integers may be larger than they can be.
    start, stop = (
        np.int64(b) if isinstance(b, int) else b.astype(np.int64) for b in (lower, upper)
    )
    count: Any = stop - start
    known = type(count) is not Tracer
    steps = max(int(count), 0) if known else np.maximum(count, 0)
    if not known and (unroll != 1 or not isinstance(checkpoint, bool | None)):
        raise ValueError(
            "fori_loop: unroll and checkpoint=k need bounds that are ints; write "
            f"`checkpoint=True`, or leave them out{here()}"
        )
    (_, state), _ = _loop(step, (start, init), None, steps, "fori_loop", False, unroll, checkpoint)
    return state


def while_loop(
    condition: Callable[[Any], Any],
    body: Callable[[Any], Any],
    init: Any,
    *,
    checkpointed: bool = False,
) -> Any:
    """Carry a state through a loop as long as a condition holds for it.

    It means the same as

        def while_loop(condition, body, state):
            while condition(state):
                state = body(state)
            return state

    but both are traced once, and the loop is one equation. All derivatives exist, also in reverse
    mode, although the number of steps is not known beforehand.

    Args:
        condition: `state -> bool`, a scalar.
        body: `state -> state`; the new state is like the old one in structure, shapes and dtypes.
        init: the first state: an array, a number, or a container of them.
        checkpointed: whether the backward pass is to find O(log n) states instead of what it needs
            of each of the n steps; the others are computed again, about log₁₆ n times.

    Returns:
        The last state: the first one for which the condition does not hold.

    Raises:
        TypeError: the state changes its structure, shape or dtype, or the condition is no scalar.

    Example:
        >>> import autodiff as ad
        >>> def root(a):
        ...     return ad.while_loop(
        ...         lambda x: abs(x * x - a) > 1e-12 * a, lambda x: 0.5 * (x + a / x), a
        ...     )
        >>> print(root(9.0), round(ad.grad(root)(9.0), 12))
        3.0 0.166666666667
    """
    carry = _Carry(init, "while_loop")

    def stepping(state: Any) -> Any:
        return body(state), None

    stepping.__name__ = function_name(body)
    staged = carry.staged(stepping, (), (), "the body of while_loop")
    tests = stage(
        lambda state: _truth(condition(state)), (carry.init,), "the condition of while_loop"
    )
    loop = While(
        tests.program,
        staged.program,
        len(tests.constants),
        len(staged.constants),
        len(carry.leaves),
        checkpointed=checkpointed,
    )
    outs = perform(loop, [*tests.constants, *staged.constants, *carry.leaves])
    return tree.unflatten(carry.spec, outs[: len(carry.leaves)])


def _truth(answer: Any) -> Any:
    if is_array_like(answer) and not type_of(answer).shape:
        return answer if type_of(answer).dtype.kind == "b" else answer != 0
    raise TypeError(
        f"the condition of while_loop must give one truth value, not {describe(answer)}.{here()}\n"
        "Write instead: `np.any(...)` or `np.all(...)` of an array"
    )


def _loop(
    body: Callable[..., Any],
    init: Any,
    xs: Any,
    steps: Any,
    name: str,
    reverse: bool,
    unroll: int,
    checkpoint: int | bool | None,
) -> tuple[Any, Any]:
    """A scan of so many steps, which may be traced."""
    _check_options(name, unroll, checkpoint)
    carry = _Carry(init, name)
    rows = tree.flatten(xs)[0]
    types = [type_of(x).with_shape(x.shape[1:]) for x in rows]
    staged = carry.staged(body, (xs,), types, f"the body of {name}")
    known = isinstance(steps, int)
    c, k = len(staged.constants), len(carry.leaves)
    recursive = checkpoint is True
    loop = Loop(staged.program, steps if known else None, c, k, reverse, None, recursive)
    size = unroll if checkpoint in (None, True, False) else int(checkpoint)
    whole: Any = (
        loop if size == 1 else InChunks(loop, size, inlined=checkpoint in (None, True, False))
    )
    outs = perform(whole, [*([] if known else [steps]), *staged.constants, *carry.leaves, *rows])
    return tree.unflatten(carry.spec, outs[:k]), tree.unflatten(staged.spec.child(1), outs[k:])


def _check_options(name: str, unroll: Any, checkpoint: Any) -> None:
    if not isinstance(unroll, int | np.integer) or unroll < 1:
        raise ValueError(
            f"{name}: unroll={unroll!r}: expected a number of steps, at least 1{here()}"
        )
    is_count = isinstance(checkpoint, int | np.integer) and checkpoint >= 1
    if not (checkpoint is None or checkpoint is False or is_count):
        raise ValueError(
            f"{name}: checkpoint={checkpoint!r}: expected None, True, or a number of steps, at "
            f"least 1{here()}"
        )


def _length(xs: Any, length: Any) -> int:
    """The number of steps, from the rows or as given."""
    leaves = tree.flatten(xs)[0]
    for x, path in zip(leaves, tree.paths(xs), strict=True):
        if not is_array_like(x) or not type_of(x).shape:
            raise TypeError(
                f"scan takes rows of arrays, but xs{path} is {describe(x)}.{here()}\n"
                "Write instead: an array with one row for each step; what is the same in each step "
                "can be used in the body as it is"
            )
    if length is not None and (not isinstance(length, int | np.integer) or length < 0):
        given = length if isinstance(length, int | float) else describe(length)
        raise TypeError(
            f"scan: length is {given}: expected an int, at least 0.{here()}\n"
            "Write instead: `ad.fori_loop(0, n, ...)` for a number of steps that is traced"
        )
    lengths = {x.shape[0] for x in leaves} | ({length} if length is not None else set())
    if len(lengths) == 1:
        return int(lengths.pop())
    if not lengths:
        raise ValueError(f"scan needs xs, or else the number of steps as length{here()}")
    shown = ", ".join(
        [f"xs{path} has {x.shape[0]}" for x, path in zip(leaves, tree.paths(xs), strict=True)]
        + ([f"length is {length}"] if length is not None else [])
    )
    raise ValueError(f"scan: the numbers of steps differ: {shown}{here()}")


class _Carry:
    """The state of a loop, in the types that it has in each step."""

    def __init__(self, init: Any, name: str) -> None:
        self.name = name
        self.leaves, self.spec = tree.flatten(init)
        for x, path in zip(self.leaves, tree.paths(init), strict=True):
            if not is_array_like(x):
                raise TypeError(
                    f"the state of {name} consists of arrays, numbers and containers of them, but "
                    f"init{path} is {describe(x)}.{here()}\n"
                    "Write instead: a function that uses it from outside"
                )

    @property
    def init(self) -> Any:
        """The first state."""
        return tree.unflatten(self.spec, self.leaves)

    def staged(
        self,
        body: Callable[..., Any],
        args: tuple[Any, ...],
        types: Sequence[ArrayType],
        where: str,
    ) -> Staged:
        """The body as a program; a state of Python numbers takes the dtypes that it gets in it."""
        while True:
            own = [None] * len(self.leaves)
            staged = stage(body, (self.init, *args), where, [*own, *types])
            spec = staged.spec
            if spec.type is not tuple or spec.num_children != 2:
                shown = describe(tree.unflatten(spec, list(staged.out_types)))
                raise TypeError(
                    f"{staged.name} ({where}) must return a pair (state, y), not {shown}{here()}"
                )
            if spec.child(0) != self.spec:
                before = describe(tree.unflatten(self.spec, list(map(type_of, self.leaves))))
                after = describe(tree.unflatten(spec, list(staged.out_types))[0])
                raise TypeError(
                    f"{staged.name} ({where}) changes the structure of the state from {before} to "
                    f"{after}{here()}"
                )
            if not self._adapt(staged, where):
                return staged

    def _adapt(self, staged: Staged, where: str) -> bool:
        """Give numbers the dtype that they have after a step; whether there was one to change."""
        after = staged.out_types[: len(self.leaves)]
        wrong = [i for i, x in enumerate(self.leaves) if type_of(x) is not after[i]]
        weak = [i for i in wrong if _yields(self.leaves[i], after[i])]
        for i in weak:
            x, dtype = self.leaves[i], after[i].dtype
            is_traced = type(x) is Tracer
            self.leaves[i] = x.astype(dtype) if is_traced else namespace([x]).asarray(x, dtype)[()]
        if wrong and not weak:
            i = wrong[0]
            raise TypeError(
                f"{staged.name} ({where}) changes the type of the state: init"
                f"{tree.paths(self.init)[i]} is {type_of(self.leaves[i])}, but after a step it is "
                f"{after[i]}.{here()}\n"
                f"Write instead: a first state of {after[i]}, or make the new state like the old "
                "one (`.astype`, `np.broadcast_to`)"
            )
        return bool(weak)


def _yields(x: Any, t: ArrayType) -> bool:
    """Whether a Python number may become a scalar of this type: of its own kind or a wider one."""
    kind = x.kind if type(x) is Tracer else type(x)
    if kind not in (bool, int, float, complex) or t.shape:
        return False
    return "biufc".index(t.dtype.kind) >= "biufc".index(np.dtype(kind).kind)
