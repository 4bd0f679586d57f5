"""One table of explained rows, one table of their samples, one self-contained HTML file.

The file holds the rows as compressed JSON and a script that draws only what is near the window, so thousands of rows
open at once; the first rows are there as plain HTML too, for readers without scripts. Nothing in it can run or load
anything: the content security policy allows this one script and style sheet by hash, data reaches the page as text
nodes only, and characters that hide or reorder text are shown as ⟨names⟩. Texts are cut at their spans here, because
spans count code points and the strings of JavaScript do not. Equal tables give equal bytes.

    page = Page("hotel reviews", facts=(("model", "textcnn"),), source_rows=rows, samples=made, total_source_rows=7766)
    Path("report.html").write_text(draw(page), encoding="utf-8")
"""

import base64
import hashlib
import json
import math
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Final

import jinja2
import pyarrow as pa
from markupsafe import Markup

from augment.errors import AugmentError
from augment.report.class_words import WordsTable, class_words
from augment.report.colour import full_colour, scaled, stylesheet, tint_class
from augment.report.doubt import Doubts, ReviewDoubt
from augment.report.finding import RunFinding
from augment.report.index import EntryReview, index_of, words_of
from augment.report.words import TopWord
from augment.tables.columns import attribution
from augment.text.text_hash import text_hash
from augment.text.visible import visible

# A row as Arrow gives it: columns.py describes each name.
ReportRow = Mapping[str, Any]
# A stretch of a sample: unchanged text, or what was put for what, with the score of the token replaced.
Stretch = str | tuple[str, str, float | None]

STATIC_ROWS: Final = 20
_SCRIPTS: Final = (
    "strings.js",
    "card.js",
    "parts.js",
    "index.js",
    "search.js",
    "list.js",
    "taking.js",
    "decisions.js",
    "review.js",
    "page.js",
)
_STEPS: Final = 127
# Findings in sight; the others fold. Colours of classes in page.css.
_SHOWN_FINDINGS: Final = 5
_COLOURS: Final = 8
# Characters of a text that is read at a glance, Chinese ones counted twice.
_GLANCE: Final = (20, 240)
# Rows and samples up to which a page unpacks all of them when it opens; of more, parts of this number of rows when they are looked
# at: one row in sight costs its part. Texts to search are unpacked in larger blocks.
_WHOLE: Final = 20_000
_PART: Final = 100
_BLOCK: Final = 1000
# Characters of texts that stay unpacked for the search, at two bytes each; the others are unpacked at each search.
_ROOM: Final = 12_000_000
# Parts the pieces of a text: a control character, so `visible` leaves none in a text, and one that JSON need not
# escape. One string a text instead of one a token halves the time to open a page of 5,000 rows.
_CUT: Final = "\x7f"


def _no_rows() -> pa.Table:
    """Return a table without rows."""
    return pa.table({name: pa.array([], pa.string()) for name in ("id", "text", "source_id")})


@dataclass(frozen=True)
class Page:
    """What a report shows.

    `findings` are what a reader should know first, None where the run has not recorded any; `facts` are names and values
    of the run, `brief` the names of those in its head; `variety` those on how varied samples are. `methods` names the attribution columns of
    `source_rows`, the first one leading; `unit` is what their scores are counted in, such as "logit". `label_names` gives
    labels a display name, `top` the words that matter most, `units` rows of a key-word table, `total_source_rows` the rows
    `source_rows` were chosen from, `total_samples` their samples; `made_by` is at the foot. `run` identifies the run, so that the
    decisions of a person are found again when its report is drawn again; without it there is nothing to decide. `compared`: whether rows have the scores and samples of two runs.
    """

    title: str
    facts: tuple[tuple[str, str], ...] = ()
    notices: tuple[str, ...] = ()
    source_rows: pa.Table = field(default_factory=_no_rows)
    samples: pa.Table = field(default_factory=_no_rows)
    methods: tuple[str, ...] = ("ig",)
    label_names: Mapping[str, str] = field(default_factory=dict)
    top: Sequence[TopWord] = ()
    total_source_rows: int = 0
    unit: str = ""
    made_by: str = ""
    ngrams: Sequence[ReportRow] = ()
    variety: tuple[tuple[str, str], ...] = ()
    findings: tuple[RunFinding, ...] | None = None
    brief: tuple[str, ...] = ("model", "rows processed", "samples kept")
    run: str | None = None
    total_samples: int = 0
    compared: bool = False


