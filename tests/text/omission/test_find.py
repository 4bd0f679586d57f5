"""Phrases that may be left out: what each rule finds in Chinese and English, and what it must not find."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.text.editable import is_content
from augment.text.omission import KINDS, omissions
from augment.text.segment import segment
from tests.texts import TEXTS

# A text, a phrase that may be left out, and what stays.
FREE = (
    # clauses
    ("房间很大，服务员很热情，早餐丰富。", "clause", "房间很大，早餐丰富。"),
    ("房间很大，服务员很热情，早餐丰富。", "clause", "房间很大，服务员很热情。"),
    ("房间很大，服务员很热情，早餐丰富", "clause", "房间很大，服务员很热情"),
    ("位置不错 房间干净 早餐一般", "clause", "位置不错 早餐一般"),
    ("The acting is always great, and the story moves fast.", "clause", "The acting is always great."),
    ("The acting is great, and the story always moves fast.", "clause", "The story always moves fast."),
    ("the acting is always great , and the story moves fast .", "clause", "the acting is always great ."),
    # sentences
    ("房间很大。服务员很热情。早餐丰富。", "sentence", "房间很大。早餐丰富。"),
    (
        "The room was clean. The staff smiled at everybody. Breakfast starts at seven.",
        "sentence",
        "The room was clean. Breakfast starts at seven.",
    ),
    # adverbs
    ("房间非常干净，我们住得开心", "adverb", "房间干净，我们住得开心"),
    ("其实很满意，下次再来", "adverb", "很满意，下次再来"),
    ("we really liked the very small garden", "adverb", "we liked the very small garden"),
    ("it was an extremely useful hint for us", "adverb", "it was a useful hint for us"),
    ("it has a surprisingly interesting plot", "adverb", "it has an interesting plot"),
    ("Truly beautiful songs from a small band", "adverb", "Beautiful songs from a small band"),
    # modifiers
    ("我们在漂亮的花园喝咖啡，看书", "modifier", "我们在花园喝咖啡，看书"),
    (
        "the beautiful pictures of the garden were taken at night",
        "modifier",
        "the pictures of the garden were taken at night",
    ),
    ("a gorgeous , witty , seductive movie .", "modifier", "a witty , seductive movie ."),
    # coordination and items
    ("the plot is funny and touching to watch", "coordination", "the plot is touching to watch"),
    ("早餐、泳池、花园都很漂亮", "item", "早餐、花园都很漂亮"),
    # brackets
    ("前台（一楼大厅）很热情，房间也大", "parenthesis", "前台很热情，房间也大"),
    ("The battery (the old one) lasts for a whole day.", "parenthesis", "The battery lasts for a whole day."),
    # what is put before and behind
    ("总的来说，酒店值得推荐给朋友", "fronted", "酒店值得推荐给朋友"),
    ("In my opinion, the film deserves a prize.", "fronted", "The film deserves a prize."),
    ("after two weeks , the phone died on me .", "fronted", "the phone died on me ."),
    ("The film runs for two hours, which felt long to us.", "trailing", "The film runs for two hours."),
    ("I love this small phone because the battery lasts.", "trailing", "I love this small phone."),
)
# A text, and what may not come of it.
KEPT = (
    ("在这样的城市，房间很贵。", "在这样的城市。"),
    ("下次来这里，还住这家酒店，房间大", "下次来这里，房间大"),
    ("无论房间大小，都比以前贵，我们很失望", "无论房间大小，我们很失望"),
    ("What is between the wall and the door ?", "What is between the wall ?"),
    ("It does not just rain -- it pours all day.", "It does not just rain."),
    ("It grows on you -- like a rash.", "It grows on you."),
    ("The film is cool at times, but dull at others.", "The film is cool, but dull at others."),
    (
        "打个不好听的比喻，我家的地毯都比它干净，房间给人感觉用了十年",
        "打个不好听的比喻，房间给人感觉用了十年",
    ),
    ("We buy so many products, particularly electrical now.", "We buy so many products, electrical now."),
    ("It is an absolutely, inescapably gorgeous film.", "It is an absolutely, gorgeous film."),
    ("How do companies cut paper so thin ?", "How do companies cut paper thin ?"),
    ("I did not have any problem till now.", "I did not have any problem till."),
    ("Babies are a sad thing in this bitter comedy.", "Babies are a sad thing."),
    ("It has its own game and its own book.", "It has its game and its own book."),
    ("Name the ship Beany and Cecil sailed ?", "Name the ship Beany ?"),
    ("I like the phone, the case and the software (it is small) of it.", "I like the phone, the case of it."),
    ("虽然房间很小，但是服务员很热情", "但是服务员很热情"),
    ("虽然房间很小，但是服务员很热情", "虽然房间很小"),
    ("不仅房间很大，而且服务员很热情", "不仅房间很大"),
    ("除了早餐不错以外，其它都很糟糕", "其它都很糟糕"),
    ("服务员很热情，这让我们很感动", "这让我们很感动"),
    ("房间很好，下次还来住", "房间好，下次还来住"),
    ("房间很干净，服务也很好", "服务也很好"),
    ("他们说，房间已经打扫过了", "他们说"),
    ("房间已经满了，怎么还让我们来？", "房间已经满了？"),
    ("是一家破旧的酒店，在火车站", "是一家酒店，在火车站"),
    ("最漂亮的花园在后面，可以喝茶", "最花园在后面，可以喝茶"),
    ("第一点房间很大。第二点服务热情。", "第一点房间很大。"),
    ("it was not a very boring movie for us", "it was not a movie for us"),
    ("The phone died. It was two days old.", "It was two days old."),
    ("it is so very good that we stayed", "it is so good that we stayed"),
    ("this is the best movie of the year", "this is the movie of the year"),
    ("Why did the phone die? The battery was old.", "Why did the phone die?"),
)


# Dictionary knowledge of some words that the treebank does not have.
WORDS = {
    "witty": "a",
    "gorgeous": "a",
    "seductive": "a",
    "moves": "v",
    "touching": "a",
    "runs": "v",
    "mellow": "a",
}


def parts(word: str) -> frozenset[str]:
    """Return the parts of speech of a word."""
    return frozenset(WORDS.get(word, ""))


def left(text: str, kind: str | None = None) -> set[str]:
    """Return what stays of a text without each of its phrases."""
    return {
        text[: one.start] + one.new + text[one.end :]
        for one in omissions(text, parts)
        if kind in (None, one.kind)
    }


@pytest.mark.parametrize(("text", "kind", "stays"), FREE)
def test_a_free_phrase_is_found_and_what_stays_is_written_well(text: str, kind: str, stays: str) -> None:
    assert stays in left(text, kind)


@pytest.mark.parametrize(("text", "wrong"), KEPT)
def test_what_the_rest_depends_on_stays(text: str, wrong: str) -> None:
    assert wrong not in left(text)


def test_nothing_is_left_out_across_a_line_break_and_nothing_of_a_short_line() -> None:
    text = "房间很大，服务员很热情，早餐丰富。\n很好"
    assert left(text)
    assert all(stays.endswith("。\n很好") for stays in left(text))


def test_traditional_script_is_read_like_simplified() -> None:
    assert "房間很大，早餐豐富。" in left("房間很大，服務員很熱情，早餐豐富。")
    assert "雖然房間很小" not in left("雖然房間很小，但是服務員很熱情")


PIECES = st.sampled_from(
    [
        "房间很大",
        "非常干净",
        "，服务员很热情",
        "。",
        "虽然",
        "但是",
        "（见图）",
        "总的来说，",
        "\n",
        "、",
        "？",
        "破旧的",
        "really",
        "very",
        "a",
        "an",
        "the",
        "old",
        "interesting",
        "movie",
        ",",
        ".",
        "and",
        "(",
        ")",
        '"',
        "👍🏽",
        "it",
        "runs",
    ]
)
TEXT = st.one_of(
    st.lists(PIECES, max_size=12).map("".join),
    st.lists(PIECES, max_size=12).map(" ".join),
    st.sampled_from(TEXTS),
)


@given(TEXT)
def test_every_phrase_leaves_another_text_of_nearly_half_its_letters_with_a_content_word(text: str) -> None:
    for one in omissions(text):
        assert one.kind in KINDS
        assert 0 <= one.start < one.end <= len(text)
        assert "\n" not in text[one.start : one.end]
        stays = text[: one.start] + one.new + text[one.end :]
        assert stays != text
        assert len(stays) < len(text)
        assert sum(map(str.isalnum, stays)) >= 0.45 * sum(map(str.isalnum, text))
        assert any(is_content(stays[start:end]) for start, end in segment(stays))


@pytest.mark.parametrize("text", [*(text for text, *_ in KEPT), "they are a good couple , and even though"])
def test_a_text_may_break_off_anywhere(text: str) -> None:
    for end in range(len(text) + 1):
        omissions(text[:end])
