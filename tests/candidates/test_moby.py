"""The Moby thesaurus: words that name each other, nearest first, in the token's form."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.candidates.moby import Moby
from augment.errors import DataError
from tests.texts import TEXTS

LINES = """\
film,movie,picture,cinema,photograph
movie,film,picture,cinema,moving picture
picture,film,movie,photograph,portrait
cinema,film,movie,theatre
photograph,snapshot,shot,likeness,image,picture
Happy,glad,joyful,merry,blithe spirit
glad,happy,joyful,merry
joyful,happy,glad,merry
merry,happy,tipsy,drunk,gay,full,lit,loaded,high,tight
"""
WORDS = st.sampled_from([f"word{letter}" for letter in "abcdefghij"])
THESAURI = st.dictionaries(WORDS, st.sets(WORDS, min_size=1, max_size=6), min_size=1, max_size=8)


def written(folder: Path, content: str) -> Moby:
    """Return the thesaurus of a file with this content."""
    path = folder / "words.txt"
    path.write_text(content, encoding="latin-1")
    return Moby(path)


@pytest.fixture
def moby(tmp_path: Path) -> Moby:
    """Return a thesaurus of nine roots."""
    return written(tmp_path, LINES)


@given(thesaurus=THESAURI)
@settings(max_examples=60)
def test_words_that_name_each_other_are_sorted_by_how_much_of_their_lists_they_share(
    tmp_path_factory: pytest.TempPathFactory, thesaurus: Mapping[str, set[str]]
) -> None:
    lines = "".join(f"{root},{','.join(sorted(words))}\n" for root, words in thesaurus.items())
    moby = written(tmp_path_factory.getbasetemp(), lines)
    for root, own in thesaurus.items():
        overlap = {
            word: round(len(own & thesaurus[word]) / len(own | thesaurus[word]), 6)
            for word in own
            if root in thesaurus.get(word, ())
        }
        near = sorted((-share, word) for word, share in overlap.items() if share >= 0.15)
        assert list(moby.find(root)) == [word for _, word in near]


def test_a_word_must_name_the_root_in_turn(moby: Moby) -> None:
    assert list(moby.find("film")) == ["movie", "picture", "cinema"]
    assert "photograph" not in list(moby.find("film"))


def test_lists_that_share_little_make_no_synonyms(moby: Moby) -> None:
    assert list(moby.find("glad")) == ["joyful", "happy"]
    assert list(moby.find("merry")) == []


def test_a_word_is_found_in_any_case(moby: Moby) -> None:
    assert list(moby.find("HAPPY")) == list(moby.find("happy")) == ["glad", "joyful"]


def test_a_plural_is_found_by_its_singular_and_given_as_plurals(moby: Moby) -> None:
    assert list(moby.find("movies")) == ["films", "cinemas"]


def test_other_forms_are_not_guessed(moby: Moby) -> None:
    assert [word for form in ("filmed", "filming", "gladder", "gladly") for word in moby.find(form)] == []


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_not_listed_has_nothing(moby: Moby, text: str) -> None:
    assert list(moby.find(text)) == []


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_lines_may_end_as_on_any_system(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes(LINES.replace("\n", ending).encode() + "caf\xe9,bistro".encode("latin-1"))
    assert list(Moby(path).find("film")) == ["movie", "picture", "cinema"]
    assert Moby(path).content == path.read_bytes()


@pytest.mark.parametrize("content", ["", "\n\n", "no commas here\n"])
def test_a_file_without_a_root_is_bad_data(tmp_path: Path, content: str) -> None:
    with pytest.raises(DataError) as caught:
        written(tmp_path, content)
    assert caught.value.exit_code == 5
    assert caught.value.where.endswith("words.txt")
