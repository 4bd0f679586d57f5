"""What a user should know before using a result is reported in both languages of the report."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest

from augment.candidates import fluency, forms, lexicon
from augment.candidates.sources import source_notices
from augment.config.job import Job
from augment.corpus.repeats import repeat_notices, repeats_of
from augment.engine.staging import Staged
from augment.models.labels import LabelMap
from augment.output.notices import (
    OWN_ROWS,
    calibration_notices,
    destination_notices,
    flag_notices,
    notices_of,
)
from augment.output.shortcut_levels import Levels
from augment.output.totals import Totals
from augment.pipeline.definition import Pipeline
from augment.pipeline.requirements import package_notices
from augment.report import page
from augment.review.apply_decisions import reviewed_notice
from augment.stages.accepted import FlaggedNgram
from augment.stages.shortcuts import Fact, flag_of
from augment.tables.rows import Reject
from augment.text import tagger
from augment.text.ngrams import KINDS, Ngram, NgramKind

STAGES = [
    {"kind": "tokenize"},
    {"kind": "attribute", "baseline": "auto"},
    {"kind": "rank", "k": 3},
    {"kind": "balance"},
    {"kind": "judge"},
    {"kind": "keep"},
    {"kind": "select", "samples": 2},
]
PLAN = Pipeline.model_validate({"name": "x", "about": "", "stages": STAGES})
JOB = Job.model_validate({"name": "x", "resources": {"lexicons": []}})
SOFT = Job.model_validate({"name": "x", "resources": {"lexicons": []}, "output": {"labels": "soft"}})
WORDS = (Path(page.__file__).parent / "strings.js").read_text("utf-8")
STRINGS = WORDS.split("CHINESE_NOTICES")[1]
FORMS = [re.compile(form) for form in re.findall(r"^  \[/(\^.*\$)/, \"", STRINGS, re.M)]


def levels() -> Levels:
    """Return the tally of an accepted shortcut."""
    result = Levels([FlaggedNgram(Ngram("word", mark), "good", mark) for mark in "※☆◇○□△▽"])
    rows = {
        "text": ["※", "b"],
        "text_pair": [None, None],
        "label": ["good", "bad"],
        "source_id": [None, None],
    }
    result.add(pa.table({name: pa.array(values, pa.string()) for name, values in rows.items()}))
    return result


def runs() -> Iterator[Totals]:
    """Yield the counts of runs in which much went wrong: in all of them, every notice."""
    statuses = {"ig": Counter(ranking=2, precision_floor=1, not_converged=1)}
    yield Totals(
        verdicts=Counter(drop=30),
        reasons=Counter({"p(gold) below 0.7": 30}),
        statuses=statuses,
        paths={"ig": Counter({("mask", "smooth"): 4})},
        silent=Counter(ig=1),
        cut=1,
        levels=levels(),
    )
    yield Totals(
        verdicts=Counter(soft=3),
        statuses=statuses,
        paths={"ig": Counter({("zero", "rough"): 4})},
        moved=1,
        near_guard=1,
        sources=Counter({"good": 1}),
        answers=Counter({("good", "bad"): 20, ("bad", "bad"): 3}),
    )
    yield Totals()


def to_install(patch: pytest.MonkeyPatch) -> Iterator[str]:
    """Yield what a run reports where nothing that it can use is installed."""
    patch.setattr(lexicon, "_installed", lambda _: None)
    patch.setattr(forms, "_installed", lambda _: None)
    patch.setattr(fluency, "find_spec", lambda _: None)
    patch.setattr(tagger, "packaged_file", lambda *_: None)
    phrases = {"name": "test", "about": "", "stages": [{"kind": "delete", "by": "phrase"}]}
    yield from package_notices(Pipeline.model_validate(phrases))
    resources = {"lexicons": lexicon.DICTIONARIES, "ngrams": "a.arpa"}
    yield from source_notices(forms.FORMS, Job.model_validate({"name": "x", "resources": resources}))


def of_calibrations() -> Iterator[str]:
    """Yield what a run reports of calibrations that it did not make: one that was tried, and one of a corpus of few rows."""
    for texts, tried in (("cache", 12), ("model", 0)):
        with TemporaryDirectory() as folder:
            origin = {"origin": {"texts": texts, "tried": tried}}
            (Path(folder) / "calibration-ig.json").write_text(json.dumps(origin), encoding="utf-8")
            yield from calibration_notices(Path(folder))


def notices(patch: pytest.MonkeyPatch) -> Iterator[str]:
    """Yield every notice that a run can give."""
    yield from LabelMap(("bad", "good", "坏")).idle(["bad"])
    rejects = [Reject("1", "corpus", "empty text", "a.csv:2")]
    for totals in runs():
        for job in (JOB, SOFT):
            yield from notices_of(PLAN, job, Staged(over_limit=3), totals, rejects)
    yield from flag_notices([{"text": "※", "kind": "word", "label": "good"}])
    columns: list[list[str | None]] = [["a", "a"], [None, None], ["x", "y"], ["train", "test"]]
    yield from repeat_notices(repeats_of(columns))
    yield from to_install(patch)
    yield OWN_ROWS
    yield reviewed_notice(1200, 1100)
    yield from of_calibrations()
    used = {"rewrite": {"destination": "http://127.0.0.1:9/v1 (model m)", "calls answered": 3}}
    for samples in (0, 5):
        yield from destination_notices(used, samples)
    yield "3 samples are not drawn, because their source row is not."


def test_every_notice_has_one_chinese_form_and_every_form_a_notice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = list(notices(monkeypatch))
    for notice in given:
        assert sum(bool(form.match(notice)) for form in FORMS) == 1, notice
    assert [form.pattern for form in FORMS if not any(map(form.match, given))] == []


@pytest.mark.parametrize("text", ["※", "很", "房间"])
@pytest.mark.parametrize("kind", KINDS)
def test_why_a_unit_is_flagged_has_a_chinese_form(kind: NgramKind, text: str) -> None:
    ngram = Ngram(kind, f"{text} {text}" if kind == "phrase" else text)
    flag = flag_of(Fact(ngram, "好评", 50, 50, 50, 100, 1.0, 1.0, 0.0, 0.0, 1.0, text), {})
    form = re.search(r"EVIDENCE = /(.*)/;", WORDS)
    assert flag is not None
    assert form is not None
    match = re.fullmatch(form[1], flag)
    assert match is not None
    assert f'"{match[1]}": "' in WORDS
