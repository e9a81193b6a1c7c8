"""How a contraction is computed: the fastest NumPy expression for a spec and two operand types.

`lowering("ij,jk->ik", x, y)` is the text `{0}.dot({1})`. The choice is made once for each spec
and pair of types. `contract` runs by evaluating this text, and generated code contains it, so
that there is nothing to keep consistent. What guides the choice (measured):

- `x.dot(y)` costs half a microsecond less than `x @ y`, and both hand transposed views to BLAS as
  they are; so operands are grouped to matrices by `reshape` and `.T`, and copied only where that
  fails.
- An outer product of real numbers is twice as fast as a product of matrices as by broadcasting.
- Stacks of matrices are for `@`, stacks of dot products too if the summed axis comes last. A
  product that would need a copy to become one of two matrices is cheaper as a stack of products.
- `np.einsum` spends longer on reading its spec than a small product takes, so it is never used.

An index has one of four roles: it is in both operands and the result (batch), in both operands
only (summed), or in one operand and the result (of the left or the right operand).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from autodiff.ir.types import ArrayType

__all__ = ["Roles", "lowering", "roles"]

_BLAS = "fdFD"  # dtypes for which a product of matrices is fast


@dataclass(frozen=True)
class Roles:
    """The indices of a spec by role, each group in the order of the result (summed: of x)."""

    x: str
    y: str
    out: str
    batch: str
    left: str
    right: str
    summed: str


@lru_cache(maxsize=4096)
def roles(spec: str) -> Roles:
    """Read a spec such as `bij,bjk->bik`."""
    operands, arrow, out = spec.partition("->")
    x, comma, y = operands.partition(",")
    if not arrow or not comma or any(len(set(t)) != len(t) or not _letters(t) for t in (x, y, out)):
        raise ValueError(f"{spec!r} is not of the form 'ij,jk->ik' with each index once in a term")
    if not set(out) <= set(x + y) or (set(x) ^ set(y)) - set(out):
        raise ValueError(f"in {spec!r}, the result lacks an index, or has one that no operand has")
    return Roles(
        x=x,
        y=y,
        out=out,
        batch="".join(k for k in out if k in x and k in y),
        left="".join(k for k in out if k not in y),
        right="".join(k for k in out if k not in x),
        summed="".join(k for k in x if k not in out),
    )


def _letters(labels: str) -> bool:
    return labels.isalpha() or not labels


@lru_cache(maxsize=4096)
def lowering(spec: str, x: ArrayType, y: ArrayType) -> str:
    """Python text for a contraction of `{0}` and `{1}`, of these types."""
    r = roles(spec)
    sizes = dict(zip(r.x + r.y, x.shape + y.shape, strict=True))
    left, right = Term("{0}", r.x, sizes), Term("{1}", r.y, sizes)
    if not r.summed:
        swapped = r.out == r.right + r.left
        matrices = r.left and r.right and (swapped or r.out == r.left + r.right)
        if r.batch or not matrices or x.dtype.char not in "fd":
            return f"{left.stacked(r.out).text} * {right.stacked(r.out).text}"
        return _matrix_product(*((right, left) if swapped else (left, right)), r.out, "")
    if r.batch and not r.left and not r.right:
        return _stacked_dot(left, right, r, x.dtype.char)
    if r.batch or _matrix_part(left, r)[0] or _matrix_part(right, r)[0]:
        return _stacked_product(left, right, r)
    return _dot(left, right, r, x.dtype.kind)


@dataclass(frozen=True)
class Term:
    """The text of an array, and what index each of its axes has."""

    text: str
    labels: str
    sizes: dict[str, int]

    def permuted(self, order: str) -> Term:
        """With the axes in another order."""
        if order == self.labels:
            return self
        if order == self.labels[::-1]:
            return self.to(".T", order)
        return self.to(f".transpose{tuple([self.labels.index(k) for k in order])}", order)

    def grouped(self, *groups: str) -> Term:
        """With the axes of each group merged into one (the axes must be in this order)."""
        if all(len(g) == 1 for g in groups):
            return self
        shape = ", ".join([str(math.prod([self.sizes[k] for k in g])) for g in groups])
        return self.to(f".reshape({shape})", self.labels)

    def stacked(self, stack: str, *groups: str) -> Term:
        """The axes `stack` (of length one where there is none), then those of each group."""
        lead = [k for k in stack if k in self.labels]
        new = self.permuted("".join([*lead, *groups])).grouped(*lead, *groups)
        parts = [":" if k in lead else "None" for k in stack]
        while parts and parts[0] == "None":
            parts.pop(0)
        return new.to(f"[{', '.join(parts)}]", new.labels) if "None" in parts else new

    def to(self, suffix: str, labels: str) -> Term:
        """With something done to it."""
        return Term(self.text + suffix, labels, self.sizes)


def _finished(product: Term, split: str, out: str) -> str:
    """A product in the order of the result, its axes first taken apart to `split`, if given."""
    if split:
        product = product.to(
            f".reshape({', '.join([str(product.sizes[k]) for k in split])})", split
        )
    return product.permuted(out).text


# ---- one product of two matrices


def _dot(left: Term, right: Term, r: Roles, kind: str) -> str:
    own = (_own(left, r.summed), _own(right, r.summed))
    if r.out == own[1] + own[0] != own[0]:  # this way round, the result needs no transpose
        left, right, own = right, left, own[::-1]
    summed = min((_order(left, r), _order(right, r)), key=lambda s: _copied((left, right), s))
    if not own[0] and not own[1]:
        return _flat_dot(left, right, summed, kind)
    if not own[0]:
        return _vector_product(right, left, own[1], summed, r.out)
    if not own[1]:
        return _vector_product(left, right, own[0], summed, r.out)
    return _matrix_product(left, right, r.out, summed)


def _own(term: Term, summed: str) -> str:
    """The indices that are not summed, in the order of the operand."""
    return "".join(k for k in term.labels if k not in summed)


def _order(term: Term, r: Roles) -> str:
    """The summed indices in the order of the operand."""
    return "".join(k for k in term.labels if k in r.summed)


def _copied(terms: Sequence[Term], summed: str) -> int:
    """How many elements are copied to group the operands with the summed indices in this order."""
    copied = 0
    for term in terms:
        own = _own(term, summed)
        if term.labels not in (own + summed, summed + own):
            copied += math.prod(term.sizes[k] for k in term.labels)
    return copied


def _flat_dot(left: Term, right: Term, summed: str, kind: str) -> str:
    """A full contraction to a scalar."""
    left, right = left.permuted(summed), right.permuted(summed)
    if len(summed) > 1 and kind != "c":  # of complex numbers, vdot conjugates the first
        return f"np.vdot({left.text}, {right.text})"
    return f"{left.grouped(summed).text}.dot({right.grouped(summed).text})"


def _vector_product(matrix: Term, vector: Term, own: str, summed: str, out: str) -> str:
    """A matrix times a vector, from the side on which the matrix needs no transpose."""
    v = vector.permuted(summed).grouped(summed).text
    if matrix.labels == summed + own:
        text = f"{v}.dot({matrix.grouped(summed, own).text})"
    else:
        text = f"{matrix.permuted(own + summed).grouped(own, summed).text}.dot({v})"
    product = Term(text, own, matrix.sizes)
    return _finished(product, own if len(own) > 1 else "", out)


def _matrix(term: Term, rows: str, columns: str) -> str:
    """The operand as a matrix; a transposed view if its axes are the other way round."""
    if rows and columns and term.labels == columns + rows:
        return term.grouped(columns, rows).text + ".T"
    return term.permuted(rows + columns).grouped(rows, columns).text


def _matrix_product(left: Term, right: Term, out: str, summed: str) -> str:
    rows, columns = _own(left, summed), _own(right, summed)
    text = f"{_matrix(left, rows, summed)}.dot({_matrix(right, summed, columns)})"
    product = Term(text, rows + columns, left.sizes)
    return _finished(product, rows + columns if len(rows + columns) > 2 else "", out)


# ---- stacks of products


def _stacked_dot(left: Term, right: Term, r: Roles, char: str) -> str:
    """Dot products of two stacks of vectors."""
    last = left.labels.endswith(r.summed) and right.labels.endswith(r.summed)
    if not last and char in _BLAS:
        # Striding along the summed axis would cost more than storing the products.
        axes = tuple([left.labels.index(k) for k in r.summed])
        over = axes[0] if len(axes) == 1 else axes
        text = f"({left.text} * {right.permuted(left.labels).text}).sum({over})"
        return Term(text, _own(left, r.summed), left.sizes).permuted(r.out).text
    x, y = left.stacked(r.batch, r.summed), right.stacked(r.batch, r.summed)
    return f"({x.text}[..., None, :] @ {y.text}[..., None])[..., 0, 0]"


def _stacked_product(left: Term, right: Term, r: Roles) -> str:
    """Products of two stacks of matrices; one of them may be a stack of vectors."""
    (more_left, rows), (more_right, columns) = _matrix_part(left, r), _matrix_part(right, r)
    stack = "".join(k for k in r.out if k in r.batch + more_left + more_right)
    if not rows or (columns and r.out == stack + columns + rows):
        left, right, rows, columns = right, left, columns, rows
    x = left.stacked(stack, rows, r.summed).text
    if not columns:
        y = right.stacked(stack, r.summed).text
        product = Term(f"({x} @ {y}[..., None])[..., 0]", stack + rows, left.sizes)
        return _finished(product, product.labels if len(rows) > 1 else "", r.out)
    product = Term(
        f"{x} @ {right.stacked(stack, r.summed, columns).text}", stack + rows + columns, left.sizes
    )
    merged = len(rows) > 1 or len(columns) > 1
    if merged or product.labels != r.out:
        product = Term(f"({product.text})", product.labels, product.sizes)
    return _finished(product, product.labels if merged else "", r.out)


def _matrix_part(term: Term, r: Roles) -> tuple[str, str]:
    """The operand's own indices: those to stack along, and the last ones that lie side by side.

    The latter make one axis of a matrix without a copy; `@` repeats the other operand along the
    former.
    """
    own = _own(term, r.batch + r.summed)
    for i in range(len(own)):
        if own[i:] in term.labels:
            return own[:i], own[i:]
    return "", ""
