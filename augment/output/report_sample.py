"""Choose the source rows a report draws, from a run of any size, in the memory of those chosen.

Rows are taken in turn from every label and outcome; within one, the largest errors first. Samples are in the order of
their source rows, so both files are read side by side.

    ids = sample(folder, "ig", 5000)
"""

import heapq
from collections import defaultdict
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import pyarrow as pa

from augment.output.export import SAMPLES, SOURCE_ROWS
from augment.tables.files import batches, in_parts

# Of one label and outcome: the error, the index of the row (both negative, so that the last of them falls out), its id.
Ranked = tuple[float, int, str]


def sample(folder: Path, method: str | None, rows: int) -> pa.Array:
    """Return the ids of at most `rows` source rows of a finished run, in file order."""
    with in_parts(folder / SOURCE_ROWS) as file:
        if file.metadata.num_rows <= rows:
            return file.read(columns=["id"]).column("id").combine_chunks()
    strata: dict[tuple[str, str], list[Ranked]] = defaultdict(list)
    for index, (name, label, error, outcome) in enumerate(_rows(folder, method)):
        stratum, entry = strata[label, outcome], (error, -index, name)
        if len(stratum) < rows:
            heapq.heappush(stratum, entry)
        else:
            heapq.heappushpop(stratum, entry)
    ordered = (sorted(strata[key], reverse=True) for key in sorted(strata))
    turns = [entry for turn in zip_longest(*ordered) for entry in turn if entry is not None]
    return pa.array([name for _, _, name in sorted(turns[:rows], key=lambda entry: -entry[1])], pa.string())


def _rows(folder: Path, method: str | None) -> Iterator[tuple[str, str, float, str]]:
    """Yield id, label, error and outcome of every source row."""
    outcomes = _outcomes(folder)
    following = next(outcomes, None)
    wanted = ["id", "label", *([f"{method}_error"] if method else [])]
    with in_parts(folder / SOURCE_ROWS) as file:
        for batch in batches(file, wanted):
            columns = [batch.column(name).to_pylist() for name in wanted]
            errors = columns[2] if method else [0.0] * batch.num_rows
            for name, label, error in zip(columns[0], columns[1], errors, strict=True):
                outcome = ""
                if following is not None and following[0] == name:
                    outcome, following = following[1], next(outcomes, None)
                yield name, str(label), error or 0.0, outcome


def _outcomes(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield for each source row with samples whether one changed the prediction, and the verdicts they got."""
    if not (folder / SAMPLES).exists():
        return
    source_id, kinds = "", set[str]()
    with in_parts(folder / SAMPLES) as file:
        names = ("source_id", "verdict", "pred_before", "pred_after")
        columns = [name for name in names if name in file.schema_arrow.names]
        for batch in batches(file, columns):
            for row in batch.to_pylist():
                if row["source_id"] != source_id:
                    if kinds:
                        yield source_id, "+".join(sorted(kinds))
                    source_id, kinds = row["source_id"], set()
                changed = row.get("pred_before") != row.get("pred_after")
                kinds.add("changed" if changed else str(row.get("verdict")))
    if kinds:
        yield source_id, "+".join(sorted(kinds))
