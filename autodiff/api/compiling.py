"""`jit`: trace once for each signature, then run the compiled program."""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial, update_wrapper
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from autodiff.api.arguments import FlatCall, function_name, is_traceable, parameter_names
from autodiff.arrays import namespace
from autodiff.backend.cache import Cache, CacheInfo
from autodiff.backend.derived import Derived, compile_recording, run
from autodiff.ir.types import ArrayType, type_of
from autodiff.tracing import tree
from autodiff.tracing.record import record
from autodiff.tracing.tracer import Tracer

__all__ = ["Jitted", "disable_jit", "jit"]

_enabled: ContextVar[bool] = ContextVar("autodiff_jit_enabled", default=True)
_CAPACITY = 256  # signatures of one function
_WEAK = (float, int, complex)


@contextmanager
def disable_jit() -> Iterator[None]:
    """Run jitted functions as plain Python, to step through them with a debugger.

    Example:
        >>> import autodiff as ad
        >>> f = ad.jit(lambda x: x + 1)
        >>> with ad.disable_jit():
        ...     f(1.0)
        2.0
    """
    token = _enabled.set(False)
    try:
        yield
    finally:
        _enabled.reset(token)


class Entry(NamedTuple):
    """What is kept for one signature."""

    derived: Derived
    positions: list[int] | None  # of the leaves that are traced; None: all are
    captured: list[Any]
    spec: tree.Spec  # of the result
    kinds: list[Any] | None  # classes of outputs that are Python scalars; None: none is
    constants: list[Any] | None  # its leaves with a hole for each output; None: all are outputs

    def result(self, outs: Sequence[Any]) -> Any:
        """What the function returns."""
        if self.kinds is not None:
            outs = [y if k is None else _weak(y, k) for y, k in zip(outs, self.kinds, strict=True)]
        if self.constants is None:
            return tree.unflatten(self.spec, outs)
        remaining = iter(outs)
        leaves = [next(remaining) if x is _HOLE else copied(x) for x in self.constants]
        return tree.unflatten(self.spec, leaves)


_HOLE = object()


def _weak(y: Any, kind: Any) -> Any:
    """A result as the Python scalar that it would be untraced, whose dtype yields to an array's."""
    if type(y) is Tracer:
        y.kind = kind
        return y
    return y.item() if isinstance(y, np.generic) else y


def copied(x: Any) -> Any:
    """A constant result, safe to be changed by who gets it."""
    return x.copy() if is_traceable(x) else x


