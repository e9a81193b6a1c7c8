"""Running programs: as generated code, which is kept with what is derived from recordings."""
