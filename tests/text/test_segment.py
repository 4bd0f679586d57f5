"""Spans of tokens: they cover the text, keep clusters whole and are the words people see."""

import json
import logging
from collections.abc import Iterator
from io import BytesIO
from itertools import islice
from pathlib import Path
from string import ascii_letters
from zipfile import ZipFile

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.text.editable import is_code, is_content
from augment.text.segment import LONGEST_RUN, Granularity, frequency, segment
from tests.texts import TEXTS

GRANULARITIES: tuple[Granularity, ...] = ("word", "char")
ROWS = 1500
CORPORA = (
    "emotion-zh",
    "hotel-zh",
    "news-zh",
    "pairs-zh",
    "reviews-en",
    "reviews-zh",
    "sentences-en",
    "shopping-zh",
    "takeaway-zh",
)
AWKWARD = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from(
            "好的不很T恤aB1９.,，'’-_@#:/ \n\t\u200d\ufe0f\u0301👨👩👍🏽🇨🇳𠮷葛\U000e0100\x1c\u20e3가ᄀ"
        ),
    ),
    max_size=40,
)


@given(AWKWARD, st.sampled_from(GRANULARITIES), st.sampled_from(["auto", "zh", "en", "mixed"]))
@settings(max_examples=400)
def test_spans_are_ordered_disjoint_and_cover_all_but_space(
    text: str, granularity: Granularity, language: str
) -> None:
    check(text, segment(text, language, granularity))


@pytest.mark.parametrize("granularity", GRANULARITIES)
@pytest.mark.parametrize("text", TEXTS)
def test_every_awkward_text_is_covered(text: str, granularity: Granularity) -> None:
    check(text, segment(text, granularity=granularity))


@given(st.text(ascii_letters, min_size=1, max_size=80))
def test_letters_alone_are_one_token_as_they_are_among_others(word: str) -> None:
    assert segment(word) == [(0, len(word))]
    assert segment(f" {word} ,")[0] == (1, len(word) + 1)


@given(AWKWARD, AWKWARD)
def test_lines_are_cut_independently(first: str, second: str) -> None:
    if second[:1] and regex.fullmatch(r"\X\X", "\n" + second[0]) and not first.endswith("\r"):
        shifted = [(start + len(first) + 1, end + len(first) + 1) for start, end in segment(second)]
        assert segment(f"{first}\n{second}") == segment(first + "\n") + shifted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("这家酒店的服务很好。", "这家 酒店 的 服务 很 好 。"),
        ("iPhone6手机very好用！！", "iPhone6 手机 very 好用 ！！"),
        ("花了3.5元买T恤，1,000元的4S店……", "花 了 3.5 元 买 T恤 ， 1,000 元 的 4S店 ……"),
        ("I don't like it, it isn’t well-made!!!", "I don't like it , it isn’t well-made !!!"),
        ("it is n't and you 've rock'n'roll", "it is n't and you 've rock'n'roll"),
        ("'quoted' ''words'' dogs'", "' quoted ' '' words '' dogs '"),
        ("the U.S. in 2010-2011, $5, 50%", "the U.S. in 2010 - 2011 , $ 5 , 50 %"),
        ("a b-52, a 20-year-old, 3.14 and 1,2", "a b-52 , a 20-year-old , 3.14 and 1 , 2"),
        ("男/女 snake_case _x", "男 / 女 snake_case _ x"),
        ("见http://t.cn/a1?b=2，好", "见 http://t.cn/a1?b=2 ， 好"),
        ("http://例子.cn/p#f. www.a.com/x, y", "http://例子.cn/p#f . www.a.com/x , y"),
        ("mail a.b@c.org or @user #tag", "mail a.b@c.org or @user #tag"),
        ("#加油中国#回复@张三:好", "#加油中国# 回复 @张三 : 好"),
        ("好<br/>吃<b>很</b>，x&nbsp;y &#128512;", "好 <br/> 吃 <b> 很 </b> ， x &nbsp; y &#128512;"),
        ("a <b and c> d, x<y & z>w; <3", "a < b and c > d , x < y & z > w ; < 3"),
        ("👨‍👩‍👧‍👦👍🏽🇨🇳🇬🇧1️⃣★★", "👨‍👩‍👧‍👦 👍🏽 🇨🇳 🇬🇧 1️⃣ ★ ★"),
        ("cafe\u0301 ＡＢＣ１２３，", "cafe\u0301 ＡＢＣ１２３ ，"),
        ("𠮷野家", "𠮷 野家"),
        ("zero\u200bwidth", "zero \u200b width"),
    ],
)
def test_tokens_are_the_words_people_see(text: str, expected: str) -> None:
    assert [text[start:end] for start, end in segment(text)] == expected.split(" ")


