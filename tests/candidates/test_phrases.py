"""Where phrases of a user's own list are."""

from pathlib import Path

from augment.candidates.lexicon import load_lexicons
from augment.candidates.phrases import PhraseFinder, phrase_finder


def finder(folder: Path, text: str) -> PhraseFinder | None:
    """Return the finder of a list of pairs."""
    (folder / "words.tsv").write_text(text, encoding="utf-8")
    return phrase_finder(load_lexicons(["words.tsv"], folder)[0])


def test_phrases_are_found_in_tokens_of_both_languages_without_regard_to_case(tmp_path: Path) -> None:
    find = finder(tmp_path, "battery life\tendurance\n电池寿命\t续航\nroom\thotel room\n")
    assert find is not None
    assert find(["The", "Battery", "LIFE", ",", "room", "电池", "寿命"]) == [(1, 2), (5, 6)]
    assert find(["battery", "lifetime"]) == []
    assert find([]) == []


def test_the_longest_phrase_from_the_left_is_found_and_none_overlap(tmp_path: Path) -> None:
    find = finder(tmp_path, "a b\tx\na b c\ty\nb c d\tz\n")
    assert find is not None
    assert find(["a", "b", "c", "d", "a", "b"]) == [(0, 1, 2), (4, 5)]


def test_dictionaries_have_no_phrases(tmp_path: Path) -> None:
    assert phrase_finder(load_lexicons(["cilin"], tmp_path)[0]) is None