class Jitted:
    """A function that is traced once for each signature of its arguments."""

    def __init__(
        self, fun: Callable[..., Any], static_argnums: Sequence[int], static_argnames: Sequence[str]
    ) -> None:
        self.fun = fun
        self.name = function_name(fun)
        parameters = parameter_names(fun)
        _check_static(fun, self.name, static_argnums, static_argnames)
        self.static_nums = {i % len(parameters) if parameters else i for i in static_argnums}
        self.static_nums |= {parameters.index(n) for n in static_argnames if n in parameters}
        self.static_names = {
            *static_argnames,
            *(parameters[i] for i in self.static_nums if i < len(parameters)),
        }
        self.entries: Cache[Entry] = Cache(_CAPACITY)
        self.history: deque[tuple[Any, ...]] = deque(maxlen=_CAPACITY)
        self.latest: tuple[Any, Any] = (None, None)  # the signature that came last, and its entry
        update_wrapper(self, fun, updated=())  # not the attributes of another `Jitted`

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else partial(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program for arguments like these; the first such call traces the function."""
        if not _enabled.get():
            return self.fun(*args, **kwargs)
        static: Any = None
        fun = self.fun
        if self.static_nums or self.static_names:
            fun, static, args, kwargs = self._take_static(args, kwargs)
        leaves, spec = tree.flatten_call(args, kwargs)
        signature = (spec, static, *[
            (x.shape, x.dtype) if type(x) is np.ndarray else _leaf_signature(x) for x in leaves
        ])  # fmt: skip
        latest, entry = self.latest  # comparing with it is cheaper than looking it up
        if signature == latest:
            self.entries.hits += 1
        else:
            entry = self._find(signature) or self._trace(fun, args, kwargs, signature)
        inputs = leaves if entry.positions is None else [leaves[i] for i in entry.positions]
        if entry.captured:
            inputs = [*inputs, *entry.captured]
        if all([type(x) is np.ndarray for x in inputs]):  # noqa: C419  # a list is faster for few items
            return entry.result(entry.derived.compiled.on_host(inputs))
        return entry.result(run(entry.derived, inputs))

    def _find(self, signature: tuple[Any, ...]) -> Entry | None:
        try:
            entry = self.entries.get(signature)
            if entry is not None:
                self.latest = signature, entry
            return entry
        except TypeError:
            culprit = next(x for x in signature if not _is_hashable(x))
            raise TypeError(
                f"jit({self.name}): the argument {culprit!r:.80} is neither an array nor hashable. "
                "Pass an array, or a container of arrays (register your own class with "
                "`ad.tree.register`), or for a static argument something hashable such as a tuple"
            ) from None

    def _take_static(self, args: Any, kwargs: Any) -> Any:
        """The function with static arguments filled in, their values, and the other arguments."""
        fixed = {i: x for i, x in enumerate(args) if i in self.static_nums}
        named = {k: x for k, x in kwargs.items() if k in self.static_names}
        values = (
            tuple([(i, _typed(x), x) for i, x in fixed.items()]),
            tuple([(k, _typed(x), x) for k, x in sorted(named.items())]),
        )

        def fun(*rest: Any, **others: Any) -> Any:
            remaining = iter(rest)
            full = [fixed[i] if i in fixed else next(remaining) for i in range(len(args))]
            return self.fun(*full, **others, **named)

        rest = tuple([x for i, x in enumerate(args) if i not in fixed])
        return fun, values, rest, {k: x for k, x in kwargs.items() if k not in named}

    def _trace(self, fun: Any, args: Any, kwargs: Any, signature: tuple[Any, ...]) -> Entry:
        call = FlatCall(fun, args, kwargs)
        call.positions = [
            i for i, x in enumerate(call.leaves) if is_traceable(x) or type(x) in _WEAK
        ]
        inputs = call.inputs
        types = [type_of(x) for x in inputs]
        recording = record(
            call, inputs, label=f"{self.name} (under jit)", types=types, namer=call.names
        )
        traced = [type(x) is Tracer for x in recording.leaves]
        holes = [_HOLE if t else x for x, t in zip(recording.leaves, traced, strict=True)]
        outputs = [x for x in recording.leaves if type(x) is Tracer]
        kinds = [x.kind if isinstance(x.kind, type) else None for x in outputs]
        entry = Entry(
            Derived(compile_recording(recording, self.name)),
            None if len(call.positions) == len(call.leaves) else call.positions,
            recording.args()[len(inputs) :],
            recording.spec,
            kinds if any(kinds) else None,
            None if all(traced) else holes,
        )
        self.history.append(signature)
        # What refers to the variables of an enclosing trace is of no use once that is over.
        if not any(type(x) is Tracer for x in entry.captured):
            self.entries.put(signature, entry)
        return entry

    def cache_info(self) -> CacheInfo:
        """How many calls found their signature traced, how many did not, and what is kept."""
        return self.entries.info()

    def cache_clear(self) -> None:
        """Forget every trace."""
        self.latest = (None, None)
        self.entries.clear()

    def explain_misses(self) -> str:
        """Why each trace after the first was needed: what was new in the arguments."""
        history = list(self.history)
        lines = [f"{self.name}: traced {len(history)} times"]
        for i, signature in enumerate(history[1:], 1):
            nearest = min(
                history[:i], key=lambda old: _differences(old, signature, count_only=True)
            )
            lines.append(f"  trace {i + 1}: {_differences(nearest, signature)}")
        return "\n".join(lines)


def jit(
    fun: Callable[..., Any] | None = None,
    *,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
) -> Any:
    """Trace a function once for each signature of its arguments; then run the compiled program.

    The signature is the structure of the arguments, the shapes and dtypes of arrays, the class of
    numbers, and the value of everything else. The function's Python code runs only when it is
    traced, so it must be pure, and it cannot look at values of its arguments (`if x > 0`): use
    `np.where`, or make the argument static. Arrays that it captures are used by reference: changes
    to them are seen. (With CuPy arrays as arguments, NumPy arrays that it captures are sent to the
    device when it is traced, once.)

    Args:
        fun: a function of arrays, numbers and containers of them.
        static_argnums: positions of arguments that are not traced; each value has its own trace.
        static_argnames: the same by name.

    Returns:
        A function of the same arguments. Its method `cache_info()` counts hits and misses,
        `explain_misses()` says what was new each time it was traced, `cache_clear()` forgets.

    Raises:
        NoValueError: the function asks for the value of something that depends on its arguments.
        TypeError: an argument is neither array, number, container, nor hashable.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> f = ad.jit(ad.grad(lambda x: np.sum(np.sin(x))))
        >>> print(f(np.zeros(3)))
        [1. 1. 1.]
        >>> f.cache_info().misses
        1
    """
    nums = (static_argnums,) if isinstance(static_argnums, int) else tuple(static_argnums)
    names = (static_argnames,) if isinstance(static_argnames, str) else tuple(static_argnames)
    if fun is None:
        return partial(jit, static_argnums=nums, static_argnames=names)
    if not callable(fun):
        raise TypeError(
            f"jit takes a function, not {fun!r:.60}; write `ad.jit(f)(x)`, not `ad.jit(f(x))`"
        )
    return Jitted(fun, nums, names)


def _check_static(
    fun: Callable[..., Any], name: str, nums: Sequence[int], names: Sequence[str]
) -> None:
    """Refuse static arguments that the function does not have."""
    try:
        parameters = inspect.signature(fun).parameters
    except (TypeError, ValueError):
        return
    kinds = {p.kind for p in parameters.values()}
    count = len(parameter_names(fun))
    unknown = [
        n for n in names if n not in parameters and inspect.Parameter.VAR_KEYWORD not in kinds
    ]
    beyond = [
        i for i in nums if not -count <= i < count and inspect.Parameter.VAR_POSITIONAL not in kinds
    ]
    if unknown or beyond:
        raise ValueError(
            f"jit({name}): there is no argument {', '.join(map(repr, [*unknown, *beyond]))} to "
            f"make static; {name} takes {', '.join(parameters) or 'none'}"
        )


def _leaf_signature(x: Any) -> Any:
    """What of a leaf the trace depends on."""
    if type(x) is Tracer:
        return x.kind if isinstance(x.kind, type) else _array_signature(x, x._builder.library)
    if is_traceable(x):
        return _array_signature(x, namespace([x]))
    return type(x) if type(x) in _WEAK else (_typed(x), x)


def _array_signature(x: Any, library: ModuleType) -> tuple[Any, ...]:
    """On a device the trace is another, since the arrays that it captured are there."""
    return (x.shape, x.dtype) if library is np else (x.shape, x.dtype, library.__name__)


def _typed(x: Any) -> Any:
    """What tells equal values apart: 1 from 1.0 and True, 0.0 from -0.0, also within tuples."""
    if isinstance(x, tuple):
        return (type(x), *map(_typed, x))
    return (type(x), repr(x)) if isinstance(x, float | complex) else type(x)


def _is_hashable(x: Any) -> bool:
    try:
        hash(x)
    except TypeError:
        return False
    return True


def _differences(old: tuple[Any, ...], new: tuple[Any, ...], *, count_only: bool = False) -> Any:
    """How one signature differs from another."""
    if old[0] != new[0]:
        return len(new) + 1 if count_only else f"new structure of the arguments: {new[0]}"
    changed = [(i, a, b) for i, (a, b) in enumerate(zip(old[2:], new[2:], strict=True)) if a != b]
    if count_only:
        return len(changed) + (old[1] != new[1])
    shown = [f"leaf {i} was {_shown(a)}, now {_shown(b)}" for i, a, b in changed]
    if old[1] != new[1]:
        shown.append(f"static arguments were {_static(old[1])}, now {_static(new[1])}")
    return "; ".join(shown) or "the entry had been dropped from the cache"


def _static(values: Any) -> str:
    return ", ".join([f"{name}={x!r}" for part in values or () for name, _, x in part])


def _shown(leaf: Any) -> str:
    if isinstance(leaf, tuple) and isinstance(leaf[1], np.dtype):
        return " of ".join([str(ArrayType(*leaf[:2])), *leaf[2:]])
    return leaf.__name__ if isinstance(leaf, type) else repr(leaf[1])
