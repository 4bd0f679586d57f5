"""Which tokens may be ranked and which may be edited."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.errors import RequestError
from augment.text.editable import (
    STOP_WORDS,
    Protection,
    editable,
    governed,
    in_script_of,
    is_content,
    is_link,
    is_markup,
    is_number,
    is_word,
)
from augment.text.negation import NEGATIONS, is_negation
from augment.text.segment import segment
from tests.texts import TEXTS

FREE = Protection()


@pytest.mark.parametrize("text", TEXTS)
def test_an_editable_token_is_a_word_and_content(text: str) -> None:
    tokens = [text[start:end] for start, end in segment(text)]
    answer = editable(tokens, FREE)
    assert len(answer) == len(tokens)
    assert all(
        is_word(token) and is_content(token) for token, free in zip(tokens, answer, strict=True) if free
    )


@given(st.lists(st.text(min_size=1, max_size=5)), st.frozensets(st.text(max_size=4), max_size=4))
def test_protection_only_takes_freedom_away(tokens: list[str], words: frozenset[str]) -> None:
    answer = zip(editable(tokens, FREE), editable(tokens, Protection(words)), strict=True)
    assert all(before or not after for before, after in answer)


@given(st.lists(st.text(min_size=1, max_size=5), min_size=1), st.data())
def test_a_protected_token_is_never_edited(tokens: list[str], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(tokens) - 1))
    assert not editable(tokens, Protection(frozenset({tokens[index]})))[index]


@pytest.mark.parametrize(
    "token",
    [
        "good",
        "好用",
        "酒店",
        "不错",
        "very",
        "非常",
        "十分",
        "很",
        "真",
        "terrible",
        "Excellent",
        "well-made",
        "movie's",
        "难吃",
        "一般",
        "差",
        "T恤",
        "ｇｏｏｄ",
        "café",
        "万分",
        "一点",
    ],
)
def test_words_of_content_opinion_and_degree_may_be_edited(token: str) -> None:
    assert editable([token], FREE) == [True]


@pytest.mark.parametrize(
    "token",
    [
        "，",
        "！！！",
        "👍🏽",
        "👨\u200d👩\u200d👧\u200d👦",
        "$",
        "3.14",
        "1,000",
        "１２３",
        "三十",
        "百分之五十",
        "第一次",
        "两个",
        "三年",
        "50th",
        "3d",
        "iPhone6",
        "the",
        "I",
        "It's",
        "we've",
        "'s",
        "ca",
        "的",
        "我们",
        "因为",
        "这家",
        "x",
        "http://例子.cn/p",
        "www.a.com",
        "a.b@c.org",
        "shop.com",
        "@user",
        "#话题#",
        "#tag",
        "<br />",
        '<a href="u">',
        "&nbsp;",
    ],
)
def test_marks_numbers_links_and_function_words_are_neither_ranked_nor_edited(token: str) -> None:
    assert not is_content(token)
    assert editable([token], FREE) == [False]


@pytest.mark.parametrize(
    "token",
    [
        "not",
        "n't",
        "don't",
        "DON’T",
        "can't",
        "never",
        "No",
        "cannot",
        "不",
        "没",
        "没有",
        "别",
        "无",
        "并非",
        "也不",
        "不太",
    ],
)
def test_negations_are_ranked_but_never_edited(token: str) -> None:
    assert is_negation(token)
    assert is_content(token)
    assert editable([token], FREE) == [False]


@pytest.mark.parametrize(
    "token", ["不错", "不满", "无聊", "别墅", "note", "nothingness", "important", "淹没"]
)
def test_words_that_only_contain_a_negation_are_not_negations(token: str) -> None:
    assert not is_negation(token)


def test_stop_words_hold_no_negation_and_no_word_of_degree_or_opinion() -> None:
    assert not STOP_WORDS & NEGATIONS
    assert not STOP_WORDS & set(
        [
            "very",
            "too",
            "so",
            "really",
            "quite",
            "more",
            "most",
            "很",
            "非常",
            "太",
            "挺",
            "真",
            "最",
            "更",
            "极",
            "good",
            "bad",
            "好",
            "差",
        ]
    )


def test_protected_words_are_found_across_tokens_and_case() -> None:
    protection = Protection(frozenset({"花呗", "Battery Life", "art"}))
    assert editable(["开通", "花", "呗", "方便"], protection) == [True, False, False, True]
    assert editable(["开通", "蚂蚁花呗"], protection) == [True, False]
    assert editable(["great", "BATTERY", "life", "party", "Art"], protection) == [
        True,
        False,
        False,
        True,
        False,
    ]
    assert editable(["battery", "lifetime"], protection) == [True, True]


def test_protected_patterns_meet_single_tokens_without_case() -> None:
    protection = Protection(patterns=(r"^galaxy", r"酒店$"))
    assert editable(["Galaxy", "phone", "大酒店", "酒店业"], protection) == [False, True, False, True]


def test_a_bad_pattern_is_a_wrong_request_that_names_it() -> None:
    with pytest.raises(RequestError, match=r"`\(bad` is not a regular expression"):
        editable(["good"], Protection(patterns=("(bad",)))


def test_a_pattern_that_never_ends_is_a_wrong_request() -> None:
    with pytest.raises(RequestError, match="took over"):
        editable(["a" * 60 + "b"], Protection(patterns=(r"^(a|a|aa)+$",)))


def test_kinds_of_tokens_are_distinguished() -> None:
    assert [is_number(token) for token in ("三十", "1️⃣", "十分")] == [True, True, False]
    assert [is_link(token) for token in ("HTTP://A.CN", "@user", "C#")] == [True, True, False]
    assert [is_word(token) for token in ("𠮷", "n't", "1️⃣", "</b>")] == [True, True, False, False]
    assert [is_markup(token) for token in ("<br>", "&amp;", "<", "<>", "&", "a>")] == [
        True,
        True,
        *[False] * 4,
    ]


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        (["太", "不", "方便", "了"], {2, 3}),
        (["没有", "任何", "压抑", "的", "感觉"], {1, 2}),
        (["品种", "也", "不", "多", "，", "价格", "很", "贵"], {3}),
        (["not", "a", "good", "film", "at", "all"], {1, 2, 3}),
        (["it", "does", "n't", "work", ".", "sad", "film"], {3}),
        (["好", "电影"], set()),
        ([], set()),
    ],
)
def test_what_a_negation_speaks_of_is_known(tokens: list[str], expected: set[int]) -> None:
    assert governed(tokens, [0] * len(tokens)) == expected


def test_a_negation_does_not_speak_of_another_text() -> None:
    assert governed(["不", "好", "电影"], [0, 1, 1]) == frozenset()


def test_words_are_put_into_the_script_of_a_text() -> None:
    assert in_script_of("房间很大", "里面") == "里面"
    assert in_script_of("a room", "inside") == "inside"
    assert in_script_of("盒子裡全是水", "里面") == "裡面"
    assert in_script_of("送來的時候", "已经") == "已經"
