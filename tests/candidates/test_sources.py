"""Several sources, the first that has a fitting word wins; and what a word must be to fit."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from augment.candidates.lexicon import Lexicon, load_lexicons
from augment.candidates.slot import Slot
from augment.candidates.sources import (
    LexiconSource,
    Sources,
    lexicon_hashes,
    open_sources,
    source_notices,
)
from augment.config.job import Job
from augment.config.sections import CorpusConfig, ResourcesConfig
from augment.errors import RequestError
from augment.text.script import language
from augment.text.segment import segment
from tests.small import small_job
from tests.texts import TEXTS


def slot_of(text: str, word: str, before: str | None = None, pair: str | None = None) -> Slot:
    """Return the place of the first `word` in a text, or in the pair if that is given."""
    whole = text if pair is None else pair
    start = whole.index(word)
    return Slot("r1", 0, text, pair, 0 if pair is None else 1, start, start + len(word), before)


def lexicon(folder: Path, name: str, pairs: str) -> Lexicon:
    """Return the lexicon of `word substitute` pairs, parted by commas."""
    (folder / name).write_text("\n".join(pair.strip() for pair in pairs.split(",")), encoding="utf-8")
    return load_lexicons([name], folder)[0][0]


def offered(folder: Path, pairs: str, where: Slot, most: int = 8) -> tuple[str, ...]:
    """Return what a lexicon of these pairs offers for a place."""
    return Sources([LexiconSource([lexicon(folder, "words.txt", pairs)])], most, ()).offer([where])[0]


def job(folder: Path, lexicons: Sequence[str], masked_lm: str | None = None) -> Job:
    """Return a job with these resources."""
    resources = ResourcesConfig(lexicons=tuple(lexicons), masked_lm=masked_lm)
    return Job(
        corpus=CorpusConfig.model_validate({"root": str(folder), "files": "none.csv"}), resources=resources
    )


def test_a_place_knows_its_word_on_either_side() -> None:
    assert slot_of("这家酒店很好", "酒店").word == "酒店"
    second = slot_of("first", "film", pair="a 👍🏽 film")
    assert (second.whole, second.word) == ("a 👍🏽 film", "film")


def test_the_first_source_that_has_a_fitting_word_is_used_for_each_place(tmp_path: Path) -> None:
    first = LexiconSource([lexicon(tmp_path, "one", "good fine, film the, 干净 整洁")])
    second = LexiconSource([lexicon(tmp_path, "two", "good nice, film movie, story tale, 酒店 宾馆")])
    text = "a good film and a story 酒店干净"
    slots = [slot_of(text, word) for word in ("good", "film", "story", "and", "酒店", "干净")]
    # `the` is no content word, so film is left to the second source.
    forth = [("fine",), ("movie",), ("tale",), (), ("宾馆",), ("整洁",)]
    assert Sources([first, second], 8, ()).offer(slots) == forth
    assert Sources([second, first], 8, ()).offer(slots)[0] == ("nice",)
    assert Sources([], 8, ()).offer(slots) == [()] * 6
    assert Sources([first, second], 8, ()).offer([]) == []


def test_within_a_lexicon_source_the_first_lexicon_that_knows_the_word_speaks(tmp_path: Path) -> None:
    lexicons = [lexicon(tmp_path, "one", "good fine"), lexicon(tmp_path, "two", "good nice, bad poor")]
    offers = LexiconSource(lexicons).offer([slot_of("good bad", "good"), slot_of("good bad", "bad")])
    assert offers == [("fine",), ("poor",)]


def test_an_article_before_the_token_still_fits_after(tmp_path: Path) -> None:
    pairs = "film movie, film epic, film hour, film university"
    assert offered(tmp_path, pairs, slot_of("a film", "film", before="a")) == ("movie", "university")
    assert offered(tmp_path, pairs, slot_of("An film", "film", before="An")) == ("epic", "hour")
    assert offered(tmp_path, pairs, slot_of("the film", "film", before="the")) == (
        "movie",
        "epic",
        "hour",
        "university",
    )


@pytest.mark.parametrize(
    ("token", "expected"), [("film", ("movie",)), ("Film", ("Movie",)), ("FILM", ("MOVIE",))]
)
def test_a_word_is_cased_like_the_token(tmp_path: Path, token: str, expected: tuple[str, ...]) -> None:
    assert offered(tmp_path, "film movie", slot_of(f"the {token} is good", token)) == expected


def test_the_token_is_never_offered_in_any_case(tmp_path: Path) -> None:
    assert offered(tmp_path, "iPhone IPHONE, iPhone phone", slot_of("my iPhone", "iPhone")) == ("phone",)
    assert offered(tmp_path, "好 好, 好 佳", slot_of("好", "好")) == ("佳",)


@pytest.mark.parametrize("word", ["the", "not", "never", "it", "12", "!", "👍🏽", "的", "不", "没有"])
def test_a_word_that_is_no_content_or_negates_is_not_offered(tmp_path: Path, word: str) -> None:
    token = "好" if language(word) == "zh" else "good"
    assert offered(tmp_path, f"{token} {word}", slot_of(token, token)) == ()


def test_a_word_of_another_language_is_not_offered(tmp_path: Path) -> None:
    assert offered(tmp_path, "good 好, good fine", slot_of("good", "good")) == ("fine",)
    assert offered(tmp_path, "酒店 hotel, 酒店 宾馆", slot_of("酒店", "酒店")) == ("宾馆",)
    assert offered(tmp_path, "T恤 衬衫, T恤 shirt", slot_of("T恤", "T恤")) == ()


def test_what_would_be_cut_into_several_tokens_is_not_offered(tmp_path: Path) -> None:
    assert offered(tmp_path, "干净 很干净, 干净 整洁", slot_of("干净", "干净")) == ("整洁",)
    assert offered(tmp_path, "good very/fine, good first-class", slot_of("good", "good")) == ("first-class",)


def test_no_more_words_are_offered_than_requested_and_the_nearest_are_kept(tmp_path: Path) -> None:
    pairs = "good fine, good nice, good great, good fine"
    assert offered(tmp_path, pairs, slot_of("good", "good"), most=2) == ("fine", "nice")


def test_an_english_word_must_be_in_an_english_dictionary_where_there_is_one(tmp_path: Path) -> None:
    known = lexicon(tmp_path, "known", "good fine, fine good, nice good")
    own = LexiconSource([lexicon(tmp_path, "own", "great fine, great xzzq, great nice, 干净 整洁")])
    slots = [slot_of("great 干净", "great"), slot_of("great 干净", "干净")]
    assert Sources([own], 8, [known]).offer(slots) == [("fine", "nice"), ("整洁",)]
    # A dictionary without English cannot tell.
    chinese = lexicon(tmp_path, "chinese", "干净 整洁")
    assert Sources([own], 8, [chinese]).offer(slots)[0] == ("fine", "xzzq", "nice")


@pytest.mark.parametrize("text", TEXTS)
def test_every_token_of_an_awkward_text_gets_words_that_fit_or_none(text: str) -> None:
    sources = open_sources(("lexicon",), job(Path(), ("wordnet", "moby", "cilin")), most=4)
    spans = segment(text)[:60]
    before = [None, *(text[start:end] for start, end in spans)]
    slots = [Slot("r1", 0, text, None, 0, *span, word) for span, word in zip(spans, before, strict=False)]
    for where, words in zip(slots, sources.offer(slots), strict=True):
        assert len(words) == len(set(words)) <= 4
        assert where.word not in words
        for word in words:
            assert language(word) == language(where.word)
            assert segment(word) == [(0, len(word))]


def test_a_masked_model_is_a_source_only_where_the_job_names_one(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("good fine\nfine good", encoding="utf-8")
    sources = open_sources(("masked_lm", "lexicon"), job(tmp_path, ["words.txt"]), most=4)
    assert sources.offer([slot_of("good", "good")]) == [("fine",)]


def test_neighbours_come_after_the_lexicon_where_it_has_nothing(small: Path) -> None:
    (small / "words.txt").write_text("很好 不错", encoding="utf-8")
    given = small_job(small).model_copy(update={"resources": ResourcesConfig(lexicons=("words.txt",))})
    slots = [slot_of("早餐 很好", "很好"), slot_of("早餐 很差", "很差")]
    lexicon_only = open_sources(("lexicon",), given, most=4).offer(slots)
    both = open_sources(("lexicon", "neighbours"), given, most=4).offer(slots)
    assert lexicon_only == [("不错",), ()]
    assert both[0] == ("不错",)
    assert both[1]


def test_neighbours_need_a_model(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="no config gives a `model:`"):
        open_sources(("neighbours",), job(tmp_path, ()), most=4)


def test_the_lexicons_of_a_job_are_known_by_their_content(tmp_path: Path) -> None:
    lexicon(tmp_path, "one", "good fine")
    lexicon(tmp_path, "same", "good fine")
    lexicon(tmp_path, "other", "good nice")
    hashes = lexicon_hashes(job(tmp_path, ["one", "same", "other"]))
    assert list(hashes) == ["one", "same", "other"]
    assert hashes["one"] == hashes["same"] != hashes["other"]
    assert source_notices({"lexicon"}, job(tmp_path, ["one"])) == ()


def test_a_mutual_source_offers_only_words_that_have_the_token_as_a_synonym_too(tmp_path: Path) -> None:
    table = {"pleasant": ("nice", "melodious"), "nice": ("Pleasant",), "melodious": ("tuneful",)}
    dictionary = Lexicon("d", "", lambda word: table.get(word.casefold(), ()))
    own = lexicon(tmp_path, "own", "pleasant jolly")
    slot = slot_of("pleasant", "pleasant")
    assert LexiconSource([dictionary]).offer([slot]) == [("nice", "melodious")]
    assert LexiconSource([dictionary], mutual=True).offer([slot]) == [("nice",)]
    # A user's own list is taken at its word.
    assert LexiconSource([own], mutual=True).offer([slot]) == [("jolly",)]
