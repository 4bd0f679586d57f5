"""Judge texts that were edited by hand: the edits that lead to them from their source row, and what the models answer on them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from augment.config.job import Job
from augment.errors import AugmentError, ModelError
from augment.review.row_file import RowValues
from augment.stages.judge import Judge
from augment.tables.columns import CORPUS, SAMPLE, TOKENIZE, attributions_in, judgement
from augment.text.differences import differences
from augment.text.edits import Edit

# Columns of a sample that do not depend on its text.
_LASTING = {
    *(column.name for column in (*CORPUS, *SAMPLE)),
    *("label_from", "verdict", "reason", "reviewed_by", "fold"),
}
_TYPES = {column.name: column.type for column in (*CORPUS, *SAMPLE, *TOKENIZE)}


def edits_between(source: Mapping[str, Any], texts: tuple[str, str | None]) -> list[Edit]:
    """Return the edits which, made on a source row, give these texts; each has the scores of the tokens it touches.

    None where the texts are those of the source row; ValueError if only one of the two rows is a pair.
    """
    sides = ((source["text"], texts[0]), (source["text_pair"], texts[1]))
    edits = []
    for side, (old, new) in enumerate(sides):
        if (old is None) != (new is None):
            raise ValueError("a pair has two texts, any other row one")
        if old is not None and new is not None:
            edits += differences(old, new, side)
    method = next(iter(attributions_in(source)), None)
    if method is None or source.get("spans") is None or source.get(method) is None:
        return edits
    tokens = list(zip(source["side"], source["spans"], source[method], strict=True))
    return [edit._replace(score=_touched(edit, tokens)) for edit in edits]


def _touched(edit: Edit, tokens: Iterable[tuple[int, Mapping[str, int], float | None]]) -> float:
    """Return the sum of the scores of the tokens that an edit touches, as precise as a file of Parquet holds it."""
    inside = (
        score
        for side, span, score in tokens
        if side == edit.side and span["start"] < edit.end and edit.start < span["end"]
    )
    # CSV and JSON lines would hold more digits than explain/, and the two would differ.
    return float(np.float32(sum(score or 0.0 for score in inside)))


def judged_again(
    samples: Sequence[RowValues], sources: Mapping[str, RowValues], job: Job, state: Path, models: bool = True
) -> list[RowValues]:
    """Return samples of changed texts with the answers of the models that judged the run; other columns on their texts are null.

    models: False leaves the answers null too. ModelError or RequestError if a model cannot be loaded.
    """
    fresh = [{name: value if name in _LASTING else None for name, value in row.items()} for row in samples]
    if not fresh or not models:
        return fresh
    judges = [
        Judge(by=by, naturalness=by == "model" and "naturalness" in fresh[0])
        for by, prefix in (("model", ""), ("judge", "judge_"))
        if f"{prefix}p_gold_after" in fresh[0]
    ]
    folds = [sources[str(row["source_id"])].get("fold") for row in fresh]
    for fold in dict.fromkeys(folds):
        part = [row for row, own in zip(fresh, folds, strict=True) if own == fold]
        for judge in judges:
            _judge(part, sources, job.of_fold(fold), judge, state)
    return fresh


def _judge(
    part: Sequence[RowValues], sources: Mapping[str, RowValues], job: Job, judge: Judge, state: Path
) -> None:
    """Put the answers of one model into samples."""
    named = dict.fromkeys(row["source_id"] for row in part)
    rows = [
        *({**sources[name], "source_id": None, "edits": None} for name in named),
        *({"label": None, **row} for row in part),
    ]
    names = ["id", "source_id", "text", "text_pair", "label"]
    if judge.naturalness:
        names += ["tokens", "side", "spans", "edits"]
    schema = pa.schema([(name, _TYPES[name]) for name in names])
    batch = pa.RecordBatch.from_pylist([{name: row.get(name) for name in names} for row in rows], schema)
    try:
        answered = judge.open(job, state)(batch).to_pylist()
    except AugmentError as error:
        raise ModelError(
            error.where,
            f"the texts edited by hand cannot be judged again: {error.what}",
            "put the model back to where the run had it, or apply with --no-judge, which leaves their probabilities empty",
        ) from None
    ours = [column.name for column in judgement(judge.prefix)]
    ours += ["naturalness"] if judge.naturalness else []
    for row, answers in zip(part, answered[len(named) :], strict=True):
        row.update({name: answers[name] for name in ours})
