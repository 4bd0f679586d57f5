"""Tests of substitutes: antonyms, parts of speech, frequency, nearness; and names, which stay."""

from pathlib import Path

import pytest

from augment.candidates.antonyms import Antonyms
from augment.candidates.entities import Entities
from augment.candidates.filters import Filters, WordTests
from augment.candidates.lexicon import Lexicon, load_lexicons
from augment.candidates.slot import Slot
from augment.config.job import Job
from augment.config.sections import CorpusConfig, ResourcesConfig
from augment.errors import RequestError
from tests.small import small_job


def job(folder: Path, antonyms: tuple[str, ...] = ()) -> Job:
    """Return a job with these files of antonyms."""
    corpus = CorpusConfig.model_validate({"root": str(folder), "files": "none.csv"})
    return Job(corpus=corpus, resources=ResourcesConfig(lexicons=(), antonyms=antonyms))


@pytest.fixture(scope="module")
def wordnet() -> Lexicon:
    result, notices = load_lexicons(["wordnet"], Path())
    if notices:
        pytest.skip(notices[0])
    return result[0]


@pytest.mark.parametrize(
    ("token", "word"),
    [
        ("good", "bad"),
        ("good", "Worse"),
        ("great", "terrible"),
        ("loved", "hating"),
        ("beginning", "ends"),
        ("quickly", "slowly"),
    ],
)
def test_wordnet_knows_antonyms_their_forms_and_what_is_like_them(
    wordnet: Lexicon, token: str, word: str
) -> None:
    assert wordnet.opposes(token, word)


@pytest.mark.parametrize(
    ("token", "word"),
    [
        ("good", "fine"),
        ("movie", "film"),
        ("great", "outstanding"),
        ("酒店", "宾馆"),
        ("xqzz", "bad"),
        ("", ""),
    ],
)
def test_what_means_the_same_is_no_antonym(wordnet: Lexicon, token: str, word: str) -> None:
    assert not wordnet.opposes(token, word)


def test_pairs_of_a_user_hold_both_ways_and_for_synonyms(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("脏 肮脏\n", encoding="utf-8")
    lexicons, _ = load_lexicons(["words.txt"], tmp_path)
    antonyms = Antonyms(lexicons, [("干净", "脏"), ("Hot", "cold")])
    assert antonyms.opposes("干净", "脏")
    assert antonyms.opposes("脏", "干净")
    assert antonyms.opposes("干净", "肮脏")
    assert antonyms.opposes("COLD", "hot")
    assert not antonyms.opposes("干净", "整洁")


def test_each_test_can_be_switched_off(tmp_path: Path, wordnet: Lexicon) -> None:
    (tmp_path / "pairs.tsv").write_text("干净\t脏\n", encoding="utf-8")
    given = job(tmp_path, ("pairs.tsv",))

    def passing(filters: Filters, token: str, *words: str) -> tuple[str, ...]:
        """Return the words that pass."""
        return WordTests(filters, given, [wordnet]).passing(token, words)

    off = Filters(antonyms=False, pos=False)
    assert passing(Filters(), "good", "fine", "bad") == ("fine",)
    assert passing(off, "good", "fine", "bad", "goodness") == ("fine", "bad", "goodness")
    assert passing(Filters(), "干净", "整洁", "脏") == ("整洁",)
    assert passing(Filters(), "干净", "房间", "整洁") == ("整洁",)
    assert passing(off, "干净", "房间", "脏") == ("房间", "脏")
    often = Filters(frequency=20.0)
    assert passing(often, "film", "movie") == ("movie",)
    assert passing(Filters(frequency=1e5), "film", "movie") == ()
    assert passing(often, "房间", "屋子", "斗室") == ("屋子",)
    assert passing(Filters(frequency=1e9), "房间", "屋子") == ()


def test_a_dictionary_without_counts_rules_out_no_english_word(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("good fine\n", encoding="utf-8")
    lexicons, _ = load_lexicons(["words.txt"], tmp_path)
    assert WordTests(Filters(frequency=5.0), job(tmp_path), lexicons).passing("good", ["fine"]) == ("fine",)


def test_similarity_asks_the_embeddings_of_the_model(small: Path) -> None:
    tests = WordTests(Filters(pos=False, antonyms=False, similarity=0.5), small_job(small), ())
    assert tests.passing("great", ("wonderful", "terrible")) == ("wonderful",)
    assert tests.passing("喜欢", ("满意", "很差")) == ("满意",)


def test_a_file_of_antonyms_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"none\.tsv"):
        WordTests(Filters(), job(tmp_path, ("none.tsv",)), ())


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("我在北京住过", "北京", True),
        ("张艺谋的电影", "张艺谋", True),
        ("房间很干净", "房间", False),
        ("房间很安静", "安静", False),
        ("这个酒店的wifi很慢，房间很干净，早餐也还不错，下次再来", "wifi", True),
        ("the wifi is slow", "wifi", False),
        ("", "", False),
    ],
)
def test_names_are_distinguished_from_words(tmp_path: Path, text: str, word: str, expected: bool) -> None:
    (tmp_path / "words.txt").write_text("安静 平静\n", encoding="utf-8")
    lexicons, _ = load_lexicons(["words.txt"], tmp_path)
    start = text.index(word)
    slot = Slot("r", 0, text, None, 0, start, start + len(word), None)
    assert Entities(lexicons).names(slot) is expected
