"""Which tokens negate, as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.text.editable import Protection, editable, locked
from augment.text.negation import is_negation, negations
from augment.text.segment import segment

_CHINESE = """
不 没 沒 無 无 别 別 未 莫 勿 唔 冇 咪 甭 唔係 唔好 唔會 未必 並非 并非 毫不 從不 从不 不曾 难以 難以 不好 不會 不会 没有 沒有 不該 無法 從未 沒什麼 並沒有 不應該
不夠 不見得 絕不 毫無 不願 不喜歡 不推荐 看不到 聽不懂 受不了 不怎么样 無人 休想 木有 別買
"""
_ENGLISH = """
not no never none nobody nothing nowhere neither nor nope cannot without hardly barely scarcely ain't aint don't don’t don´t don`t
don＇t donʼt don‘t don′t dont DONT didnt neednt needn’t shan't mustnt wasn´t doesn`t couldn't've ｄｏｎ＇ｔ ＮＯＴ n't n’t dunno not-so-good
"""
_OTHER = """
不错 不錯 不满 不滿 不過 不仅 不僅 不断 不斷 无聊 無聊 无论 無論 别墅 別墅 別人 非常 未來 未来 特别 特別 区别 淹没 是不是 对不起 對不起 差不多 除非 莫名 休息
名不虚传 note nothingness important notable knot canteen nobel one noon
"""
CHINESE, ENGLISH, OTHER = _CHINESE.split(), _ENGLISH.split(), _OTHER.split()


@pytest.mark.parametrize("word", [*CHINESE, *ENGLISH])
def test_negations_of_both_scripts_and_any_apostrophe_are_known(word: str) -> None:
    assert is_negation(word)


@pytest.mark.parametrize("word", OTHER)
def test_words_that_only_look_like_negations_are_none(word: str) -> None:
    assert not is_negation(word)


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        (["这", "難", "以", "接受"], {1, 2}),
        (["我絕", "不", "推薦"], {0, 1}),
        (["早餐", "難", "以下", "嚥"], {1, 2}),
        (["特别", "提示"], set()),
        (["解決", "不了"], {1}),
        (["並", "沒有"], {0, 1}),
        (["couldn", "t", "go"], {0, 1}),
        (["won", "'", "t", "go"], {0, 2}),
        (["I", "won", "it"], set()),
        (["n", "'t"], {0, 1}),
        (["vitamin", "t"], set()),
        ([], set()),
    ],
)
def test_a_negation_cut_in_two_is_known_by_its_neighbour(tokens: list[str], expected: set[int]) -> None:
    assert negations(tokens) == expected


@given(st.lists(st.sampled_from([*CHINESE, *ENGLISH, "好", "good", "，"]), max_size=8), st.booleans())
def test_no_text_has_a_negation_that_may_be_edited(words: list[str], spaced: bool) -> None:
    tokens = list(words)
    if spaced:
        text = " ".join(words)
        tokens = [text[start:end] for start, end in segment(text)]
    kept = locked(tokens, Protection())
    free = editable(tokens, Protection())
    assert all(index in kept and not free[index] for index, token in enumerate(tokens) if is_negation(token))


@pytest.mark.parametrize("word", ENGLISH)
def test_an_english_negation_is_one_token(word: str) -> None:
    text = f"we {word} like"
    assert word in [text[start:end] for start, end in segment(text)]
