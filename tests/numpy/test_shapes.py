"""Shapes, joining, splitting, rearranging against NumPy."""

import numpy as np
import pytest

from tests.numpy.calls import check_call, check_gradient, sample

SHAPES = {
    "reshape": lambda x: np.reshape(x, (3, 2, 4)),
    "reshape-minus-one": lambda x: x.reshape(4, -1),
    "reshape-tuple": lambda x: x.reshape((-1,)),
    "reshape-int": lambda x: np.reshape(x, -1),
    "reshape-fortran": lambda x: np.reshape(x, (4, 6), order="F"),
    "reshape-array": lambda x: x.reshape(np.array([6, 4])),
    "reshape-copy": lambda x: np.reshape(x, (6, 4), copy=True),
    "reshape-wrong": lambda x: x.reshape(5, -1),
    "ravel": lambda x: np.ravel(x),
    "ravel-fortran": lambda x: x.ravel("F"),
    "flatten": lambda x: x.flatten(),
    "flat": lambda x: x.flat[3:5],
    "T": lambda x: x.T,
    "mT": lambda x: x.mT,
    "transpose": lambda x: np.transpose(x),
    "transpose-axes": lambda x: np.transpose(x, (1, 0, -1)),
    "transpose-method": lambda x: x.transpose(2, 0, 1),
    "transpose-method-tuple": lambda x: x.transpose((2, 0, 1)),
    "permute_dims": lambda x: np.permute_dims(x, (2, 1, 0)),
    "matrix_transpose": lambda x: np.matrix_transpose(x),
    "linalg-matrix_transpose": lambda x: np.linalg.matrix_transpose(x),
    "swapaxes": lambda x: x.swapaxes(0, -1),
    "moveaxis": lambda x: np.moveaxis(x, 0, -1),
    "moveaxis-several": lambda x: np.moveaxis(x, (0, 1), (2, 0)),
    "rollaxis": lambda x: np.rollaxis(x, 2),
    "rollaxis-start": lambda x: np.rollaxis(x, 0, 3),
    "expand_dims": lambda x: np.expand_dims(x, 1),
    "expand_dims-several": lambda x: np.expand_dims(x, (0, -1)),
    "newaxis": lambda x: x[:, None, ..., None],
    "squeeze": lambda x: np.squeeze(x[:1, None]),
    "squeeze-axis": lambda x: x[:1, :, :1].squeeze(axis=2),
    "squeeze-wrong": lambda x: np.squeeze(x, 0),
    "atleast": lambda x: np.atleast_3d(x[0], x[0, 0], x[0, 0, 0]),
    "atleast_1d": lambda x: np.atleast_1d(x[0, 0, 0]),
    "atleast_2d": lambda x: np.atleast_2d(x[0, 0], x),
    "broadcast_to": lambda x: np.broadcast_to(x[0], (5, 3, 4)),
    "broadcast_to-ones": lambda x: np.broadcast_to(x[:, :1], (2, 3, 4)),
    "broadcast_arrays": lambda x: np.broadcast_arrays(x[0], x[:, :1, :1], 2.0),
}

