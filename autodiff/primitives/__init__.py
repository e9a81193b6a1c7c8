"""The operations that programs consist of, each with all of its rules in one place."""
