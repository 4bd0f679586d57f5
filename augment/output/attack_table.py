"""Write attack.csv: what is quoted of an attack, a line a figure, with the label that it is of, all where it is of all rows.

figure,label,value
attack success rate,,0.61
attack success rate,positive,0.58
"""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from augment.output.totals import BY_LABEL
from augment.tables.files import write_text
from augment.text.spreadsheet import cell

ATTACK_TABLE = "attack.csv"


def write_attack(folder: Path, figures: Mapping[str, float]) -> None:
    """Write the figures of an attack to the folder of a run; nothing where there was none."""
    if figures:
        # A spreadsheet takes a file for UTF-8 by the mark at its beginning.
        write_text(folder / ATTACK_TABLE, "\ufeff" + attack_csv(figures))


def attack_csv(figures: Mapping[str, float]) -> str:
    """Return the figures of an attack as CSV."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("figure", "label", "value"))
    for name, value in figures.items():
        of_label = name.startswith(BY_LABEL)
        figure, label = (BY_LABEL.removesuffix(", "), name.removeprefix(BY_LABEL)) if of_label else (name, "")
        writer.writerow((figure, cell(label), value))
    return stream.getvalue()
