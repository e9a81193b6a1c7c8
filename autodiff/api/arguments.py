"""A call of the user's function, flattened: which leaves are traced, which are differentiated.

Every transform takes its arguments apart here, so that `argnums`, `argnames`, keyword calls and
containers mean the same everywhere.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.arrays import is_device_class
from autodiff.ir.source import here
from autodiff.tracing import tree
from autodiff.tracing.tracer import Tracer

__all__ = [
    "Argnames", "Argnums", "FlatCall", "Selection", "Selector", "function_name", "is_inexact",
    "is_traceable", "parameter_names", "select",
]  # fmt: skip

Argnums = int | Sequence[int]
Argnames = str | Sequence[str] | None


def function_name(fun: Callable[..., Any]) -> str:
    """What to call a function in programs and errors."""
    return getattr(fun, "__name__", type(fun).__name__).replace("<lambda>", "fun")


class Selector:
    """Which leaves of a call belong to the arguments that a transform is about."""

    def __init__(
        self, fun: Callable[..., Any], argnums: Argnums | None, argnames: Argnames
    ) -> None:
        self.fun = fun
        self.names = (argnames,) if isinstance(argnames, str) else tuple(argnames or ())
        if argnums is None:
            argnums = () if self.names else 0
        self.single = (isinstance(argnums, int) and not self.names) or (
            isinstance(argnames, str) and argnums == ()
        )
        self.nums = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        if not self.single and len({*self.nums, *self.names}) < len(self.nums) + len(self.names):
            raise ValueError(f"argnums={argnums} and argnames={argnames} name an argument twice")
        self.arguments: tuple[int | str, ...] = (*self.nums, *self.names)
        self.selections: dict[Any, Selection] = {}

    def ranges(self, spec: tree.Spec) -> tuple[tuple[range, ...], tuple[tree.Spec, ...]]:
        """The positions of each selected argument's leaves in the call, and its structure."""
        positional, keyword = spec.children()
        specs = [*positional.children(), *keyword.children()]
        ends = np.cumsum([0, *[s.num_leaves for s in specs]]).tolist()
        keys = [*range(positional.num_children), *keyword.entries()]
        chosen = [
            keys.index(self._key(arg, positional.num_children, keys)) for arg in self.arguments
        ]
        return (
            tuple([range(ends[i], ends[i + 1]) for i in chosen]),
            tuple([tree.LEAF if specs[i].is_leaf() else specs[i] for i in chosen]),
        )

    def _key(self, arg: int | str, count: int, keys: list[Any]) -> int | str:
        """Where an argument is in this call: a position, or the name it was passed by."""
        name = function_name(self.fun)
        if isinstance(arg, str):
            if arg in keys:
                return arg
            position = (
                parameter_names(self.fun).index(arg) if arg in parameter_names(self.fun) else count
            )
            if position < count:
                return position
            raise TypeError(f"{name} was called without the argument {arg!r} that argnames names")
        position = arg + count if arg < 0 else arg
        if 0 <= position < count:
            return position
        names = parameter_names(self.fun)
        if 0 <= arg < len(names) and names[arg] in keys:
            return names[arg]
        raise TypeError(
            f"argnums={arg} is out of range: {name} was called with {count} positional arguments"
        )

    def gather(self, specs: Sequence[tree.Spec], leaves: Sequence[Sequence[Any]]) -> Any:
        """Results for the selected arguments: bare for `argnums=0`, a tuple for `(0, 1)`."""
        if self.single:
            return tree.unflatten(specs[0], leaves[0])
        return tuple([tree.unflatten(s, x) for s, x in zip(specs, leaves, strict=True)])


def parameter_names(fun: Callable[..., Any]) -> list[str]:
    """The names of the parameters that can be passed by position."""
    try:
        parameters = inspect.signature(fun).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


class FlatCall:
    """The leaves of a call, those among them that are traced,
    and how to call with others instead.
    """

    __slots__ = ("fun", "leaves", "positions", "spec")

    def __init__(self, fun: Callable[..., Any], args: Any, kwargs: Any) -> None:
        self.fun = fun
        self.leaves, self.spec = tree.flatten_call(args, kwargs)
        self.positions: list[int] = [
            i for i, x in enumerate(self.leaves) if _traceable_classes[type(x)]
        ]

    @property
    def inputs(self) -> list[Any]:
        """The leaves that are traced."""
        if len(self.positions) == len(self.leaves):
            return self.leaves
        return [self.leaves[i] for i in self.positions]

    def __call__(self, tracers: Sequence[Any]) -> Any:
        """The function's result with `tracers` in place of the traced leaves."""
        if len(self.positions) == len(self.leaves):
            leaves = list(tracers)
        else:
            leaves = self.leaves.copy()
            for i, tracer in zip(self.positions, tracers, strict=True):
                leaves[i] = tracer
        args, kwargs = tree.unflatten_call(self.spec, leaves)
        return self.fun(*args, **kwargs)

    def names(self) -> list[str]:
        """The user's names of the traced leaves: `params[0][1]`, `x`."""
        parameters = parameter_names(self.fun)
        shown = []
        for path in tree.paths(tree.unflatten(self.spec, self.leaves)):
            outer, _, rest = path.removeprefix("[").partition("]")
            key, _, inner = rest.removeprefix("[").partition("]")
            known = outer == "0" and int(key) < len(parameters)
            name = (
                parameters[int(key)] if known else key.strip("'") if outer == "1" else f"arg{key}"
            )
            shown.append(name + inner)
        return [shown[i] for i in self.positions]


