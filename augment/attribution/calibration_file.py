"""Store a calibration: a JSON file with what it was made for and where it is from, and next to it the scores of the texts it used.

save(path, made_for, calibration, Finished(("r1",), scores))
calibration, finished = load(path, made_for), load_finished(path)
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from augment.attribution.calibration import Calibration
from augment.attribution.path_integral import Scores
from augment.errors import RequestError
from augment.ig.quadrature import Chain, Level

MadeFor = Mapping[str, object]
_NUMBERS = ("value", "floor", "gap", "error", "evals")
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Finished:
    """The rows a calibration left finished: their ids and, in the same order, their scores."""

    ids: tuple[str, ...]
    scores: Scores


@dataclass(frozen=True)
class Origin:
    """Where the calibration of a run is from.

    texts: corpus (this run's), same (of an earlier run on the same texts), cache (of an earlier run on others) or model (made
    by the training); tried: how many texts of this corpus it was tried on.
    """

    texts: str = "corpus"
    tried: int = 0


@dataclass(frozen=True)
class Learned:
    """A calibration with the rows that it left finished, and where it is from."""

    calibration: Calibration
    finished: Finished
    origin: Origin = field(default_factory=Origin)


def save(path: Path, made_for: MadeFor, learned: Learned) -> None:
    """Write a calibration to `path` and its finished rows next to it, as .parquet."""
    values = {"made_for": dict(made_for), "origin": asdict(learned.origin), **written(learned.calibration)}
    path.write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    pq.write_table(pa.table(columns_of(learned.finished)), path.with_suffix(".parquet"))


def load(path: Path, made_for: MadeFor) -> Calibration:
    """Return the calibration in a file; RequestError if it is none, or was made for something else, naming what."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        known = values["made_for"]
        calibration = read(values)
        known.get("model")
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
    return finished_of(pq.read_table(path.with_suffix(".parquet")).to_pydict())


def written(calibration: Calibration) -> dict[str, object]:
    """Return a calibration as JSON has it."""
    chain = calibration.chain
    levels = [{"weights": level.weights.tolist(), "corrected": level.corrected} for level in chain.levels]
    return asdict(calibration) | {"chain": {"nodes": chain.nodes.tolist(), "levels": levels}}


def read(values: Mapping[str, object]) -> Calibration:
    """Return the calibration that `written` gave; KeyError, TypeError or ValueError for what can be none."""
    chain = values["chain"]
    if not isinstance(chain, Mapping):
        raise ValueError("no rules")
    levels = tuple(
        Level(np.asarray(one["weights"], float), bool(one["corrected"])) for one in chain["levels"]
    )
    nodes = np.asarray(chain["nodes"], float)
    # Files of before it was written down have bounds in proportion to the estimates.
    known = {"power": 1.0, **values}
    rest: dict[str, Any] = {name: known[name] for name in Calibration.__dataclass_fields__ if name != "chain"}
    calibration = Calibration(chain=Chain(nodes, levels), **rest)
    counts = [level.count for level in levels]
    numbers = (
        calibration.tolerance,
        calibration.factor,
        calibration.usual,
        calibration.jump,
        calibration.roughness,
    )
    sound = (
        counts == sorted(set(counts)) and 0 < counts[-1] <= len(nodes) and ((nodes >= 0) & (nodes <= 1)).all()
    )
    sums = np.asarray([level.weights.sum() for level in levels])
    if (
        not sound
        or not (np.abs(sums - 1) < _ROUNDING).all()
        or not np.isfinite(np.asarray(numbers, float)).all()
    ):
        raise ValueError("no rules for an integral from 0 to 1")
    return calibration


def columns_of(finished: Finished) -> dict[str, list[Any]]:
    """Return finished rows as columns of plain values."""
    scores = finished.scores
    numbers = {name: getattr(scores, name).tolist() for name in _NUMBERS}
    pieces = [row.tolist() for row in scores.pieces]
    return {"id": list(finished.ids), "pieces": pieces, **numbers, "status": list(scores.status)}


def finished_of(columns: Mapping[str, list[Any]]) -> Finished:
    """Return the rows that `columns_of` gave; ValueError if the columns are not of one length."""
    numbers = {
        name: np.asarray(columns[name], dtype=np.int16 if name == "evals" else float) for name in _NUMBERS
    }
    pieces = [np.asarray(row, dtype=float) for row in columns["pieces"]]
    ids, status = tuple(map(str, columns["id"])), list(map(str, columns["status"]))
    if {len(pieces), len(status), *map(len, numbers.values())} != {len(ids)}:
        raise ValueError("columns of several lengths")
    return Finished(ids, Scores(pieces, **numbers, status=status))
