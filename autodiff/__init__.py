"""Differentiate, batch and compile the NumPy and CuPy code you already have.

Transforms take a function and return a function; `trace` shows the program they work on.
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING

from autodiff import debug, errors, numpy, tree
from autodiff.api import policies
from autodiff.api.batching import vmap
from autodiff.api.branching import cond, switch
from autodiff.api.compiling import disable_jit, jit
from autodiff.api.gradients import grad, value_and_grad
from autodiff.api.hessians import hessian, hessian_diag, hvp
from autodiff.api.jacobians import jacfwd, jacobian, jacrev
from autodiff.api.linear_maps import jvp, linearize, vjp
from autodiff.api.loops import fori_loop, scan, while_loop
from autodiff.api.memory import checkpoint, checkpoint_name, no_grad, stop_gradient
from autodiff.api.programs import parse, run, to_source
from autodiff.api.tracing import eval_types, is_traced, trace, value_of
from autodiff.ir import ArrayType, Program, check

if TYPE_CHECKING:  # what is imported when it is first used; see `_LATER`
    from autodiff.api.callbacks import pure_callback
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
    from autodiff.api.custom_rules import custom_jvp, custom_rule, custom_vjp
    from autodiff.api.extending import define_primitive
    from autodiff.api.many_directions import jvp_many, vjp_many
    from autodiff.api.mapping import associative_scan, map
    from autodiff.api.numeric import numeric_rule
    from autodiff.api.products import fisher_vp, gauss_newton_vp
    from autodiff.api.residuals import saved_residuals
    from autodiff.api.sparse import sparse_hessian, sparse_jacobian, sparsity
    from autodiff.api.taylor import derivatives, jet
    from autodiff.api.transposition import linear_transpose
    from autodiff.solving.argmin import argmax, argmin
    from autodiff.solving.implicit import custom_root, fixed_point
    from autodiff.solving.iterative_solvers import bicgstab, cg, gmres
    from autodiff.solving.linear_solves import custom_linear_solve, linear_solve
    from autodiff.solving.odeint import odeint
    from autodiff.solving.sparse_systems import sparse_solve

__all__ = [
    "ArrayType",
    "Program",
    "all_gather",
    "argmax",
    "argmin",
    "associative_scan",
    "axis_index",
    "bicgstab",
    "cg",
    "check",
    "check_grads",
    "checkpoint",
    "checkpoint_name",
    "cond",
    "custom_jvp",
    "custom_linear_solve",
    "custom_root",
    "custom_rule",
    "custom_vjp",
    "debug",
    "define_primitive",
    "derivatives",
    "disable_jit",
    "errors",
    "eval_types",
    "fisher_vp",
    "fixed_point",
    "fori_loop",
    "gauss_newton_vp",
    "gmres",
    "grad",
    "hessian",
    "hessian_diag",
    "hvp",
    "is_traced",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jet",
    "jit",
    "jvp",
    "jvp_many",
    "linear_solve",
    "linear_transpose",
    "linearize",
    "map",
    "no_grad",
    "numeric_rule",
    "numpy",
    "odeint",
    "parse",
    "pmax",
    "pmean",
    "pmin",
    "policies",
    "ppermute",
    "psum",
    "psum_scatter",
    "pure_callback",
    "run",
    "saved_residuals",
    "scan",
    "sparse_hessian",
    "sparse_jacobian",
    "sparse_solve",
    "sparsity",
    "stop_gradient",
    "switch",
    "to_source",
    "trace",
    "tree",
    "value_and_grad",
    "value_of",
    "vjp",
    "vjp_many",
    "vmap",
    "while_loop",
]

# What most programs do without, by module.
_LATER = {
    "api.callbacks": "pure_callback",
    "api.checking": "check_grads",
    "api.collectives": "all_gather axis_index pmax pmean pmin ppermute psum psum_scatter",
    "api.custom_rules": "custom_jvp custom_rule custom_vjp",
    "api.extending": "define_primitive",
    "api.many_directions": "jvp_many vjp_many",
    "api.mapping": "associative_scan map",
    "api.numeric": "numeric_rule",
    "api.products": "fisher_vp gauss_newton_vp",
    "api.residuals": "saved_residuals",
    "api.sparse": "sparse_hessian sparse_jacobian sparsity",
    "api.taylor": "derivatives jet",
    "api.transposition": "linear_transpose",
    "solving.argmin": "argmax argmin",
    "solving.implicit": "custom_root fixed_point",
    "solving.iterative_solvers": "bicgstab cg gmres",
    "solving.linear_solves": "custom_linear_solve linear_solve",
    "solving.odeint": "odeint",
    "solving.sparse_systems": "sparse_solve",
    "scipy": "scipy",
}
_MODULE_OF = {name: module for module, names in _LATER.items() for name in names.split()}


def __getattr__(name: str) -> object:
    """What is imported when it is first used."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'autodiff' has no attribute {name!r}")
    module = _import_module(f"autodiff.{_MODULE_OF[name]}")
    globals()[name] = found = module if name == "scipy" else getattr(module, name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULE_OF})
