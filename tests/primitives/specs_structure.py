"""Rows for what moves elements, for the vector-space operations that do, and for contractions."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.primitives.algebra import broadcast
from autodiff.primitives.contraction import contract
from autodiff.primitives.dynamic import dynamic_slice, dynamic_update
from autodiff.primitives.structure import concatenate, flip, pad, permute, reshape, slice_
from tests.primitives.spec import Maker, Spec, booleans, complex_uniform, integers, uniform

F32 = np.float32


def x(*shape: int, dtype: Any = float) -> Maker:
    return uniform(-1, 1, shape, dtype)


def z(*shape: int) -> Maker:
    return complex_uniform(-1, 1, shape)


def literal(value: Any) -> Maker:
    """A constant that is part of the program."""
    return lambda rng: value


def amounts(*per_axis: tuple[int, int, int]) -> dict[str, Any]:
    """The params of pad, from (low, high, interior) for each axis."""
    low, high, interior = zip(*per_axis, strict=True) if per_axis else ((), (), ())
    return {"low": low, "high": high, "interior": interior}


def part(*per_axis: tuple[int, int, int]) -> dict[str, Any]:
    """The params of slice_, from (start, stop, step) for each axis."""
    start, stop, step = zip(*per_axis, strict=True) if per_axis else ((), (), ())
    return {"start": start, "stop": stop, "step": step}


BROADCAST = [
    Spec(broadcast, (x(3),), {"shape": (2, 3), "axes": (0,)}),
    Spec(broadcast, (x(),), {"shape": (2, 3), "axes": (0, 1)}, id="broadcast-0d"),
    Spec(broadcast, (literal(np.float64(2)),), {"shape": (2,), "axes": (0,)}, id="broadcast-1"),
    Spec(broadcast, (z(2),), {"shape": (2, 3), "axes": (1,)}, id="broadcast-complex"),
    Spec(broadcast, (x(3),), {"shape": (0, 3), "axes": (0,)}, id="broadcast-empty"),
    Spec(broadcast, (x(2),), {"shape": (2,), "axes": ()}, id="broadcast-nowhere"),
]

RESHAPE = [
    Spec(reshape, (x(2, 6),), {"shape": (3, 4)}),
    Spec(reshape, (x(2, 3, dtype=F32),), {"shape": (6,)}, id="reshape-f32"),
    Spec(reshape, (z(4),), {"shape": (2, 2)}, id="reshape-complex"),
    Spec(reshape, (integers(0, 9, (2, 2)),), {"shape": (4,)}, id="reshape-int"),
    Spec(reshape, (x(0, 3),), {"shape": (2, 0)}, id="reshape-empty"),
    Spec(reshape, (x(),), {"shape": (1, 1)}, id="reshape-0d"),
    Spec(reshape, (x(1, 1),), {"shape": ()}, id="reshape-to-0d"),
    Spec(reshape, (x(),), {"shape": ()}, id="reshape-0d-to-0d"),
]

PERMUTE = [
    Spec(permute, (x(2, 3),), {"perm": (1, 0)}),
    Spec(permute, (x(2, 3, 4),), {"perm": (2, 0, 1)}, id="permute-3d"),
    Spec(permute, (x(2, 3),), {"perm": (0, 1)}, id="permute-not"),
    Spec(permute, (z(2, 3),), {"perm": (1, 0)}, id="permute-complex"),
    Spec(permute, (booleans((2, 3)),), {"perm": (1, 0)}, id="permute-bool"),
    Spec(permute, (x(0, 3),), {"perm": (1, 0)}, id="permute-empty"),
    Spec(permute, (x(),), {"perm": ()}, id="permute-0d"),
]

FLIP = [
    Spec(flip, (x(2, 3),), {"axes": (1,)}),
    Spec(flip, (x(2, 3, dtype=F32),), {"axes": (0, 1)}, id="flip-f32"),
    Spec(flip, (z(3),), {"axes": (0,)}, id="flip-complex"),
    Spec(flip, (integers(0, 9, (2, 3)),), {"axes": (0,)}, id="flip-int"),
    Spec(flip, (x(0, 3),), {"axes": (0,)}, id="flip-empty"),
    Spec(flip, (x(),), {"axes": ()}, id="flip-0d"),
]

SLICE = [
    Spec(slice_, (x(3, 5),), part((1, 3, 1), (0, 5, 2))),
    Spec(slice_, (x(7),), part((1, 7, 3)), id="slice-step"),
    Spec(slice_, (x(7),), part((1, 6, 3)), id="slice-step-short"),
    Spec(slice_, (x(3, 2),), part((0, 3, 1), (0, 2, 1)), id="slice-all"),
    Spec(slice_, (x(3, 2),), part((2, 2, 1), (0, 2, 1)), id="slice-nothing"),
    Spec(slice_, (x(0, 2),), part((0, 0, 2), (1, 2, 1)), id="slice-empty"),
    Spec(slice_, (z(4),), part((1, 3, 1)), id="slice-complex"),
    Spec(slice_, (booleans((4,)),), part((1, 3, 1)), id="slice-bool"),
    Spec(slice_, (x(4, dtype=F32),), part((1, 4, 2)), id="slice-f32"),
    Spec(slice_, (x(),), part(), id="slice-0d"),
]

PAD = [
    Spec(pad, (x(2, 3), x()), amounts((1, 2, 0), (0, 1, 2))),
    Spec(pad, (x(3), literal(np.float64(0))), amounts((1, 1, 0)), id="pad-zero"),
    Spec(pad, (x(2), literal(np.float64(np.inf))), amounts((1, 0, 1)), id="pad-inf", smooth=False),
    Spec(pad, (x(2, dtype=F32), x(dtype=F32)), amounts((0, 1, 1)), id="pad-f32"),
    Spec(pad, (z(2), z()), amounts((1, 1, 1)), id="pad-complex"),
    Spec(pad, (integers(0, 9, (2,)), integers(0, 9, ())), amounts((1, 1, 1)), id="pad-int"),
    Spec(pad, (x(0, 2), x()), amounts((1, 1, 5), (0, 0, 0)), id="pad-empty"),
    Spec(pad, (x(2), x()), amounts((0, 0, 0)), id="pad-not"),
    Spec(pad, (x(), x()), amounts(), id="pad-0d"),
]

CONCATENATE = [
    Spec(concatenate, (x(2, 3), x(1, 3), x(2, 3)), {"axis": 0}),
    Spec(concatenate, (x(2, 1), x(2, 2)), {"axis": 1}, id="concatenate-columns"),
    Spec(concatenate, (x(2),), {"axis": 0}, id="concatenate-one"),
    Spec(concatenate, (x(0), x(2)), {"axis": 0}, id="concatenate-empty"),
    Spec(concatenate, (z(2), z(1)), {"axis": 0}, id="concatenate-complex"),
    Spec(concatenate, (x(2, dtype=F32), x(1, dtype=F32)), {"axis": 0}, id="concatenate-f32"),
    Spec(concatenate, (booleans((2,)), booleans((3,))), {"axis": 0}, id="concatenate-bool"),
]

# Where a window of (2, 2) starts in an array of (4, 3): counted from the end, and from the front.
ROW, COLUMN = integers(-4, -1, ()), integers(0, 2, (), np.int32)
ROWS, COLUMNS = integers(-4, -1, (2,)), integers(0, 2, (2,))

DYNAMIC = [
    Spec(dynamic_slice, (x(4, 3), ROW, COLUMN), {"sizes": (2, 2)}),
    Spec(dynamic_slice, (x(2, 4, 3), ROWS, COLUMNS), {"sizes": (2, 2)}, id="dynamic_slice-stack"),
    Spec(dynamic_slice, (z(4), literal(np.int64(1))), {"sizes": (2,)}, id="dynamic_slice-complex"),
    Spec(dynamic_slice, (integers(0, 9, (4,)), ROW), {"sizes": (2,)}, id="dynamic_slice-int"),
    Spec(dynamic_slice, (x(4, dtype=F32), ROW), {"sizes": (0,)}, id="dynamic_slice-nothing"),
    Spec(dynamic_slice, (x(),), {"sizes": ()}, id="dynamic_slice-0d"),
    Spec(dynamic_update, (x(4, 3), x(2, 2), ROW, COLUMN)),
    Spec(dynamic_update, (x(2, 4, 3), x(2, 2, 2), ROWS, COLUMNS), id="dynamic_update-stack"),
    Spec(dynamic_update, (z(4), z(2), literal(np.int64(-3))), id="dynamic_update-complex"),
    Spec(dynamic_update, (x(4, dtype=F32), x(1, dtype=F32), ROW), id="dynamic_update-f32"),
    Spec(dynamic_update, (booleans((4,)), booleans((2,)), ROW), id="dynamic_update-bool"),
    Spec(dynamic_update, (x(4), x(0), ROW), id="dynamic_update-nothing"),
    Spec(dynamic_update, (x(), x()), id="dynamic_update-0d"),
]

# Every way in which a contraction is lowered, and the ways that are easy to get wrong.
CONTRACTIONS = """
    ,-> i,->i ,i->i i,i-> i,i->i ij,j->i ij,i->j j,ij->i j,ji->i ij,jk->ik ij,kj->ik ji,jk->ik
    ij,jk->ki i,j->ij i,j->ji ij,j->ij ij,ij-> ij,ji-> bij,jk->bik bij,bik->jk bij,bjk->bik
    bij,bkj->bik bij,bj->bi bi,bij->bj bi,bi->b ij,ij->j bij,b->ij ij,kl->ikjl ij,kl->ijkl
    ijb,bj->ib hij,zhjk->zhik ij,zjk->zik abij,ij->ab iajb,bkj->kai ijk,ikj->ij
