"""Store a calibration: a JSON file with what it was made for, and next to it the scores of the texts it used.

save(path, made_for, calibration, {"r1": scores})
calibration, finished = load(path, made_for)
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from augment.attribution.calibration import Calibration
from augment.attribution.path_integral import Scores
from augment.errors import RequestError
from augment.ig.quadrature import Chain, Level

MadeFor = Mapping[str, object]


@dataclass(frozen=True)
class Finished:
    """The rows a calibration left finished: their ids and, in the same order, their scores."""

    ids: tuple[str, ...]
    scores: Scores


def save(path: Path, made_for: MadeFor, calibration: Calibration, finished: Finished) -> None:
    """Write a calibration to `path` and its finished rows next to it, as .parquet."""
    chain = calibration.chain
    values = asdict(calibration) | {
        "chain": {
            "nodes": chain.nodes.tolist(),
            "levels": [
                {"weights": level.weights.tolist(), "corrected": level.corrected} for level in chain.levels
            ],
        }
    }
    text = json.dumps({"made_for": dict(made_for), **values}, ensure_ascii=False, indent=1) + "\n"
    path.write_text(text, encoding="utf-8")
    scores = finished.scores
    table = {
        "id": list(finished.ids),
        "pieces": [row.tolist() for row in scores.pieces],
        **{name: getattr(scores, name) for name in ("value", "floor", "gap", "error", "evals")},
        "status": scores.status,
    }
    pq.write_table(pa.table(table), path.with_suffix(".parquet"))


def load(path: Path, made_for: MadeFor) -> Calibration:
    """Return the calibration in a file; RequestError if it is none, or was made for something else, naming what."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        known = values.pop("made_for")
        levels = tuple(
            Level(np.asarray(level["weights"]), level["corrected"]) for level in values["chain"]["levels"]
        )
        chain = Chain(np.asarray(values["chain"]["nodes"]), levels)
        calibration = Calibration(**{**values, "chain": chain})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise RequestError(
            str(path), "it is no calibration", "name the file run/calibration-ig.json of a finished run"
        ) from None
    for name, value in made_for.items():
        if known.get(name) != value:
            what = f"it was made for another {name}: {known.get(name)!r}, here it is {value!r}"
            raise RequestError(str(path), what, "leave --calibration out, and a new one is made")
    return calibration


def load_finished(path: Path) -> Finished:
    """Return the rows that the calibration in `path` left finished."""
    table = pq.read_table(path.with_suffix(".parquet"))
    columns = {name: table.column(name).to_numpy() for name in ("value", "floor", "gap", "error", "evals")}
    pieces = [np.asarray(row) for row in table.column("pieces").to_pylist()]
    status = table.column("status").to_pylist()
    return Finished(tuple(table.column("id").to_pylist()), Scores(pieces, **columns, status=status))
