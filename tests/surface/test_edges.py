"""The table of edges: each convention in both modes, batched, compiled."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import autodiff as ad
from tests.surface import edges_special
from tests.surface.edges import EDGES

every_edge = pytest.mark.parametrize(
    "edge", [*EDGES, *edges_special.EDGES], ids=lambda e: f"{e.text} at {e.at}"
)


@pytest.fixture(autouse=True)
def _quiet():
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", ad.errors.ZeroGradientWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


def total(edge):
    return lambda x: np.sum(edge.call(x))


@every_edge
def test_reverse_mode(edge):
    for transform in (ad.grad, lambda f: ad.jit(ad.grad(f))):
        np.testing.assert_allclose(
            transform(total(edge))(np.array(edge.at)), edge.gradient, rtol=1e-12, atol=1e-12
        )


@every_edge
def test_forward_mode(edge):
    at = np.array(edge.at)
    expected = np.array(edge.gradient)
    for place in np.ndindex(at.shape):
        direction = np.zeros(at.shape)
        direction[place] = 1.0
        slope = ad.jvp(total(edge), (at,), (direction,))[1]
        np.testing.assert_allclose(slope, expected[place], rtol=1e-12, atol=1e-12)


@every_edge
def test_batched(edge):
    at = np.stack([np.array(edge.at)] * 2)
    np.testing.assert_allclose(
        ad.vmap(ad.grad(total(edge)))(at), [edge.gradient] * 2, rtol=1e-12, atol=1e-12
    )