JOINING = {
    "concatenate": lambda x: np.concatenate([x, x * 2]),
    "concatenate-axis": lambda x: np.concatenate((x, np.ones((2, 1, 4))), axis=1),
    "concatenate-flat": lambda x: np.concatenate([x, x[0]], axis=None),
    "concatenate-dtype": lambda x: np.concatenate([x, x], dtype=np.complex64),
    "concatenate-array": lambda x: np.concatenate(x),
    "concat": lambda x: np.concat([x, x], axis=-1),
    "stack": lambda x: np.stack([x, x + 1], axis=1),
    "stack-scalars": lambda x: np.stack([x[0, 0, 0], 1.0, x[0, 0, 1]]),
    "stack-rows": lambda x: np.stack(list(x), axis=-1),
    "vstack": lambda x: np.vstack([x[0, 0], x[0]]),
    "hstack": lambda x: np.hstack([x[0], x[1]]),
    "hstack-vectors": lambda x: np.hstack([x[0, 0], x[0, 1], 5]),
    "dstack": lambda x: np.dstack([x[0], x[1]]),
    "column_stack": lambda x: np.column_stack([x[0, 0], x[0].T]),
    "append": lambda x: np.append(x, [1, 2]),
    "append-axis": lambda x: np.append(x, x[:1], axis=0),
    "block": lambda x: np.block([[x[0], np.ones((3, 2))], [np.zeros((1, 6))]]),
    "block-flat": lambda x: np.block([x, x]),
    "block-one": lambda x: np.block(x),
    "tile": lambda x: np.tile(x, 2),
    "tile-several": lambda x: np.tile(x[0], (2, 1, 3)),
    "repeat": lambda x: np.repeat(x, 2),
    "repeat-axis": lambda x: x.repeat(3, axis=1),
    "repeat-each": lambda x: np.repeat(x, [1, 0, 2], axis=1),
    "split": lambda x: np.split(x, 2, axis=-1),
    "split-indices": lambda x: np.split(x, [1, 3], axis=2),
    "split-uneven": lambda x: np.split(x, 2, axis=1),
    "array_split": lambda x: np.array_split(x, 3, axis=2),
    "hsplit": lambda x: np.hsplit(x, 3),
    "vsplit": lambda x: np.vsplit(x, 2),
    "dsplit": lambda x: np.dsplit(x, [1]),
    "unstack": lambda x: np.unstack(x, axis=1),
    "meshgrid": lambda x: np.meshgrid(x[0, 0], x[1, 1, :2]),
    "meshgrid-ij": lambda x: np.meshgrid(x[0, 0], x[1, 1, :2], indexing="ij"),
    "meshgrid-sparse": lambda x: np.meshgrid(x[0, 0], x[1, 1, :2], x[0, :, 0], sparse=True),
}

REARRANGING = {
    "flip": lambda x: np.flip(x),
    "flip-axis": lambda x: np.flip(x, 1),
    "fliplr": lambda x: np.fliplr(x),
    "flipud": lambda x: np.flipud(x),
    "rot90": lambda x: np.rot90(x),
    "rot90-twice": lambda x: np.rot90(x, 2, axes=(1, 2)),
    "rot90-back": lambda x: np.rot90(x, -1, axes=(0, 2)),
    "rot90-full": lambda x: np.rot90(x, 4) * 1,
    "roll": lambda x: np.roll(x, 3),
    "roll-axis": lambda x: np.roll(x, -1, axis=2),
    "roll-axes": lambda x: np.roll(x, (1, 2), axis=(0, 1)),
    "pad": lambda x: np.pad(x, 1),
    "pad-pairs": lambda x: np.pad(x, ((0, 1), (2, 0), (0, 0))),
    "pad-dict": lambda x: np.pad(x, {-1: (1, 2)}),
    "pad-value": lambda x: np.pad(x, 1, constant_values=2),
    "pad-values": lambda x: np.pad(x, 1, constant_values=((1, 2), (3, 4), (5, 6))),
    "pad-edge": lambda x: np.pad(x, (2, 1), mode="edge"),
    "pad-reflect": lambda x: np.pad(x, 1, mode="reflect"),
    "pad-symmetric": lambda x: np.pad(x, (1, 3), "symmetric"),
    "pad-odd": lambda x: np.pad(x, 1, "reflect", reflect_type="odd"),
    "pad-wrap": lambda x: np.pad(x, 2, mode="wrap"),
    "diagonal": lambda x: np.diagonal(x),
    "diagonal-offset": lambda x: x.diagonal(1, 1, 2),
    "diagonal-below": lambda x: np.diagonal(x, -1, 2, 0),
    "diagonal-beyond": lambda x: np.diagonal(x, 7),
    "diag": lambda x: np.diag(x[0, 0]),
    "diag-offset": lambda x: np.diag(x[0, 0], -2),
    "diag-above": lambda x: np.diag(x[0, 0], 1),
    "diag-of-matrix": lambda x: np.diag(x[0], 1),
    "diagflat": lambda x: np.diagflat(x[0, :2], 1),
    "linalg-diagonal": lambda x: np.linalg.diagonal(x, offset=1),
    "trace": lambda x: np.trace(x),
    "trace-axes": lambda x: x.trace(1, 1, 2),
    "linalg-trace": lambda x: np.linalg.trace(x),
    "tril": lambda x: np.tril(x),
    "tril-offset": lambda x: np.tril(x[0], -1),
    "triu": lambda x: np.triu(x, 1),
    "triu-vector": lambda x: np.triu(x[0, 0]),
    "delete": lambda x: np.delete(x, 1, axis=2),
    "delete-several": lambda x: np.delete(x, [0, -1]),
    "delete-slice": lambda x: np.delete(x, slice(0, 2), axis=1),
    "insert": lambda x: np.insert(x, 1, 5, axis=1),
    "insert-flat": lambda x: np.insert(x, [0, 2], [7, 8]),
    "insert-rows": lambda x: np.insert(x[0], 1, x[1, :2], axis=0),
    "insert-row": lambda x: np.insert(x[0], 1, x[1, 0], axis=0),
    "insert-columns": lambda x: np.insert(x[0], [1, 3], x[1, :, :2], axis=1),
    "resize": lambda x: np.resize(x, (5, 7)),
}

