"""`pure_callback`: a Python function on arrays, called when the program runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import CellType, CodeType
from typing import Any

import numpy as np

from autodiff.api.arguments import FlatCall, function_name, is_traceable
from autodiff.api.places import describe
from autodiff.arrays import to_host
from autodiff.control.callback import Handle, callback
from autodiff.ir.types import ArrayType, type_of
from autodiff.tracing import tree

__all__ = ["HostCall", "pure_callback", "result_types", "traced_leaves"]

_NUMBERS = (bool, int, float, complex)


def pure_callback(
    fun: Callable[..., Any], result: Any, *args: Any, vectorized: bool = False
) -> Any:
    """Call a function that cannot be traced: it runs on arrays, whenever the program runs.

    It must be pure: the same result for the same arguments, and no effect, since it is not called
    if nobody needs the result. Give it a derivative by `custom_rule`, or use `numeric_rule`.

    Args:
        fun: a function of what `args` are, but with NumPy arrays (read-only) in place of arrays and
            traced values, NumPy scalars in place of scalars.
        result: what it returns, as a container of anything that has a shape and a dtype (an
            `ad.ArrayType`, say) or is a number.
        *args: its arguments: arrays, numbers, and containers of them and of anything else.
        vectorized: whether `fun` takes arrays with an additional first axis, and then returns such:
            under `vmap` it is called once, with all arrays so, and not once for each row.

    Returns:
        What `fun` returns.

    Raises:
        TypeError: `fun` returns something else than `result` says (when it is run).
        MissingRuleError: a derivative is asked for.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> def order(x):
        ...     return np.array(sorted(range(len(x)), key=lambda i: x[i]))
        >>> @ad.jit
        ... def second_smallest(x):
        ...     i = ad.pure_callback(order, ad.ArrayType(x.shape, np.int64), x)
        ...     return x[i[1]]
        >>> print(ad.grad(second_smallest)(np.array([3.0, 1.0, 2.0])))
        [0. 0. 1.]
    """
    call = traced_leaves(FlatCall(fun, args, {}))
    spec, types = result_types(result)
    handle = Handle(HostCall(call, spec))
    name = function_name(fun)
    outs = callback(handle, *call.inputs, name=name, types=types, vectorized=vectorized)
    return tree.unflatten(spec, outs)


def traced_leaves(call: FlatCall) -> FlatCall:
    """The call, with arrays and floats as its traced leaves."""
    call.positions = [
        i for i, x in enumerate(call.leaves) if is_traceable(x) or type(x) in (float, complex)
    ]
    return call


def result_types(result: Any) -> tuple[tree.Spec, tuple[ArrayType, ...]]:
    """The structure of a result and the types of its leaves, from an example of it."""
    leaves, spec = tree.flatten(result)
    for x in leaves:
        if not isinstance(x, _NUMBERS) and not (hasattr(x, "shape") and hasattr(x, "dtype")):
            raise TypeError(
                f"the result of a callback is described by {describe(result)}, which has a leaf "
                "without shape and dtype. Write instead: `ad.ArrayType(shape, dtype)` for an array"
            )
    return spec, tuple([x if isinstance(x, ArrayType) else type_of(x) for x in leaves])


class HostCall:
    """A call of a function on the host; calls that mean the same are equal."""

    __slots__ = ("fixed", "fun", "positions", "spec", "structure")

    def __init__(self, call: FlatCall, spec: tree.Spec | None) -> None:
        traced = set(call.positions)
        self.fun = call.fun
        self.positions = call.positions
        self.structure = call.spec
        # Only what is not traced: nothing else of the call may be kept alive.
        self.fixed = [None if i in traced else x for i, x in enumerate(call.leaves)]
        self.spec = spec  # of the result; None if that does not matter

    def __call__(self, arrays: Sequence[Any], types: tuple[ArrayType, ...]) -> list[Any]:
        """The leaves of the result, which must be of these types."""
        leaves = list(self.fixed)
        for i, x in zip(self.positions, arrays, strict=True):
            leaves[i] = x
        args, kwargs = tree.unflatten_call(self.structure, leaves)
        result = self.fun(*args, **kwargs)
        if self.spec is None:
            return []
        found, spec = tree.flatten(result)
        fitting = [_fitting(x, t) for x, t in zip(found, types, strict=False)]
        if spec != self.spec or any(x is None for x in fitting):
            raise TypeError(
                f"the callback {_place(self.fun)} returned something else than it was said to.\n"
                f"  expected: {describe(tree.unflatten(self.spec, types))}\n"
                f"  given:    {describe(result)}"
            )
        return fitting

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, HostCall):
            return NotImplemented
        same = self.structure == other.structure and self.spec == other.spec
        return same and _identity(self.fun) == _identity(other.fun) and self._has_same_fixed(other)

    def _has_same_fixed(self, other: HostCall) -> bool:
        return self.positions == other.positions and all(
            x is y or (type(x) is type(y) and bool(x == y))
            for x, y in zip(self.fixed, other.fixed, strict=True)
        )

    def __hash__(self) -> int:
        return hash(_identity(self.fun))


def _identity(fun: Any) -> Any:
    """What is the same for closures that are made anew by the same code around the same objects."""
    code: CodeType | None = getattr(fun, "__code__", None)
    if code is None:
        return id(fun)
    around = [getattr(fun, "__self__", None), *(fun.__defaults__ or ())]
    return (code, *map(id, around), *map(_content, fun.__closure__ or ()))


def _content(cell: CellType) -> int:
    try:
        return id(cell.cell_contents)
    except ValueError:  # it is filled later
        return id(cell)


def _fitting(x: Any, t: ArrayType) -> Any:
    """A result as a new array of type `t`; None if it is not of that type."""
    if type(x) in _NUMBERS:
        fits = not t.shape and np.result_type(x, t.dtype) == t.dtype
        return np.array(x, t.dtype) if fits else None
    if not is_traceable(x):
        return None
    x = to_host(x)
    return np.array(x) if type_of(x) is t else None


def _place(fun: Callable[..., Any]) -> str:
    code = getattr(fun, "__code__", None)
    if code is None:
        return f"`{function_name(fun)}`"
    file = code.co_filename.replace("\\", "/").rpartition("/")[2]
    return f"`{function_name(fun)}` ({file}:{code.co_firstlineno})"