def test_a_tag_with_attributes_is_one_token() -> None:
    tag = """<a title="很 好" href = 'http://x.cn/?a=1' id=b />"""
    assert [f"好{tag}吃"[start:end] for start, end in segment(f"好{tag}吃")] == ["好", tag, "吃"]


CODES = "[泪] [白眼] [笑cry] [ok] ［哈哈］ 【怒】 :smile: :+1: :thumbs_up:"


@pytest.mark.parametrize("granularity", GRANULARITIES)
@pytest.mark.parametrize("code", CODES.split())
@pytest.mark.parametrize("text", ["真的{}好吃", "{}", "好{}{}", "good {}!", "我很喜欢 {} 這個", "{}好吃"])
def test_the_code_of_an_emoticon_is_one_token(text: str, code: str, granularity: Granularity) -> None:
    text = text.replace("{}", code)
    tokens = [text[start:end] for start, end in segment(text, granularity=granularity)]
    assert tokens.count(code) == text.count(code)
    assert is_code(code)
    assert not is_content(code)


@pytest.mark.parametrize(
    "text",
    [
        "a note [sic] here",
        "see [12]",
        "【京东自营官方旗舰店】",
        "at 10:30:45",
        "a: b: c",
        "[一二三四五六七八九]",
    ],
)
def test_notes_numbers_and_times_are_no_codes(text: str) -> None:
    assert not any(is_code(text[start:end]) for start, end in segment(text))


def test_char_granularity_parts_chinese_and_keeps_latin_words() -> None:
    text = "T恤don't好👍🏽葛\U000e0100"
    spans = segment(text, granularity="char")
    assert [text[start:end] for start, end in spans] == ["T", "恤", "don't", "好", "👍🏽", "葛\U000e0100"]


def test_english_needs_no_dictionary_and_still_covers_chinese() -> None:
    assert segment("酒店 good", language="en") == [(0, 1), (1, 2), (3, 7)]


@pytest.mark.parametrize(
    "unit",
    ["好", "a.", "a-", "@a", "#", "x@", "www.", "🇨🇳", "e\u0301", "1,", "'s", "好a", "<a", "<a b=", "&a"],
)
def test_long_repetitions_are_cut_as_well(unit: str) -> None:
    text = unit * (40 * LONGEST_RUN // len(unit))
    spans = segment(text)
    assert sum(end - start for start, end in spans) == len(text.replace(" ", ""))


def test_the_dictionary_is_read_in_silence_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with caplog.at_level(logging.DEBUG):
        segment("酒店的服务")
    assert frequency("酒店") > 100
    assert frequency("服务很好吃") == 0
    assert not caplog.records
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("corpus", CORPORA)
def test_rows_of_real_corpora_are_covered(shared: Path, corpus: str) -> None:
    folder = shared / "datasets" / corpus
    if not folder.is_dir():
        pytest.skip(f"needs the corpus {corpus}")
    files = sorted(
        file for file in folder.iterdir() if not file.name.endswith(".md") and "LICENSE" not in file.name
    )
    for file in files:
        lines = list(rows(file))
        for text in islice(lines, 0, None, max(1, len(lines) * len(files) // ROWS)):
            check(text, segment(text))


def rows(file: Path) -> Iterator[str]:
    """Yield the texts of a raw corpus file: its lines, or the strings in them where these are JSON."""
    content = file.read_bytes()
    if file.suffix == ".zip":
        with ZipFile(BytesIO(content)) as archive:
            content = archive.read(archive.namelist()[0])
    for line in content.decode("utf-8", errors="replace").splitlines():
        if line.startswith("{"):
            yield from (value for value in json.loads(line).values() if isinstance(value, str))
        else:
            yield line


def check(text: str, spans: list[tuple[int, int]]) -> None:
    """Assert that spans are ordered, disjoint, whole clusters, and leave out nothing but space."""
    borders = {match.start() for match in regex.finditer(r"\X", text)} | {len(text)}
    left_out, done = [], 0
    for start, end in spans:
        assert done <= start < end
        assert {start, end} <= borders
        left_out.append(text[done:start])
        done = end
    rest = "".join([*left_out, text[done:]])
    assert not rest or rest.isspace()
