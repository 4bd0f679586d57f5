"""Words of degree, praise and blame that replace each other where they mean the same."""

import pytest

from augment.candidates.appraisals import appraisals


def words_for(*tokens: str) -> dict[str, tuple[str, ...]]:
    return {tokens[index]: words for index, words in appraisals(tokens)}


def test_words_of_degree_replace_each_other_before_what_has_degrees() -> None:
    assert "挺" in words_for("服务", "很", "好", "。")["很"]
    assert "很" not in words_for("很", "是")
    assert words_for("a", "very", "good", "film")["very"] == ("really", "extremely")
    assert "very" not in words_for("the", "very", ".")


def test_praise_and_blame_have_words_where_they_end_a_clause() -> None:
    assert "不错" in words_for("服务", "很", "好", "。")["好"]
    assert words_for("味道", "不错", "，")["不错"] == ("挺好", "很好", "蛮好")
    assert "好" not in words_for("好", "不", "容易")


@pytest.mark.parametrize("tokens", [("不", "好", "。"), ("not", "good", "."), ("n't", "funny")])
def test_a_negated_word_has_none(tokens: tuple[str, ...]) -> None:
    assert tokens[1] not in words_for(*tokens)


def test_the_words_have_the_case_of_the_token() -> None:
    assert words_for("Great", "film")["Great"][0] == "Excellent"
    assert words_for("GREAT", "film")["GREAT"][0] == "EXCELLENT"