def is_traceable(x: Any) -> bool:
    """Whether a leaf is an array (or a tracer): what every transform traces."""
    return _traceable_classes[type(x)]


class _TraceableClasses(dict[type, bool]):
    """Whether values of a class are traced; decided once for each class."""

    def __missing__(self, cls: type) -> bool:
        if issubclass(cls, np.ndarray) and cls not in (np.ndarray, np.memmap):
            raise TypeError(
                f"an argument is a {cls.__module__}.{cls.__name__}, whose operations may mean "
                "something else than an array's. Write instead: `np.asarray(x)` of it"
            )
        known = issubclass(cls, np.ndarray | np.generic | Tracer) or is_device_class(cls)
        self[cls] = known
        return known


_traceable_classes = _TraceableClasses()


class Selection:
    """Which leaves of calls of one signature are traced, and by which they are differentiated."""

    def __init__(
        self, call: FlatCall, selector: Selector, transform: str, *, lenient: bool = False
    ) -> None:
        self.ranges, self.specs = selector.ranges(call.spec)
        wanted = [i for argument in self.ranges for i in argument if is_inexact(call.leaves[i])]
        self.wanted = set(wanted)  # positions among the leaves
        for argument, spec, name in zip(self.ranges, self.specs, selector.arguments, strict=True):
            if spec.is_leaf() and argument[0] not in self.wanted and not lenient:
                refuse_argument(call, argument[0], name, transform)
        self.positions = sorted(self.wanted.union(call.positions))
        self.active = tuple([i in self.wanted for i in self.positions])
        self.active_inputs = frozenset([i for i, a in enumerate(self.active) if a])

    def split(self, results: Sequence[Any]) -> list[list[Any]]:
        """Results for the wanted leaves, sorted by argument, with None for leaves without one."""
        if len(self.ranges) == 1 and len(self.ranges[0]) == len(results):
            return [list(results)]
        found = dict(zip(sorted(self.wanted), results, strict=True))
        return [[found.get(i) for i in r] for r in self.ranges]


def select(
    call: FlatCall, selector: Selector, transform: str, *, lenient: bool = False
) -> Selection:
    """What `selector` selects in a call; the call then traces the floats among it, too.

    An argument that has no derivative is an error, or, if `lenient`, simply has none.
    """
    key = (call.spec, transform, *[
        x.dtype if _traceable_classes[type(x)] else type(x) for x in call.leaves
    ])  # fmt: skip
    found = selector.selections.get(key)
    if found is None:
        if len(selector.selections) > 256:
            selector.selections.clear()
        found = selector.selections[key] = Selection(call, selector, transform, lenient=lenient)
    call.positions = found.positions
    return found


def is_inexact(x: Any) -> bool:
    """Whether a derivative by this leaf exists."""
    if _traceable_classes[type(x)]:
        return x.dtype.kind in "fc"
    return type(x) is float or type(x) is complex


def refuse_argument(call: FlatCall, position: int, name: int | str, transform: str) -> None:
    """Say why an argument cannot be differentiated by, and what to pass instead."""
    x = call.leaves[position]
    function = function_name(call.fun)
    parameters = parameter_names(call.fun)
    if isinstance(name, int):
        name = (
            parameters[name] if -len(parameters) <= name < len(parameters) else f"argument {name}"
        )
    if is_traceable(x) or isinstance(x, int):
        what = f"of dtype {x.dtype}" if is_traceable(x) else f"the {type(x).__name__} {x!r}"
        raise TypeError(
            f"{transform} of {function} by `{name}`, which is {what}: derivatives exist only for "
            f"floating-point numbers.{here()}\nWrite instead: `{name}.astype(float)` for an array, "
            f"`float({name})` for a number, or choose another argument with argnums or argnames"
        )
    raise TypeError(
        f"{transform} of {function} by `{name}`, which is a {type(x).__name__}: expected an array, "
        "a float, or a container of them. Register your own class with `ad.tree.register`, or "
        "choose another argument with argnums or argnames"
    )
