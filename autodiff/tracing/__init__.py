"""Recording what a function does: tracers stand in for its arguments and note each operation."""
