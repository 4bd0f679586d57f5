"""The picture of attack.md: success as similarity or naturalness is required, and what a text costs by length and by texts at a time."""

from collections.abc import Mapping
from typing import Any

from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.common import HERE

VICTIM = "A"
LEAST = (0.9, 0.95, 0.97)
# Of TextAttack's recipes and of ours, those whose samples an encoder compared with their sources.
COMPARED: Mapping[str, tuple[str, str]] = {
    "wide": ("C0", "o-"),
    "wide, WordNet": ("C2", "o-"),
    "TextAttack PWWS cut": ("C1", "s--"),
    "TextAttack wn-delete cut": ("C3", "s--"),
    "attack": ("C4", "o-"),
}
THIRDS = ("shortest third", "middle third", "longest third")


def draw(cells: Mapping[str, Mapping[str, Any]], costs: Mapping[str, Mapping[str, Any]]) -> None:
    """Write attack.svg, the same bytes for the same numbers."""
    rcParams.update({"svg.hashsalt": "attack", "svg.fonttype": "none", "font.size": 10})
    figure = Figure(figsize=(11, 7), layout="constrained")
    (similarity, natural), (length, count) = figure.subplots(2, 2)
    of_similarity(similarity, cells)
    of_naturalness(natural, cells)
    of_costs(length, count, costs)
    figure.savefig(HERE / "quality/attack.svg", metadata={"Date": None})


def of_similarity(axes: Axes, cells: Mapping[str, Mapping[str, Any]]) -> None:
    """Draw the success rates of samples whose similarity to their source is at least a number."""
    for system, (colour, look) in COMPARED.items():
        cell = cells.get(f"{VICTIM} / {system}", {})
        known = [least for least in LEAST if f"success at similarity {least}" in cell]
        if known:
            success = [cell["success"], *(cell[f"success at similarity {least}"] for least in known)]
            axes.plot(["any", *map(str, known)], success, look, color=colour, label=system)
    axes.set(
        title=f"Victim {VICTIM}, by similarity", xlabel="least similarity", ylabel="success %", ylim=(0, 100)
    )
    axes.legend(fontsize=8)


def of_naturalness(axes: Axes, cells: Mapping[str, Mapping[str, Any]]) -> None:
    """Draw the success rates where all edits together have to be as natural as a number: ours search for it, peers' samples are sorted out."""
    for system, (colour, look) in COMPARED.items():
        cell, name = cells.get(f"{VICTIM} / {system}", {}), f"{VICTIM} / {system}, natural "
        own = {float(one.removeprefix(name)): cells[one]["success"] for one in cells if one.startswith(name)}
        prefix = "success at naturalness "
        made = {float(one.removeprefix(prefix)): cell[one] for one in cell if one.startswith(prefix)}
        shown = sorted((own or (made if system.startswith("TextAttack") else {})).items())
        if shown:
            least, success = zip(*shown, strict=True)
            axes.plot(
                ["any", *map(str, least)], [cell["success"], *success], look, color=colour, label=system
            )
    axes.set(
        title=f"Victim {VICTIM}, by naturalness",
        xlabel="least naturalness",
        ylabel="success %",
        ylim=(0, 100),
    )
    axes.legend(fontsize=8)


def of_costs(length: Axes, count: Axes, costs: Mapping[str, Mapping[str, Any]]) -> None:
    """Draw what a text costs by its length and by how many are attacked at a time."""
    for number, (name, cell) in enumerate(costs.items()):
        victim, colour = name.partition(" / ")[2], f"C{number}"
        length.plot(
            [cell[third][0] for third in THIRDS],
            [cell[third][1] for third in THIRDS],
            "o-",
            color=colour,
            label=victim,
        )
        times = [int(what.split()[0]) for what in cell if what.endswith("at a time")]
        count.plot(
            times, [cell[f"{one} texts at a time"][1] for one in times], "o-", color=colour, label=victim
        )
    length.set(
        title="Cost by length", xlabel="characters a text, mean of a third", ylabel="CPU ms a text", ylim=0
    )
    count.set(
        title="Cost by texts at a time",
        xlabel="texts at a time",
        ylabel="CPU ms a text",
        xscale="log",
        ylim=0,
    )
    length.legend(fontsize=8)
