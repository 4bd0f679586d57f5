"""Findings: a sentence in both languages with the same values, sorted by how serious they are."""

import re
from pathlib import Path
from string import Formatter

from augment.report import page
from augment.report.finding import EVIDENCE, SENTENCES, RunFinding, by_severity

STRINGS = (Path(page.__file__).parent / "strings.js").read_text("utf-8")


def test_every_kind_has_a_chinese_sentence_with_the_same_values_and_a_section_of_evidence() -> None:
    table = STRINGS.split("const CHINESE_FINDINGS = {")[1].split("\n};")[0]
    chinese = dict(re.findall(r"^  (\w+): \"(.*)\",$", table, re.M))
    assert chinese.keys() == SENTENCES.keys() == EVIDENCE.keys()
    for kind, sentence in SENTENCES.items():
        assert names_of(chinese[kind]) == names_of(sentence), kind
        assert re.search("[\u4e00-\u9fff]", chinese[kind])


def names_of(sentence: str) -> set[str]:
    """Return the names of the values that a sentence has."""
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def test_values_are_put_into_the_sentence_as_they_are() -> None:
    finding = RunFinding.of(
        "level",
        "medium",
        word="{x} %s",
        label="{0}",
        own="1%",
        others="2%",
        own_before="3%",
        others_before="4%",
    )
    assert "`{x} %s` is now in 1% of the rows of {0} and 2% of the others" in finding.text


def test_the_most_serious_come_first_and_equals_in_the_order_of_their_kinds() -> None:
    ratio = {"count": "1", "rows": "2", "share": "50 %"}
    findings = [
        RunFinding.of("over_confident", "low"),
        RunFinding.of("flips", "medium", **ratio),
        RunFinding.of("label_doubt", "high", **ratio),
        RunFinding.of("shortcut", "high", count="1", words="x"),
    ]
    assert [finding.kind for finding in by_severity(findings)] == [
        "shortcut",
        "label_doubt",
        "flips",
        "over_confident",
    ]
