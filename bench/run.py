"""Measure the library against its peers and its own targets, and print a table of ratios.

`python -m bench.run` measures everything; `python -m bench.run gradients memory` those parts.
Results are compared before they are timed, and all is timed in this one run: absolute times
say little from one machine to the next, ratios do.
"""

import importlib
import os
import sys

from bench.table import header, written

PARTS = ("gradients", "startup", "memory", "budget", "loops", "sparse", "jet")


def main(parts):
    """Print the rows of each part as they come, then how many targets are met."""
    if unknown := set(parts) - set(PARTS):
        sys.exit(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    load, cores = os.getloadavg()[0], os.cpu_count()
    print(f"{cores} cores, load {load:.1f}{' (busy: ratios may be off)' if load > 1 else ''}\n")
    print(header())
    results = []
    for part in parts or PARTS:
        for row in importlib.import_module(f"bench.{part}").rows():
            print(written(row), flush=True)
            results.append(row.met)
    print(f"\n{results.count(True)} of {len(results) - results.count(None)} targets met")


if __name__ == "__main__":
    main(sys.argv[1:])
