"""Which rewrites may be samples, in both languages, and the edits that they amount to."""

import json

import pytest

from augment.rewriting.checking import Problem, Rewriting, checked, rewrites_in, tidy
from augment.text.segment import segment

ENGLISH = "The room was clean and the staff in Paris helped us 2 times."
CHINESE = "房间很干净，服务员帮了我们2次。"


def task(text: str, locked: str = "", **settings: object) -> Rewriting:
    """Return a text to be rewritten, with words of it that have to stay."""
    spans = tuple(segment(text))
    tokens = [text[start:end] for start, end in spans]
    return Rewriting(text, spans, tuple(tokens.index(word) for word in locked.split()), **settings)  # type: ignore[arg-type]


def free(text: str, words: str, **settings: object) -> Rewriting:
    """Return a text of which nothing but some words may change."""
    spans = tuple(segment(text))
    tokens = [text[start:end] for start, end in spans]
    may = frozenset(tokens.index(word) for word in words.split())
    locked = tuple(index for index in range(len(tokens)) if index not in may)
    return Rewriting(text, spans, locked, free=may, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "rewrite", "problem"),
    [
        (
            task(ENGLISH, "clean Paris"),
            "We had a clean room, and in Paris the staff was helpful 2 times.",
            None,
        ),
        (task(ENGLISH, "clean Paris"), "The staff in Paris helped us 2 times, the room was tidy.", "missing"),
        (
            task(ENGLISH, "clean Paris", ordered=True),
            "In Paris the staff helped us 2 times, all clean.",
            "order",
        ),
        (task(ENGLISH), "the room was clean, and the staff in Paris helped us 2 times", "copy"),
        (task(ENGLISH), "Clean.", "length"),
        (task(ENGLISH), f"{ENGLISH} " * 4, "length"),
        (task(ENGLISH), "房间很干净，巴黎的服务员帮了我们2次，非常好。", "language"),
        (
            task(ENGLISH),
            "Das Zimmer war sauber und das Personal in Paris hat uns 2 Mal geholfen.",
            "language",
        ),
        (task(ENGLISH), "The room wasn't clean and nobody in Paris helped us.", "negation"),
        (task(ENGLISH), "The room was clean and the staff in Paris helped us 3 times.", "number"),
        (task(CHINESE, "干净"), "屋子打扫得干净，服务人员帮了我们2次。", None),
        (task(CHINESE, "干净"), "屋子打扫得整洁，服务人员帮了我们2次。", "missing"),
        (task(CHINESE), "房間很乾淨，服務員幫了我們2次，真的很棒。", "language"),
        (task(CHINESE), "The room was clean and the staff helped us 2 times.", "language"),
        (task(CHINESE), "屋子不干净，服务人员帮了我们2次。", "negation"),
        (task("房間很乾淨，服務員幫了我們2次。"), "屋子打扫得很干净，服务人员帮了我们2次。", "language"),
        (free("The room was clean.", "clean"), "The room was filthy.", None),
        (free("The room was clean.", "clean"), "The room was not clean.", "negation"),
        (free("The room was clean.", "clean", negates=True), "The room was not clean.", None),
        (free("The room was clean.", "clean"), "Our room was filthy.", "missing"),
        (free("The room was clean.", "clean"), "The nice room was filthy.", "outside"),
        (free("It was a bad film.", "bad"), "It was an awful film.", "missing"),
        (free("房间很干净。", "干净"), "房间很肮脏。", None),
        (free("房间很干净。", "干净"), "房间里很肮脏。", "outside"),
    ],
)
def test_a_rewrite_is_taken_or_has_a_problem(given: Rewriting, rewrite: str, problem: str | None) -> None:
    result = checked(given, rewrite)
    assert (result.name if isinstance(result, Problem) else None) == problem


def test_words_that_have_to_go_may_not_come_back() -> None:
    given = free("性价比很高的酒店。", "性价比")
    given = Rewriting(given.text, given.spans, given.locked, free=given.free, gone=given.free or frozenset())
    assert checked(given, "价格很高的酒店。") != Problem("kept", ("性价比",))
    assert checked(given, "所谓性价比很高的酒店。") == Problem("kept", ("性价比",))


def test_a_locked_word_is_no_part_of_an_edit_even_where_the_segmenter_would_join_it() -> None:
    given = task("味道好，送餐快。", "好")
    changes = checked(given, "味道真好吃，送餐快。")
    assert not isinstance(changes, Problem)
    start, end = given.spans[given.locked[0]]
    assert all(behind <= start or begin >= end for begin, behind, _ in changes)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ('{"rewrites": ["a", "b"]}', ["a", "b"]),
        ('```json\n{"rewrites": ["a"]}\n```', ["a"]),
        ('<think>{"no": 1}</think>{"rewrites": ["a"]}', ["a"]),
        ('{"rewrites": ["a", "b', None),
        ('{"rewrites": "a"}', None),
        ('{"rewrites": [1]}', None),
        ('["a"]', None),
        ("", None),
        ("Sure! Here it is.", None),
        ("{" * 5000 + "}" * 5000, None),
        (json.dumps({"rewrites": []}), []),
    ],
)
def test_an_answer_is_what_was_requested_or_nothing(answer: str, expected: list[str] | None) -> None:
    assert rewrites_in(answer) == expected


def test_quotes_around_a_rewrite_go_and_space_around_the_text_stays() -> None:
    assert tidy(task(" a film .\n"), '"one\x00 film ."') == " one film .\n"
    assert tidy(task('"a" film'), '"one" film') == '"one" film'


@pytest.mark.parametrize(
    ("text", "rewrite", "tidied"),
    [
        ("a film .", 'The original text is: "A film."', "A film."),
        ("一部电影。", "改写：“一部影片。”", "一部影片。"),
        ("a film .", 'Original: "A film" and "a play"', 'Original: "A film" and "a play"'),
        ("a film .", "In short: a film.", "In short: a film."),
        ("a film : fine .", 'Fine: "A film."', 'Fine: "A film."'),
    ],
)
def test_a_word_about_the_text_before_quotes_is_cut_off(text: str, rewrite: str, tidied: str) -> None:
    assert tidy(task(text), rewrite) == tidied


def test_a_copy_in_quotes_behind_a_word_about_it_is_a_copy() -> None:
    given = task("a fine film .", "fine")
    assert checked(given, tidy(given, 'Original: "A fine film."')) == Problem("copy")


def test_halves_of_an_emoji_and_signs_that_turn_text_around_are_left_out() -> None:
    answer = '{"rewrites": ["a \\ud83d good\\u202e room\\u001b[31m 😀"]}'
    assert tidy(Rewriting("a room", ()), rewrites_in(answer)[0]) == "a  good room[31m 😀"  # type: ignore[index]
