"""Differentiate, batch and compile the NumPy and CuPy code you already have.

Transforms take a function and return a function; `trace` shows the program they work on.
"""

from autodiff import errors, numpy, tree
from autodiff.api.batching import vmap
from autodiff.api.branching import cond, switch
from autodiff.api.checking import check_grads
from autodiff.api.collectives import (
    all_gather,
    axis_index,
    pmax,
    pmean,
    pmin,
    ppermute,
    psum,
    psum_scatter,
)
from autodiff.api.compiling import disable_jit, jit
from autodiff.api.gradients import grad, value_and_grad
from autodiff.api.hessians import hessian, hessian_diag, hvp
from autodiff.api.jacobians import jacfwd, jacobian, jacrev
from autodiff.api.linear_maps import jvp, linearize, vjp
from autodiff.api.loops import fori_loop, scan, while_loop
from autodiff.api.memory import checkpoint, no_grad, stop_gradient
from autodiff.api.programs import parse, run, to_source
from autodiff.api.sparse import sparse_hessian, sparse_jacobian, sparsity
from autodiff.api.tracing import eval_types, is_traced, trace, value_of
from autodiff.api.transposition import linear_transpose
from autodiff.ir import ArrayType, Program, check

__all__ = [
    "ArrayType",
    "Program",
    "all_gather",
    "axis_index",
    "check",
    "check_grads",
    "checkpoint",
    "cond",
    "disable_jit",
    "errors",
    "eval_types",
    "fori_loop",
    "grad",
    "hessian",
    "hessian_diag",
    "hvp",
    "is_traced",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jit",
    "jvp",
    "linear_transpose",
    "linearize",
    "no_grad",
    "numpy",
    "parse",
    "pmax",
    "pmean",
    "pmin",
    "ppermute",
    "psum",
    "psum_scatter",
    "run",
    "sparse_hessian",
    "sparse_jacobian",
    "sparsity",
    "scan",
    "stop_gradient",
    "switch",
    "to_source",
    "trace",
    "tree",
    "value_and_grad",
    "value_of",
    "vjp",
    "vmap",
    "while_loop",
]
