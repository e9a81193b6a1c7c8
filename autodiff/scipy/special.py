"""`scipy.special` on traced arrays: importing this module teaches the tracer what its ufuncs mean."""