def draw(page: Page) -> str:
    """Return the page as one HTML file; AugmentError if a table lacks a column that a report cannot be without."""
    _check(page.source_rows, ("id", "text"), "source_rows")
    samples = page.samples if page.samples.num_rows else _no_rows()
    _check(samples, ("id", "text", "source_id"), "samples")
    if page.source_rows.num_rows and page.methods:
        _check(page.source_rows, page.methods, "source_rows")
    scales = [full_colour(_scores(page.source_rows, method)) for method in page.methods]
    drawn = samples.to_pylist()
    cards, lost = _cards(page, drawn)
    entries = sum(1 + len(card["samples"]) for card in cards)
    reviews = [None] * entries if page.run is None else _reviews(cards, page, drawn)
    style, script = stylesheet() + _read("page.css"), "\n".join(_read(name) for name in _SCRIPTS)
    names = {visible(label): visible(name) for label, name in sorted(page.label_names.items())}
    table = class_words(page.ngrams, page.top, page.unit)
    classes = _classes(cards, table)
    in_parts = entries > _WHOLE
    data = {
        "methods": page.methods,
        "scales": scales,
        "unit": page.unit,
        "names": names,
        "classes": classes,
        "findings": [_values_of(finding) for finding in page.findings or ()],
        "lead": cards[_lead(cards)] if cards else None,
        "compared": page.compared,
        "review": None if page.run is None else {"run": page.run, "samples": page.total_samples},
        "index": index_of(cards, reviews),
        "part": _PART if in_parts else 0,
        "block": _BLOCK,
        "room": _ROOM,
        "rows": [] if in_parts else cards,
    }
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["visible"] = visible
    return environment.from_string(_read("page.html.j2")).render(
        page=page,
        notices=[*page.notices, *lost],
        names=names,
        cards=[_static(card, scales[0] if scales else 1.0) for card in cards[:STATIC_ROWS]],
        lead=_static(cards[_lead(cards)], scales[0] if scales else 1.0) if cards else None,
        shown=_SHOWN_FINDINGS,
        drawn=len(cards),
        table=table,
        colours={label: f"c{index % _COLOURS}" for index, label in enumerate(classes)},
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
        payload=_packed(_json(data)),
        parts=[_packed(_json(part)) for part in _cut(cards, _PART)] if in_parts else [],
        words=[_packed(words_of(block, _CUT)) for block in _cut(cards, _BLOCK)],
    )


def _check(table: pa.Table, names: Iterable[str], what: str) -> None:
    """Raise AugmentError unless the table has the columns."""
    for name in names:
        if name not in table.column_names:
            raise AugmentError(
                f"report, table of {what}", f"no column `{name}`", f"it has: {', '.join(table.column_names)}"
            )


def _scores(source_rows: pa.Table, method: str) -> list[float | None]:
    """Return all scores of a method in one list; none where the table is empty."""
    if method not in source_rows.column_names:
        return []
    return [score for row in source_rows.column(method).to_pylist() for score in row or ()]


