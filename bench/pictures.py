"""The pictures of the documentation: `python -m bench.pictures` measures and draws them anew."""

from pathlib import Path

import matplotlib.pyplot as plt

from bench import budget

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"


def main():
    """Draw all pictures."""
    plt.rcParams.update({"svg.hashsalt": "autodiff", "svg.fonttype": "none"})
    FOLDER.mkdir(exist_ok=True)
    memory_against_time(budget.curve(), FOLDER / "memory_budget.svg")


def memory_against_time(points, file):
    """Draw the time of a gradient against its memory, with budgets as dotted lines."""
    everything, *found = points
    figure, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
    axes.plot([p.peak / 1e6 for p in points], [p.time for p in points], "o-", label="measured peak")
    for p in found:
        axes.axvline(p.budget / 1e6, color="tab:gray", linestyle=":", linewidth=1)
    axes.plot([], [], color="tab:gray", linestyle=":", label="budget")
    axes.annotate(
        "without checkpoint", (everything.peak / 1e6, 1), (0, 10), textcoords="offset points",
        ha="right",
    )  # fmt: skip
    top = max(p.time for p in points)
    axes.set(xlabel="memory (MB)", ylabel="time of a gradient", xlim=0, ylim=(0, 1.1 * top))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower left")
    figure.savefig(file, metadata={"Date": None})


if __name__ == "__main__":
    main()
