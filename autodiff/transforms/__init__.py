"""Functions from programs to programs: derivatives, batching, transposition, simplification."""
