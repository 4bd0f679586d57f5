"""Small tables of explained rows and their samples, as a run leaves them, with made-up scores."""

import re
from collections.abc import Sequence

import pyarrow as pa

from augment.report.page import Page
from augment.tables.columns import (
    ATTACK,
    CORPUS,
    KEEP,
    RANK,
    SAMPLE,
    TOKENIZE,
    Column,
    attribution,
    judgement,
)

HOSTILE = (
    "<script>document.title='owned'</script>",
    "</script><script>document.title='owned'</script>",
    '"><img src=x onerror="document.title=\'owned\'">',
    "<!-- <svg onload=document.title='owned'>",
    "{{7*7}} {% raw %} ${7*7}",
    "nul\x00 esc\x1b[31m",
    "מחיר \u202eabc\u202c سعر",
    "zero\u200bwidth 好\u200d好",
    "javascript:document.title='owned'",
    "'; document.title='owned'; //",
)

_TOKEN = re.compile(r"[\u4e00-\u9fff]{1,2}|[^\s\u4e00-\u9fff]+")


def table(columns: Sequence[Column], rows: Sequence[dict[str, object]]) -> pa.Table:
    """Return rows as a table with the types of the columns; what a row lacks is null."""
    return pa.Table.from_pylist(list(rows), pa.schema([(column.name, column.type) for column in columns]))


def source_row(
    number: int, text: str, pair: str | None = None, methods: Sequence[str] = ("ig",)
) -> dict[str, object]:
    """Return a row with tokens, scores and figures that depend on `number` only; every third prediction is wrong."""
    matches = [
        (side, match) for side, part in enumerate((text, pair or "")) for match in _TOKEN.finditer(part)
    ]
    label = str(number % 2)
    predicted = label if number % 3 else str(1 - number % 2)
    row: dict[str, object] = {
        "id": f"rows.csv:{number}",
        "text": text,
        "text_pair": pair,
        "label": label,
        "split": "train",
        "tokens": [match.group() for _, match in matches],
        "side": [side for side, _ in matches],
        "spans": [{"start": match.start(), "end": match.end()} for _, match in matches],
        "key": [0] if matches else [],
        "key_tied": [False] if matches else [],
        "attack": "changed" if number == 1 else None,
        "attack_queries": 7 if number == 1 else None,
    }
    for index, method in enumerate(methods):
        values = {
            "target": predicted,
            "pred": predicted,
            "prob": 0.5 + 0.4 / (1 + number),
            "rest": 0.05,
            "gap": None if index else 0.001 * number,
            "error": None if index else 0.002 * number,
            "evals": 1 if index else 16,
            "status": "ranking" if index else "converged",
            "baseline": "zero",
        }
        scores = [((token * 7 + number + index) % 11 - 4) / 5 for token in range(len(matches))]
        row |= {method: scores} | {f"{method}_{name}": value for name, value in values.items()}
    return row


def source_rows(rows: Sequence[dict[str, object]], methods: Sequence[str] = ("ig",)) -> pa.Table:
    """Return rows of `source_id` as a table."""
    explained = [column for method in methods for column in attribution(method)]
    return table([*CORPUS, *TOKENIZE, *explained, *RANK, *ATTACK], rows)


def sample(row: dict[str, object], k: int, new: str, verdict: str, after: float = 0.2) -> dict[str, object]:
    """Return a sample of a row: its first token replaced by `new`; below 0.5 the prediction changes."""
    text, tokens, spans = row["text"], row["tokens"], row["spans"]
    assert isinstance(text, str)
    assert isinstance(tokens, list)
    assert isinstance(spans, list)
    span = spans[0]
    other = "1" if row["label"] == "0" else "0"
    return {
        "id": f"{row['id']}~substitute~{k}",
        "source_id": row["id"],
        "text": text[: span["start"]] + new + text[span["end"] :],
        "text_pair": row["text_pair"],
        "label": row["label"],
        "split": "train",
        "method": "substitute" if new else "delete",
        "edits": [
            {
                "side": 0,
                "start": span["start"],
                "end": span["end"],
                "old": tokens[0],
                "new": new,
                "score": 0.25,
            }
        ],
        "verdict": verdict,
        "reason": "as the rule says",
        "p_gold_before": 0.9,
        "p_gold_after": after,
        "pred_before": row["label"],
        "pred_after": row["label"] if after > 0.5 else other,
        "judge_p_gold_after": 0.8,
        "judge_pred_after": row["label"],
    }


def samples(rows: Sequence[dict[str, object]]) -> pa.Table:
    """Return rows of `sample` as a table."""
    return table([*CORPUS, *SAMPLE, *KEEP, *judgement(), *judgement("judge_")], rows)


def page(texts: Sequence[str], methods: tuple[str, ...] = ("ig",)) -> Page:
    """Return a page of these texts, each with a sample."""
    rows = [source_row(number, text, methods=methods) for number, text in enumerate(texts)]
    made = [sample(row, 0, "新", "keep") for row in rows if row["tokens"]]
    names = {"0": "负面", "1": "positive"}
    return Page(
        "report",
        source_rows=source_rows(rows, methods),
        samples=samples(made),
        methods=methods,
        label_names=names,
    )
