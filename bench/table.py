"""A row of the table that the benchmark prints, and how figures are written in it."""

from typing import NamedTuple

WIDTHS = (46, 22, 17, 7, 10, 3)  # of the columns, in characters


class Row(NamedTuple):
    """One measurement; `met` is None where there is no target."""

    case: str
    ours: str
    peer: str = ""
    ratio: str = ""
    target: str = ""
    met: bool | None = None


def faster(case, ours, peer_name, peer, at_least):
    """Make the row of a race: `ours` and `peer` in seconds, the target a factor."""
    return Row(
        case,
        seconds(ours),
        f"{peer_name} {seconds(peer)}",
        f"{peer / ours:.2f}x",
        f">= {at_least}x",
        peer / ours >= at_least,
    )


def seconds(value):
    """Write a duration with three figures: 12.3 us, 45.6 ms, 7.89 s."""
    for unit, size in (("s", 1), ("ms", 1e-3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-6:.3g} us"


def line(cells):
    """Lay out the cells of a row; the first column is aligned to the left."""
    first, *rest = cells
    padded = (cell.rjust(width) for cell, width in zip(rest, WIDTHS[1:], strict=True))
    return "  ".join((first.ljust(WIDTHS[0]), *padded))


def header():
    """Return the head of the table."""
    names = line(("case", "ours", "peer", "ratio", "target", "met"))
    return f"{names}\n{'-' * len(names)}"


def written(row):
    """Return a row as a line of the table."""
    return line((*row[:-1], {True: "yes", False: "NO", None: ""}[row.met]))
