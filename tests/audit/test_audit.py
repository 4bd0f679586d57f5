"""The audit of a corpus: every kind of repeat once, by reason, split and label, in both languages."""

import json
from pathlib import Path

import numpy as np
import pytest

from augment.audit import Audit, audit
from augment.config.job import Job
from augment.config.sections import CorpusConfig, ModelConfig
from augment.corpus.repeats import text_key
from augment.errors import RequestError
from augment.training.out_of_fold import ANSWERS, write_answers

LONG = "我们住了三个晚上，房间很干净，服务也很热情，早餐的种类非常多，下次还会再来住的"
ROWS = [
    ("a", "这家酒店很好", "good", "train"),
    ("b", "这家酒店很好", "good", "test"),
    ("c", "a fine place", "good", "train"),
    ("d", "a fine place", "bad", "train"),
    ("e", "A  Fine ＨＯＴＥＬ", "good", "train"),
    ("f", "a fine hotel", "good", "validation"),
    ("g", LONG, "good", "train"),
    ("h", LONG + "！！", "bad", "train"),
    ("i", "nothing like it 👍🏽", "good", "train"),
    ("j", "完全不同的一句话", "gooood", "test"),
]


def corpus(folder: Path, rows: list[tuple[str, str, str, str]] = ROWS) -> Job:
    """Return the job of these rows, its model in `model` of the folder."""
    names = ("id", "text", "label", "split")
    lines = [json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in rows]
    (folder / "行.jsonl").write_text("\n".join(lines), encoding="utf-8")
    config = CorpusConfig.model_validate({"root": folder, "files": "行.jsonl"})
    return Job(name="x", corpus=config, model=ModelConfig(path=str(folder / "model")))


def reasons(result: Audit) -> set[tuple[str, str, tuple[str, ...]]]:
    """Return row, reason and other rows of each finding."""
    return {(finding.id, finding.reason, finding.others) for finding in result.findings}


def test_every_kind_of_repeat_is_listed_with_its_reason_and_the_other_row(tmp_path: Path) -> None:
    result = audit(corpus(tmp_path))
    like = "same text but for case, width or space, other split"
    assert reasons(result) == {
        ("a", "same text, other split", ("b",)),
        ("b", "same text, other split", ("a",)),
        *(
            (row, f"same text, {why}", (other,))
            for row, other in ("cd", "dc")
            for why in ("same split", "other label")
        ),
        ("e", like, ("f",)),
        ("f", like, ("e",)),
        *(
            (row, f"nearly the same text, {why}", (other,))
            for row, other in ("gh", "hg")
            for why in ("same split", "other label")
        ),
    }
    assert result.rows == {"train": 7, "validation": 1, "test": 2}
    assert result.counts["same text, other label"] == 2
    assert [notice.partition(":")[0] for notice in result.notices[:2]] == [
        "the same text is in two splits",
        "the same text is labelled in two ways",
    ]


def test_a_corpus_in_which_all_is_well_has_no_findings(tmp_path: Path) -> None:
    result = audit(corpus(tmp_path, [ROWS[0], ROWS[8]]))
    assert result.findings == ()
    assert result.notices == ()
    assert "not looked for" in result.facts()["label doubtful"]


def test_a_crowd_of_one_text_names_five_others_and_every_kind_of_reason(tmp_path: Path) -> None:
    rows = [(f"r{row}", "好评", "good", "train") for row in range(400)]
    rows += [("last", "好评", "bad", "test")]
    result = audit(corpus(tmp_path, rows))
    assert result.counts["same text, same split"] == 400
    assert result.counts["same text, other split"] == result.counts["same text, other label"] == 401
    assert max(len(finding.others) for finding in result.findings) == 5
    assert ("r7", "same text, other label", ("last",)) in reasons(result)


def test_labels_are_doubted_on_answers_out_of_fold(tmp_path: Path) -> None:
    """Rows of train only; a label that was mended since the training is compared as it is now."""
    rows = [(f"r{row}", f"text {row}", "bad" if row % 2 else "good", "train") for row in range(40)]
    job = corpus(tmp_path, [*rows, ("held", "held out", "good", "test")])
    right = np.array([[0.1, 0.9] if row % 2 == 0 else [0.8, 0.2] for row in range(40)])
    right[6] = [0.95, 0.05]
    columns: dict[str, list[object]] = {
        "id": [row[0] for row in rows],
        "key": [text_key(row[1], None) for row in rows],
        "label": ["bad"] * 40,
        "fold": [0] * 40,
        "probabilities": right.tolist(),
    }
    write_answers(tmp_path / "model", ("bad", "good"), columns)
    result = audit(job)
    assert result.compared == 40
    listed = [finding for finding in result.findings if finding.reason == "label doubtful"]
    assert [(finding.id, finding.other_labels, finding.score) for finding in listed] == [
        ("r6", ("bad",), 0.05)
    ]
    assert result.facts()["label doubtful"] == "1 of 40 rows of train with answers out of fold"


@pytest.mark.parametrize("content", [b"", b"PAR1 no table PAR1"])
def test_answers_that_are_damaged_are_refused(tmp_path: Path, content: bytes) -> None:
    job = corpus(tmp_path)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / ANSWERS).write_bytes(content)
    with pytest.raises(RequestError, match=ANSWERS):
        audit(job)
