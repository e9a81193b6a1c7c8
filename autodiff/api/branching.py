"""`cond` and `switch`: branches on values that are not known until the program runs.

Each branch is staged into a program. What the branches capture becomes operands that all of them
take, so that derivatives flow to it; see `control.switch` for what is done with the programs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import compress
from typing import Any, NoReturn

import numpy as np

from autodiff.api.places import describe
from autodiff.api.staging import Staged, is_array_like, stage
from autodiff.control.branches import narrowed
from autodiff.control.switch import switch as switch_primitive
from autodiff.ir.program import Program
from autodiff.ir.source import here
from autodiff.ir.types import ArrayType, Literal, type_of
from autodiff.numpy.promotion import convert
from autodiff.primitives.comparison import not_equal
from autodiff.tracing import tree
from autodiff.tracing.build import build, evaluate
from autodiff.tracing.tracer import Tracer

__all__ = ["cond", "switch"]


def cond(
    pred: Any, true_fun: Callable[..., Any], false_fun: Callable[..., Any], *operands: Any
) -> Any:
    """Call one of two functions, chosen by a truth value that may be traced.

    Where `pred` has a value and is not traced, the chosen function is simply called. Otherwise
    both are traced, and the program runs one of them. This holds for every row of a `vmap`, too:
    what a function would do for a row that has chosen the other (fail, loop forever, give NaN)
    never happens, neither to the value nor to derivatives. Under a `grad` without `jit` or `vmap`,
    Python's own `if` works as well.

    Args:
        pred: a scalar: a bool, or a number, which is true if it is not zero.
        true_fun: a function of `operands`. It may use arrays and traced values from outside.
        false_fun: another one. Its results have the structure, shapes and dtypes of those of
            `true_fun`; a Python number takes the dtype of what the other function returns.
        *operands: arrays, numbers, and containers of them.

    Returns:
        What the chosen function returns.

    Raises:
        TypeError: the functions return different structures, shapes or dtypes; or `pred` is
            neither a bool nor a number.
        OverflowError: one returns a Python integer that the dtype of the other cannot hold.
        ValueError: `pred` is not a scalar.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> def root(x):
        ...     return ad.cond(x > 0, np.sqrt, lambda x: 0.0, x)
        >>> print(ad.vmap(root)(np.array([4.0, -1.0])))
        [2. 0.]
        >>> print(ad.vmap(ad.grad(root))(np.array([4.0, -1.0])))
        [0.25 0.  ]
    """
    _check_functions("cond", {"true_fun": true_fun, "false_fun": false_fun})
    chosen = _truth(pred)
    if type(chosen) is not Tracer:
        return (true_fun if chosen else false_fun)(*operands)
    staged = [
        stage(true_fun, operands, "true_fun of cond"),
        stage(false_fun, operands, "false_fun of cond"),
    ]
    index = convert(chosen, np.int64)
    return _choose("cond", index, staged, ["true_fun", "false_fun"], (1, 0), operands)


def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """Call one of several functions, chosen by an integer that may be traced.

    As `cond`, but for any number of functions.

    Args:
        index: which function: an integer scalar, from 0 to `len(branches) - 1`.
        branches: functions of `operands`, whose results have the same structure, shapes and dtypes.
        *operands: arrays, numbers, and containers of them.

    Returns:
        What the chosen function returns.

    Raises:
        IndexError: there is no such function. (A traced index is checked when the program runs.)
        TypeError: the functions return different structures, shapes or dtypes; or `index` is not an
            integer.
        OverflowError: one returns a Python integer that the dtype of the others cannot hold.
        ValueError: `index` is not a scalar, or there are no functions.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> @ad.jit
        ... def activation(kind, x):
        ...     return ad.switch(kind, [np.tanh, np.exp, lambda x: x], x)
        >>> print(activation(np.int64(2), 3.0))
        3.0
    """
    branches = tuple(branches)
    names = [f"branch {i}" for i in range(len(branches))]
    if not branches:
        raise ValueError(f"switch: there are no branches to choose from.{here()}")
    _check_functions("switch", dict(zip(names, branches, strict=True)))
    chosen = _number(index)
    if type(chosen) is not Tracer:
        if not 0 <= chosen < len(branches):
            raise IndexError(
                f"switch: index {chosen} is out of range, since there are {len(branches)} branches "
                f"(0 to {len(branches) - 1}).{here()}"
            )
        return branches[chosen](*operands)
    staged = [stage(f, operands, f"{n} of switch") for f, n in zip(branches, names, strict=True)]
    return _choose("switch", chosen, staged, names, range(len(branches)), operands)


# ---- what is chosen by


def _truth(pred: Any) -> Any:
    """The predicate as a bool, or as a traced one."""
    if not is_array_like(pred):
        raise TypeError(f"cond: the predicate is {describe(pred)}, not a bool or a number.{here()}")
    if type_of(pred).shape:
        raise ValueError(
            f"cond: the predicate is {describe(pred)}, but it chooses between two functions, so it "
            f"must be a scalar.{here()}\n"
            "Write instead: `np.where(pred, a, b)` to choose element by element, "
            "`pred.any()` or `pred.all()` to ask for one element or for all, or "
            "`ad.vmap` of a function of one row"
        )
    if type(pred) is not Tracer:
        return bool(pred)
    return pred if pred.dtype.kind == "b" else not_equal(pred, pred.dtype.type(0))


def _number(index: Any) -> Any:
    """The index as an int, or as a traced int64."""
    if not is_array_like(index) or type_of(index).dtype.kind not in "iu":
        raise TypeError(
            f"switch: the index is {describe(index)}, not an integer.{here()}\n"
            "Write instead: `index.astype(int)` of a number, or `ad.cond` for a truth value"
        )
    if type_of(index).shape:
        raise ValueError(
            f"switch: the index is {describe(index)}, but it chooses one function, so it must be a "
            f"scalar.{here()}\n"
            "Write instead: `np.select(conditions, arrays)` to choose element by element, or "
            "`ad.vmap` of a function of one row"
        )
    return convert(index, np.int64) if type(index) is Tracer else int(index)


def _check_functions(what: str, functions: dict[str, Any]) -> None:
    for name, fun in functions.items():
        if not callable(fun):
            raise TypeError(
                f"{what}: {name} is {describe(fun)}, not a function.{here()}\n"
                "Write instead: `lambda: x` for a value, so that only what is chosen is computed"
            )


# ---- one signature for all branches


def _choose(
    what: str,
    index: Tracer,
    staged: Sequence[Staged],
    names: Sequence[str],
    order: Sequence[int],
    operands: tuple[Any, ...],
) -> Any:
    """Record the switch; `order[i]` is the position among `staged` of what index i stands for."""
    types, kinds = _agreed(what, staged, names)
    constants, places = _shared([s.constants for s in staged])
    taken = tuple(map(type_of, constants))
    dtypes = tuple([t.dtype for t in types])
    programs = [
        _with_signature(s.program, own, taken, dtypes)
        for s, own in zip(staged, places, strict=True)
    ]
    inputs = [*constants, *(x for x in tree.flatten(operands)[0] if is_array_like(x))]
    ordered, used = narrowed(tuple([programs[i] for i in order]), (True,) * len(types))
    outs = switch_primitive(index, *compress(inputs, used), programs=ordered)
    for y, kind in zip(outs, kinds, strict=True):
        y.kind = kind
    return tree.unflatten(staged[0].spec, outs)


def _agreed(
    what: str, staged: Sequence[Staged], names: Sequence[str]
) -> tuple[list[ArrayType], list[Any]]:
    """The types of the results of all branches, and how they promote."""
    first = staged[0]
    types, kinds = [], []
    for other in staged:
        if other.spec != first.spec:
            _refuse(what, "structures", staged, names)
    for i in range(len(first.kinds)):
        shapes = {s.out_types[i].shape for s in staged}
        if len(shapes) > 1:
            _refuse(what, "shapes", staged, names)
        kind = _common_kind([s.kinds[i] for s in staged])
        if kind is None:
            _refuse(what, "dtypes", staged, names)
        kinds.append(kind)
        types.append(kind if isinstance(kind, ArrayType) else ArrayType((), kind))
        if types[i].dtype.kind in "iu":
            _check_range(what, [s for s in staged if s.kinds[i] is int], i, types[i].dtype)
    return types, kinds


def _check_range(what: str, staged: Sequence[Staged], i: int, dtype: np.dtype[Any]) -> None:
    """Raise where result i is a Python integer that does not fit into the dtype of the others."""
    limits = np.iinfo(dtype)
    for s in staged:
        y, constants = s.program.outputs[i], zip(s.program.inputs, s.constants, strict=False)
        number = y.value if isinstance(y, Literal) else dict(constants).get(y)
        if isinstance(number, np.generic) and not limits.min <= int(number) <= limits.max:
            raise OverflowError(
                f"{what}: {s.name} returns {number}, which is out of bounds for {dtype}, the dtype "
                f"of what is returned otherwise.{here()}\n"
                f"Write instead: `x.astype(np.{s.out_types[i].dtype})` of what the others return"
            )


def _common_kind(kinds: Sequence[Any]) -> Any:
    """The type that all have, where a Python number can be of any dtype that NumPy lets it be."""
    strong = {k for k in kinds if isinstance(k, ArrayType)}
    weak = [k for k in kinds if not isinstance(k, ArrayType)]
    if not strong:
        return max(weak, key=(int, float, complex).index)
    if len(strong) > 1:
        return None
    (common,) = strong
    yields = all(np.result_type(common.dtype, k(0)) == common.dtype for k in weak)
    return common if yields else None


def _refuse(what: str, differ: str, staged: Sequence[Staged], names: Sequence[str]) -> NoReturn:
    shown = [describe(tree.unflatten(s.spec, s.out_types)) for s in staged]
    returned = ", ".join([f"{n} returns {s}" for n, s in zip(names, shown, strict=True)])
    advice = {
        "structures": "the same containers in every branch, with None or zeros for what is missing",
        "shapes": "`np.zeros_like(x)` or `np.broadcast_to(x, shape)` for a smaller result",
        "dtypes": "`x.astype(dtype)`, or a Python number, which takes the dtype of the others",
    }
    raise TypeError(
        f"{what}: the branches return different {differ}: {returned}.{here()}\n"
        f"Write instead: {advice[differ]}"
    )


def _shared(groups: Sequence[Sequence[Any]]) -> tuple[list[Any], list[tuple[int, ...]]]:
    """What is in any of the groups, each once, and where in this the members of each group are."""
    members: dict[Any, Any] = {}
    for x in [x for group in groups for x in group]:
        members.setdefault(_identity(x), x)
    position = {key: i for i, key in enumerate(members)}
    return list(members.values()), [tuple([position[_identity(x)] for x in g]) for g in groups]


def _identity(x: Any) -> Any:
    return (id(x._builder), x._number) if type(x) is Tracer else id(x)


@lru_cache(maxsize=256)
def _with_signature(
    program: Program,
    places: tuple[int, ...],
    constants: tuple[ArrayType, ...],
    dtypes: tuple[np.dtype[Any], ...],
) -> Program:
    """A staged program that takes the constants of all branches, and gives results of `dtypes`."""
    same = tuple([t.dtype for t in program.out_types]) == dtypes
    if same and places == tuple(range(len(constants))):
        return program

    def fun(*args: Any) -> list[Any]:
        own = [args[i] for i in places]
        outs = evaluate(program, [*own, *args[len(constants) :]])
        return [convert(y, dtype) for y, dtype in zip(outs, dtypes, strict=True)]

    types = (*constants, *program.in_types[len(places) :])
    names = (*[""] * len(constants), *program.names[len(places) :])
    return build(fun, types, program.name, names)