"""
SIZES = dict(zip("ijkbhzal", (2, 3, 2, 3, 2, 2, 1, 2), strict=True))


def contraction(spec: str, make: Any = x, name: str = "") -> Spec:
    shapes = [tuple(SIZES[k] for k in term) for term in spec.partition("->")[0].split(",")]
    return Spec(
        contract, tuple(make(*s) for s in shapes), {"spec": spec}, f"contract[{spec}]{name}"
    )


def small(*shape: int) -> Maker:
    return integers(-3, 4, shape, np.int32)


def single(*shape: int) -> Maker:
    return uniform(-1, 1, shape, F32)


def empty(*shape: int) -> Maker:
    """No elements along the index j."""
    return uniform(-1, 1, tuple(0 if d == SIZES["j"] else d for d in shape))


CONTRACT = [
    *[contraction(spec) for spec in CONTRACTIONS.split()],
    *[contraction(spec, z, "-complex") for spec in ("ij,jk->ik", "ij,ij->", "i,j->ij", "bi,bi->b")],
    *[contraction(spec, single, "-f32") for spec in ("ij,jk->ik", "i,j->ij", "bij,bj->bi")],
    *[
        contraction(spec, small, "-int")
        for spec in ("ij,jk->ik", "i,j->ij", "ij,ij->j", "bi,bi->b")
    ],
    *[contraction(spec, lambda *s: booleans(s), "-bool") for spec in ("ij,jk->ik", "ij,ij->j")],
    *[contraction(spec, empty, "-empty") for spec in ("ij,jk->ik", "kij,jk->ik", "ij,ij->")],
]

SPECS: list[Spec] = [
    *BROADCAST, *RESHAPE, *PERMUTE, *FLIP, *SLICE, *PAD, *CONCATENATE, *DYNAMIC, *CONTRACT,
]  # fmt: skip