def _cards(page: Page, samples: Iterable[ReportRow]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the rows as the script reads them, each with its samples, and a notice if a sample's row is not drawn."""
    made: dict[str, list[ReportRow]] = {}
    for sample in samples:
        made.setdefault(sample["source_id"], []).append(sample)
    cards = [_card(row, page.methods, made.pop(row["id"], [])) for row in page.source_rows.to_pylist()]
    lost = sum(len(rows) for rows in made.values())
    return cards, [f"{lost} samples are not drawn, because their source row is not."] if lost else []


def _card(row: ReportRow, methods: Sequence[str], samples: Sequence[ReportRow]) -> dict[str, Any]:
    """Return one row as the script reads it."""
    tokens = row.get("tokens") or []
    positions = list(zip(row.get("side") or [0] * len(tokens), row.get("spans") or [], strict=False))
    order = sorted(
        range(len(positions)), key=lambda token: (positions[token][0], positions[token][1]["start"])
    )
    rank = {token: index for index, token in enumerate(order)}
    explained = [_explained(row, method, order) for method in methods if row.get(method) is not None]
    return {
        "id": visible(row["id"]),
        "label": _seen(row.get("label")),
        "split": _seen(row.get("split")),
        "sides": [
            _pieces(text, [positions[token][1] for token in order if positions[token][0] == side])
            for side, text in enumerate(_sides(row))
        ],
        "explained": explained,
        "key": [rank[token] for token in row.get("key") or [] if token in rank],
        "attack": _seen(row.get("attack")),
        "queries": row.get("attack_queries"),
        "gold": _gold(_seen(row.get("label")), explained, samples),
        "samples": [_sample(sample, row) for sample in samples],
        "missing": [
            [_seen(gap[name]) for name in ("method", "missing", "reason")]
            for gap in row.get("shortfall") or ()
        ],
    }


def _cut(cards: Sequence[ReportRow], size: int) -> list[Sequence[ReportRow]]:
    """Return the rows in parts of one size; the last may be shorter."""
    return [cards[start : start + size] for start in range(0, len(cards), size)]


def _reviews(
    cards: Sequence[dict[str, Any]], page: Page, samples: Iterable[ReportRow]
) -> list[EntryReview | None]:
    """Return what a decision on each row and sample needs, None for rows that nothing speaks against.

    Where a text or an id has characters that are shown by name, `raw` of the row or sample has them as they are; `by` is who reviewed it.
    """
    wanted = {"id", "text", "text_pair", "label", "tokens", "reviewed_by"}
    wanted |= {f"{method}_{name}" for method in page.methods[:1] for name in ("pred", "target", "prob")}
    rows = page.source_rows.select(
        [name for name in page.source_rows.column_names if name in wanted]
    ).to_pylist()
    doubts = Doubts.of(rows, page.ngrams)
    of_shown = {visible(row["id"]): row for row in samples}
    reviews = []
    for card, row in zip(cards, rows, strict=True):
        reviews.append(_review(card, row, doubts.of_source(row, page.methods)))
        for drawn in card["samples"]:
            sample = of_shown[drawn["id"]]
            reviews.append(_review(drawn, sample, doubts.of_sample(sample)))
    return reviews


def _review(card: dict[str, Any], row: ReportRow, doubt: ReviewDoubt | None) -> EntryReview | None:
    """Return what a decision on a row or sample needs, and add to it as the script reads it what its review shows."""
    if row.get("reviewed_by"):
        card["by"] = visible(row["reviewed_by"])
    if doubt is None:
        return None
    raw = [row["id"], *_sides(row)]
    if any(visible(text) != text for text in raw):
        card["raw"] = raw
    return EntryReview(text_hash(row["text"] or "", row.get("text_pair")), doubt)


def _classes(cards: Sequence[ReportRow], table: WordsTable) -> list[str]:
    """Return the labels in the order of their colours."""
    labels = {card["label"] for card in cards}
    labels |= {scores["pred"] for card in cards for scores in card["explained"]}
    labels |= {visible(words.label) for words in table.labels}
    return sorted(label for label in labels if label is not None)


def _values_of(finding: RunFinding) -> list[object]:
    """Return a finding as the script reads it."""
    return [finding.kind, {name: visible(value) for name, value in finding.values.items()}]


def _lead(cards: Sequence[ReportRow]) -> int:
    """Return the index of the row drawn first: one with scores and a kept sample with edits, short enough to read at a glance."""

    def rank(index: int) -> tuple[bool, bool, bool, bool, int]:
        card = cards[index]
        edited = [sample for sample in card["samples"] if any(len(side) > 1 for side in sample["sides"])]
        kept = any(sample["verdict"] not in ("drop", "soft") for sample in edited)
        text = "".join(card["sides"]).replace(_CUT, "")
        fits = _GLANCE[0] <= sum(2 if char > "\u2e7f" else 1 for char in text[: _GLANCE[1] + 1]) <= _GLANCE[1]
        return not card["explained"], not kept, not fits, not edited, index

    return min(range(len(cards)), key=rank, default=0)


def _sides(row: ReportRow) -> list[str]:
    """Return the text, and the second text of a pair."""
    pair = row.get("text_pair")
    return [row["text"] or ""] if pair is None else [row["text"] or "", pair]


def _pieces(text: str, spans: Sequence[Mapping[str, int]]) -> str:
    """Return the text with cuts: gap, token, gap, token, ..., gap; gaps may be empty. Without the cuts it is the text."""
    pieces, cursor = [], 0
    for span in spans:
        pieces += [visible(text[cursor : span["start"]]), visible(text[span["start"] : span["end"]])]
        cursor = span["end"]
    return _CUT.join([*pieces, visible(text[cursor:])])


def _explained(row: ReportRow, method: str, order: Sequence[int]) -> dict[str, Any]:
    """Return one attribution of a row: its scores as steps of the row's largest, which is `peak`, and its figures.

    A byte per score keeps the page small; relative to the row its error is at most 0.4 % of the row's largest score.
    """
    scores = [row[method][token] for token in order]
    finite = [abs(score) for score in scores if score is not None and math.isfinite(score)]
    peak = max(finite, default=0.0)
    steps = [
        None if score is None or not math.isfinite(score) else round(score / peak * _STEPS) if peak else 0
        for score in scores
    ]
    figures = {
        column.name.removeprefix(f"{method}_"): row.get(column.name) for column in attribution(method)[1:]
    }
    return {"method": method, "peak": _short(peak), "scores": steps} | {
        name: _short(value) if isinstance(value, float) else _seen(value) for name, value in figures.items()
    }


def _gold(label: object, explained: Sequence[ReportRow], samples: Sequence[ReportRow]) -> float | None:
    """Return the probability of the given label on a row, where there is a column for it."""
    probabilities = [
        sample.get("p_gold_before") for sample in samples if sample.get("p_gold_before") is not None
    ]
    probabilities += [
        scores["prob"] for scores in explained if scores["target"] == label and scores["prob"] is not None
    ]
    return _short(probabilities[0]) if probabilities else None


def _sample(sample: ReportRow, source: ReportRow) -> dict[str, Any]:
    """Return one sample as the script reads it: each side as runs, unchanged text or [old, new, score]."""
    edits = sample.get("edits") or []
    sides = [
        _runs(text, [edit for edit in edits if edit["side"] == side])
        for side, text in enumerate(_sides(source))
    ]
    if ["".join(run if isinstance(run, str) else run[1] for run in side) for side in sides] != _sides(sample):
        sides = [[text] for text in _sides(sample)]
    names = ("label", "method", "verdict", "reason", "pred_before", "pred_after", "judge_pred_after")
    figures = ("p_gold_before", "p_gold_after", "judge_p_gold_after")
    side = {"of": sample["compared"]} if sample.get("compared") else {}
    return {
        **side,
        "id": visible(sample["id"]),
        "sides": [[_seen(run) for run in side] for side in sides],
        **{name: _seen(sample.get(name)) for name in names},
        **{name: _short(sample.get(name)) for name in figures},
    }


def _runs(text: str, edits: Sequence[ReportRow]) -> list[Stretch]:
    """Return one side of a source row as runs of unchanged text, and of (old, new, score) where it was edited."""
    runs: list[Stretch] = []
    cursor = 0
    for edit in sorted(edits, key=lambda edit: (edit["start"], edit["end"])):
        runs.append(text[cursor : edit["start"]])
        runs.append((edit["old"] or "", edit["new"] or "", _short(edit["score"])))
        cursor = edit["end"]
    return [run for run in [*runs, text[cursor:]] if run]


def _seen(value: object) -> object:
    """Return a value with its strings made visible."""
    if isinstance(value, list | tuple):
        return [_seen(item) for item in value]
    return visible(value) if isinstance(value, str) else value


def _short(value: float | None) -> float | None:
    """Return a figure at 4 significant digits; None for one that is not finite."""
    return float(f"{value:.4g}") if value is not None and math.isfinite(value) else None


def _static(card: ReportRow, scale: float) -> dict[str, Any]:
    """Return a card for plain HTML: each side as (text, class) pairs painted by the first attribution."""
    explained: ReportRow = card["explained"][0] if card["explained"] else {"scores": [], "peak": 0.0}
    scores = [None if step is None else step / _STEPS * explained["peak"] for step in explained["scores"]]
    tints = iter([tint_class(score) for score in scaled(scores, scale)])
    sides = [
        [
            (piece, f"t {next(tints, '')}".strip() if index % 2 else "")
            for index, piece in enumerate(side.split(_CUT))
        ]
        for side in card["sides"]
    ]
    return {**card, "painted": sides, "first": explained}


def _json(data: object) -> str:
    """Return the data as JSON."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _packed(text: str) -> str:
    """Return the text deflated, in base64. The zlib format has no time stamp, so equal texts are equal bytes."""
    return base64.b64encode(zlib.compress(text.encode("utf-8"), 9)).decode("ascii")


def _hash(source: str) -> str:
    """Return the hash by which the content security policy names an inline script or style sheet."""
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode("utf-8")).digest()).decode("ascii")


def _read(name: str) -> str:
    """Return a file of this package."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
