"""The test of fluency: what a word takes from the words around it, by hand, and with KenLM where it is installed."""

import math
from itertools import pairwise
from pathlib import Path

import pytest

from augment.candidates import fluency
from augment.candidates.fluency import Fluency, fluency_notices, fluency_versions, open_fluency
from augment.config.job import Job
from augment.config.sections import ResourcesConfig
from augment.errors import RequestError

# log10 of the probability of a word after another, and of a word alone with the weight of backing off.
PAIRS = {
    ("<s>", "a"): -0.5,
    ("a", "fine"): -0.3,
    ("fine", "room"): -0.2,
    ("room", "</s>"): -0.1,
    ("很", "干净"): -0.3,
    ("很", "整洁"): -0.6,
}
WORDS = {"a": -1.0, "fine": -1.5, "penal": -2.5, "room": -1.2, "很": -0.9, "干净": -1.4, "整洁": -1.6}
WORDS |= {"清白": -3.0, "</s>": -1.0, "<s>": -99.0, "<unk>": -4.0}
BACK = -0.4


class Recomputed:
    """The model above."""

    order = 2

    def score(self, words: str, bos: bool, eos: bool) -> float:
        """Return log10 of the probability."""
        parts = [*(["<s>"] if bos else []), *words.split(" "), *(["</s>"] if eos else [])]
        total = 0.0 if bos else WORDS.get(parts[0], WORDS["<unk>"])
        for one, two in pairwise(parts):
            alone = WORDS.get(two, WORDS["<unk>"]) + (BACK if one in WORDS else 0.0)
            total += PAIRS.get((one, two), alone)
        return total


def write_arpa(path: Path) -> Path:
    """Write the model above as an ARPA file."""
    lines = ["\\data\\", f"ngram 1={len(WORDS)}", f"ngram 2={len(PAIRS)}", "", "\\1-grams:"]
    lines += [f"{value}\t{word}\t{BACK}" for word, value in WORDS.items() if word not in ("</s>", "<unk>")]
    lines += [f"{WORDS[word]}\t{word}" for word in ("</s>", "<unk>")]
    lines += ["", "\\2-grams:", *(f"{value}\t{' '.join(pair)}" for pair, value in PAIRS.items())]
    path.write_text("\n".join([*lines, "", "\\end\\", ""]), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("tokens", "index", "words", "passing"),
    [
        # fine -.3 -.2 against penal -2.9 -1.6: 4.0 lost.
        (["a", "fine", "room"], 1, ("penal", "fine"), ("fine",)),
        # 很 干净 -.3 against 整洁 -.6, and 清白 -3.4.
        (["很", "干净"], 1, ("整洁", "清白"), ("整洁",)),
        (["很", "干净"], 1, (), ()),
        (["👍🏽"], 0, ("👍",), ("👍",)),
    ],
)
def test_a_word_that_takes_too_much_does_not_pass(
    tokens: list[str], index: int, words: tuple[str, ...], passing: tuple[str, ...]
) -> None:
    assert Fluency(Recomputed(), 2.0).passing(tokens, index, words) == passing


def test_only_the_words_near_enough_are_scored() -> None:
    requested: list[tuple[str, bool, bool]] = []

    class Noting(Recomputed):
        """Notes what it is called with."""

        def score(self, words: str, bos: bool, eos: bool) -> float:
            """Return nothing of interest."""
            requested.append((words, bos, eos))
            return 0.0

    Fluency(Noting(), 0.0).passing(["one", "two", "three", "four"], 1, ("2",))
    Fluency(Noting(), 0.0).passing(["one", "two", "three", "four"], 3, ("4",))
    assert requested == [
        ("one two three", True, False),
        ("one 2 three", True, False),
        ("three four", False, True),
        ("three 4", False, True),
    ]


def job(folder: Path, name: str | None) -> Job:
    """Return a job that names a model in a folder."""
    resources = ResourcesConfig(ngrams=None if name is None else str(folder / name))
    return Job(name="x", resources=resources)


def test_without_a_model_nothing_is_tested(tmp_path: Path) -> None:
    assert open_fluency(job(tmp_path, None), 2.0) is None
    assert fluency_notices(job(tmp_path, None)) == ()
    assert fluency_versions(job(tmp_path, None)) == {}


def test_a_missing_package_is_named_with_its_install_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fluency, "find_spec", lambda name: None)
    named = job(tmp_path, "words.arpa")
    assert open_fluency(named, 2.0) is None
    assert "pip install kenlm" in fluency_notices(named)[0]
    assert fluency_versions(named) == {"kenlm": "none"}


def test_kenlm_agrees_with_what_is_worked_out_by_hand(tmp_path: Path) -> None:
    kenlm = pytest.importorskip("kenlm", reason="the package kenlm is not installed")
    theirs = kenlm.Model(str(write_arpa(tmp_path / "words.arpa")))
    for words in ("a fine room", "a penal room", "很 干净", "很 清白", "👍🏽"):
        for bos in (True, False):
            for eos in (True, False):
                result = theirs.score(words, bos=bos, eos=eos)
                assert math.isclose(result, Recomputed().score(words, bos, eos), abs_tol=1e-4)
    opened = open_fluency(job(tmp_path, "words.arpa"), 2.0)
    assert opened is not None
    assert opened.passing(["a", "fine", "room"], 1, ("penal", "fine")) == ("fine",)


@pytest.mark.parametrize("content", [None, "no model"])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, content: str | None) -> None:
    pytest.importorskip("kenlm", reason="the package kenlm is not installed")
    if content is not None:
        (tmp_path / "words.arpa").write_text(content, encoding="utf-8")
    with pytest.raises(RequestError, match=r"resources\.ngrams"):
        open_fluency(job(tmp_path, "words.arpa"), 2.0)
