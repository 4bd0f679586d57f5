"""Shortcuts that a user accepts: by hand, in a short table, or in the flags.csv of `keywords`."""

from pathlib import Path

import pytest

from augment.config.job import Job, read_job
from augment.errors import RequestError
from augment.stages.accepted import FlaggedNgram, accepted, by_hand, read_flags, require_labels
from augment.text.ngrams import Ngram


@pytest.mark.parametrize(
    ("word", "ngram", "label"),
    [
        ("性价比=positive", Ngram("word", "性价比"), "positive"),
        ("Gross=0", Ngram("word", "gross"), "0"),
        ("the movie=good", Ngram("phrase", "the movie"), "good"),
        ("其实大概=负面", Ngram("phrase", "其实 大概"), "负面"),
        ("first:不=负面", Ngram("first", "不"), "负面"),
        ("last:!!!!=good", Ngram("last", "!!!"), "good"),
        ("a=b=good", None, "good"),
        ("😀=good", Ngram("word", "😀"), "good"),
    ],
)
def test_a_shortcut_is_named_by_a_word_and_its_label(word: str, ngram: Ngram | None, label: str) -> None:
    if ngram is None:
        with pytest.raises(RequestError, match=r"a \| = \| b"):
            by_hand(word)
        return
    assert (by_hand(word).ngram, by_hand(word).label) == (ngram, label)


def test_three_words_are_no_shortcut() -> None:
    with pytest.raises(RequestError, match=r"is 3 words: the \| good \| movie"):
        by_hand("the good movie=good")
    with pytest.raises(RequestError, match="is 2 words"):
        by_hand("first:the movie=good")


@pytest.mark.parametrize("text", ["text,label\n性价比,positive\n", "label\ttext\npositive\t性价比\n"])
def test_a_table_of_text_and_label_is_enough(text: str, tmp_path: Path) -> None:
    """All of its lines are accepted where there is no column accept."""
    path = tmp_path / "mine.csv"
    path.write_text(text, encoding="utf-8")
    assert read_flags(path) == (FlaggedNgram(Ngram("word", "性价比"), "positive", "性价比"),)


def test_an_answer_and_a_kind_count_where_a_table_has_them(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(
        "text,label,kind,accept\nno,bad,first,yes\nthe,bad,,no\nA film,good,,是\n", encoding="utf-8"
    )
    assert [flag.ngram for flag in read_flags(path)] == [Ngram("first", "no"), Ngram("phrase", "a film")]


def test_a_missing_column_is_named_with_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("word,label\nx,good\n", encoding="utf-8")
    with pytest.raises(RequestError, match="no column `text`"):
        read_flags(path)


def test_a_job_accepts_a_file_and_words_together(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("text,label\ngross,0\n", encoding="utf-8")
    sections = {
        "corpus": {"root": str(tmp_path), "files": "a.csv"},
        "resources": {"flags": "mine.csv", "accept": {"性价比": 1, "gross": "0"}},
    }
    job = read_job(sections)
    assert job.accepts
    assert [(flag.ngram.text, flag.label) for flag in accepted(job)] == [("gross", "0"), ("性价比", "1")]
    assert not Job().accepts
    require_labels(job, ["0", "1"])
    with pytest.raises(RequestError, match="`性价比` is a shortcut to the label `1`"):
        require_labels(job, ["0", "2"])


@pytest.mark.parametrize("word", ["gross", "=good", "gross=", ""])
def test_a_word_without_its_label_is_refused(word: str) -> None:
    with pytest.raises(RequestError, match="WORD=LABEL"):
        read_job({"resources": {"accept": [word]}})
