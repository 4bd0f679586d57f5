"""How varied samples are: sums, copies, and samples that do not depend on how rows are cut into shards."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import augment
import augment.output.diversity
from augment.output.diversity import Diversity, Equal, written
from augment.output.manifest import read_summary
from augment.tables.columns import CORPUS, KEEP, SAMPLE, TOKENIZE
from augment.text.ngram_overlap import bleu
from augment.text.segment import segment
from tests.small import small_job

COLUMNS = (*CORPUS, *TOKENIZE, *SAMPLE, *KEEP)


def family(
    name: str, text: str, swaps: list[tuple[str, str, str]], pair: str | None = None
) -> list[dict[str, object]]:
    """Return a source row with a sample for each (old, new, verdict)."""
    tokens, spans, sides = [], [], []
    for side, whole in enumerate((text, pair or "")):
        for start, end in segment(whole):
            tokens.append(whole[start:end])
            spans.append({"start": start, "end": end})
            sides.append(side)
    rows: list[dict[str, object]] = [
        {"id": name, "text": text, "text_pair": pair, "tokens": tokens, "spans": spans, "side": sides}
    ]
    for number, (old, new, verdict) in enumerate(swaps):
        side = int(old not in text)
        start = (text, pair or "")[side].index(old)
        edit = {"side": side, "start": start, "end": start + len(old), "old": old, "new": new, "score": 0.0}
        sample = [text, pair]
        sample[side] = str(sample[side]).replace(old, new, 1)
        made = {
            "text": sample[0],
            "text_pair": sample[1],
            "source_id": name,
            "edits": [edit],
            "verdict": verdict,
        }
        rows.append({"id": f"{name}~x~{number}", **made})
    return rows


def table(*families: list[dict[str, object]]) -> pa.Table:
    rows = [row for one in families for row in one]
    return pa.table(
        {column.name: pa.array([row.get(column.name) for row in rows], column.type) for column in COLUMNS}
    )


ROWS = (
    family(
        "a",
        "the room was clean",
        [("room", "place", "keep"), ("clean", "tidy", "keep"), ("was", "is", "drop")],
    ),
    family("b", "房间 很 干净 👍🏽", [("房间", "屋子", "keep")], "second text 𠮷"),
    family("c", "nothing here", []),
    family("d", "one two", [("two", "2nd", "contrast")], "３ four"),
)


def test_sums_are_over_samples_that_were_not_dropped() -> None:
    tally = Diversity()
    tally.add(table(*ROWS))
    result = tally.figures()
    assert (tally.rows, tally.given, tally.edits) == (4, 4, 4)
    assert result["samples a row"] == result["edits a row"] == result["edits a sample"] == 1
    # Words of the source rows of samples: 4 and 4, 房间 很 干净 second text 𠮷, one two ３ four.
    assert result["share of words edited"] == round(4 / (4 + 4 + 6 + 4), 4)
    assert result["rows sampled"] == 3
    assert result["copies of a source text"] == result["samples with the same text"] == 0


def test_self_bleu_is_of_a_sample_against_its_source_row_and_its_siblings() -> None:
    tally = Diversity()
    tally.add(table(ROWS[0]))
    source, first, second = "the room was clean", "the place was clean", "the room was tidy"
    each = [
        bleu(first.split(), [source.split(), second.split()]),
        bleu(second.split(), [source.split(), first.split()]),
    ]
    assert tally.figures()["self-BLEU"] == round(sum(each) / 2, 4)
    assert tally.figures()["distinct-1"] == round(6 / 8, 4)
    assert tally.figures()["distinct-2"] == 1


def test_copies_and_repeats_are_counted_wherever_they_are() -> None:
    tally = Diversity()
    tally.add(table(family("a", "good room", [("room", "place", "keep"), ("good", "fine", "keep")])))
    tally.add(table(family("b", "fine place", [("fine", "good", "keep")])))
    tally.pass_by(table(family("t", "fine room", [])))
    result = tally.figures()
    assert result["copies of a source text"] == 1
    assert result["samples with the same text"] == 1


def test_nothing_is_reported_where_no_sample_was_given() -> None:
    tally = Diversity()
    tally.add(table(ROWS[2]))
    assert tally.figures() == {}


@settings(max_examples=15)
@given(st.permutations(range(12)), st.integers(1, 5))
def test_cuts_and_order_of_shards_change_nothing(order: list[int], size: int) -> None:
    families = [
        family(
            f"r{number}",
            f"w{number} and x{number % 3}",
            [("and", "or", "keep"), ("and", f"v{number}", "keep")],
        )
        for number in range(12)
    ]
    whole, parts = Diversity(), Diversity()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(augment.output.diversity, "ROWS", 5)
        whole.add(table(*families))
        for begin in range(0, 12, size):
            parts.add(table(*(families[number] for number in order[begin : begin + size])))
        assert len(parts.sample) == 5
        assert parts.figures() == whole.figures()


def test_equal_texts_are_counted_exactly_until_there_are_too_many_and_then_estimated() -> None:
    numbers = np.random.default_rng(0).integers(0, 1 << 62, size=4000, dtype=np.uint64)
    few = Equal()
    few.add(numbers)
    assert (few.bits, few.held) == (0, 4000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(augment.output.diversity, "_TEXTS", 500)
        many = Equal()
        for begin in range(0, 4000, 700):
            many.add(numbers[begin : begin + 700])
    assert many.held <= 500
    assert set(many.hashes()) == {n for n in numbers if int(n) % (1 << many.bits) == 0}
    assert many.held << many.bits == pytest.approx(4000, rel=0.25)


def test_the_most_frequent_edits_are_given_with_their_share() -> None:
    tally = Diversity()
    for name in "abc":
        tally.add(
            table(
                family(
                    name,
                    f"a Fine room {name}",
                    [("Fine", "good", "keep"), ("a ", "", "keep"), ("room", "hall", "drop")],
                )
            )
        )
    tally.add(table(family("d", "fine place", [("fine", "good", "keep")])))
    assert tally.replacements() == {"fine > good": round(4 / 7, 4), "- a": round(3 / 7, 4)}


def test_a_run_reports_it_in_the_manifest_the_card_and_the_report(small: Path, tmp_path: Path) -> None:
    summary = augment.run("augment-wide", small_job(small, limit=30), tmp_path / "out")
    result = summary.diversity
    counts = summary.counts
    assert counts["samples requested"] == counts["samples made"] + counts["samples missing"]
    assert counts["samples made"] == counts["samples kept"] + counts["samples dropped"]
    assert result["copies of a source text"] == result["samples with the same text"] == 0
    assert 0 < result["self-BLEU"] < 1
    assert read_summary(summary.folder).diversity == result
    assert f"| self-BLEU | {written('self-BLEU', result['self-BLEU'])} |" in (
        tmp_path / "out/README.md"
    ).read_text("utf-8")
    assert "self-BLEU" in (tmp_path / "out/report.html").read_text("utf-8")
    assert summary.replacements
    assert "## The most frequent edits" in (tmp_path / "out/README.md").read_text("utf-8")
    assert "most frequent edits" in (tmp_path / "out/report.html").read_text("utf-8")


def test_numbers_are_written_as_people_read_them() -> None:
    assert written("share of words edited", 0.1234) == "12.3%"
    assert written("rows sampled", 12345) == "12,345"
    assert written("distinct-1", 0.31415) == "0.3141"
    assert written("samples a row", 4.0) == "4"
