"""Functions that are given by an equation: roots, fixed points, minima, linear systems, flows."""