ALL = SHAPES | JOINING | REARRANGING
FAILING = {"reshape-wrong", "squeeze-wrong", "split-uneven"}  # in NumPy, too


@pytest.mark.parametrize("dtype", ["f8", "f4", "i4", "?", "c16"])
@pytest.mark.parametrize("name", ALL)
def test_same_as_numpy(name, dtype):
    check_call(ALL[name], sample((2, 3, 4), dtype))


@pytest.mark.parametrize("name", sorted(set(ALL) - FAILING))
def test_gradient(name):
    if "dtype" not in name:
        check_gradient(ALL[name], sample((2, 3, 4)))


VIEWS = {
    "reshape": lambda x: x.reshape(6, 4),
    "T": lambda x: x.T,
    "swapaxes": lambda x: np.swapaxes(x, 0, 1),
    "expand_dims": lambda x: np.expand_dims(x, 0),
    "squeeze": lambda x: x[:, :1].squeeze(),
    "flip": lambda x: np.flip(x, 0),
    "split": lambda x: np.split(x, 2, axis=2)[1],
    "ravel": lambda x: x.ravel(),
    "rot90": lambda x: np.rot90(x),
}


@pytest.mark.parametrize("name", VIEWS)
def test_assignment_through_views(name):
    def f(x):
        y = x.copy()
        view = VIEWS[name](y)
        view[0] = 9
        y[1] += 1
        return y, view

    check_call(f, sample((2, 3, 4)))
    check_gradient(f, sample((2, 3, 4)))


COPIES = {
    "flatten": lambda x: x.flatten().reshape(2, 3),
    "copy-method": lambda x: x.copy(),
    "copy": lambda x: np.copy(x),
    "positive": lambda x: +x,
    "astype": lambda x: x.astype(float),
    "tile": lambda x: np.tile(x, 1),
    "roll": lambda x: np.roll(x, 0),
    "concatenate": lambda x: np.concatenate([x]),
    "power": lambda x: x**1,
    "pad": lambda x: np.pad(x, 0),
    "conjugate": lambda x: np.conjugate(x),
    "clip": lambda x: np.clip(x, None, 9),
    "sum": lambda x: x.sum(axis=()),
    "round": lambda x: np.round(x.astype(int)),
    "repeat": lambda x: x.repeat(1, axis=0),
}


@pytest.mark.parametrize("copies", COPIES.values(), ids=COPIES)
def test_copies_are_no_views(copies):
    def f(x):
        y = x * 1
        copy = copies(y)
        y[0] = 9
        copy[1] = 7
        return y, copy

    check_call(f, sample((2, 3)))


def test_read_only_views_follow_and_refuse():
    def follow(x):
        y = x * 1
        wide, diagonal = np.broadcast_to(y, (2, 3, 3)), np.diagonal(y)
        y[1, 1] = 9
        return wide, diagonal

    check_call(follow, sample((3, 3)))

    def refuse(x):
        np.broadcast_to(x * 1, (2, 3, 3))[0] = 1
        return x

    check_call(refuse, sample((3, 3)))


def test_out_of_layout_order_is_refused():
    import autodiff as ad

    with pytest.raises(TypeError, match="depends on memory layout"):
        ad.grad(lambda x: x.ravel("K").sum())(np.ones((2, 2)))
