"""Primitives that hold programs of their own."""
