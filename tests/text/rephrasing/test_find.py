"""Other wordings of a text: what each rule proposes in Chinese and English, and what it must not propose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.text.negation import is_negation
from augment.text.rephrasing import KINDS, rephrasings
from augment.text.segment import tokens_of
from tests.texts import TEXTS

# A text, the kind of a change, and what comes of it.
FREE = (
    # clauses, joined words, times, adjectives
    ("味道不错，送餐很快", "order", "送餐很快，味道不错"),
    ("味道不错！包装很好！", "order", "包装很好！味道不错！"),
    ("我们买了苹果和香蕉", "order", "我们买了香蕉和苹果"),
    ("今天我去了那家店", "order", "我今天去了那家店"),
    ("a dark , funny film", "order", "a funny , dark film"),
    ("the film is funny and sad .", "order", "the film is sad and funny ."),
    ("the picture is sharp , and the sound is great .", "order", "the sound is great , and the picture is sharp ."),
    ("in the end , the camera works well .", "order", "the camera works well , in the end ."),
    # other forms
    ("有点贵，不过好吃", "form", "有些贵，不过好吃"),
    ("很好吃，但是太慢", "form", "很好吃，不过太慢"),
    ("等了2个小时", "form", "等了两个小时"),
    ("还没有送来", "form", "还没送来"),
    ("it 's a good film .", "form", "it is a good film ."),
    ("It's a good camera.", "form", "It is a good camera."),
    ("we think they are good .", "form", "we think they're good ."),
    ("it doesn't work here .", "form", "it does not work here ."),
    ("it does n't work here .", "form", "it does not work here ."),
    ("the film 's premise is good .", "form", "the premise of the film is good ."),
    ("it may work .", "form", "it might work ."),
    ("it works , but the sound is bad .", "form", "it works , yet the sound is bad ."),
    ("i waited about two weeks .", "form", "i waited around two weeks ."),
    ("it took two weeks .", "form", "it took 2 weeks ."),
    ("they know each other .", "form", "they know one another ."),
    ("it doesn 't work here .", "form", "it does not work here ."),
    ("it does n 't work here .", "form", "it does not work here ."),
    ("they ca n't act .", "form", "they can not act ."),
    ("i 'd recommend it .", "form", "i would recommend it ."),
    ("it 's been a long time .", "form", "it has been a long time ."),
    ("overall , it works .", "form", "all in all , it works ."),
    ("however , it is good .", "form", "but it is good ."),
    ("but it is good .", "form", "however , it is good ."),
    ("while the sound is fine , the film is dull .", "form", "although the sound is fine , the film is dull ."),
    ("a guy who has waited .", "form", "a guy that has waited ."),
    ("a film in which nothing happens .", "form", "a film where nothing happens ."),
    ("the only problem i had was small .", "added", "the only problem that i had was small ."),
    ("everything that i expected is here .", "dropped", "everything i expected is here ."),
    ("it helps to make it work .", "dropped", "it helps make it work ."),
    ("it seems to be long .", "dropped", "it seems long ."),
    ("it offers a look at them .", "form", "it provides a look at them ."),
    ("it is only two days old .", "form", "it is just two days old ."),
    ("in order to see it , i came .", "form", "to see it , i came ."),
    # written in two ways
    ("晚了20分钟", "form", "晚了二十分钟"),
    ("等了四十分钟", "form", "等了40分钟"),
    ("才花了20元", "form", "才花了20块"),
    ("等了一小时", "form", "等了一个小时"),
    ("里面全是油", "form", "里面都是油"),
    ("味道还可以，就是贵", "form", "味道还行，就是贵"),
    ("不错，下次再来", "added", "很不错，下次再来"),
    ("送的很快", "form", "送得很快"),
    ("房间打扫得很干净，", "form", "房间打扫的很干净，"),
    ("点了两份米饭", "form", "点了2份米饭"),
    ("点了2份米饭", "form", "点了两份米饭"),
    ("一点味道也没有", "form", "一点味道都没有"),
    ("连筷子都没有", "form", "连筷子也没有"),
    ("味道不错，就是分量有点少", "form", "味道不错，只是分量有点少"),
    ("盒子里全是水", "form", "盒子里面全是水"),
    ("味道非常非常好", "dropped", "味道非常好"),
    ("毛巾又黑又硬", "order", "毛巾又硬又黑"),
    # in the script of the text
    ("粉送來的時候已經斷了，", "form", "粉送來的時已經斷了，"),
    ("盒子裡全是水，沒有湯", "form", "盒子裡面全是水，沒有湯"),
    ("一點味道也沒有，", "form", "一點味道都沒有，"),
    # small words more
    ("味道不错，下次再来", "added", "味道很不错，下次再来"),
    ("还是挺好，下次再来", "added", "还是挺好的，下次再来"),
    ("太慢了，差评", "added", "真的太慢了，差评"),
    ("点了一份盖饭，不错", "added", "我点了一份盖饭，不错"),
    ("the story is sad .", "added", "the story is very sad ."),
    ("i think it works well .", "added", "i think that it works well ."),
    # and less
    ("味道挺好的，下次再来", "dropped", "味道挺好，下次再来"),
    ("好慢啊，差评", "dropped", "好慢，差评"),
    ("酒店的位置很好", "dropped", "酒店位置很好"),
    ("i think that it works well .", "dropped", "i think it works well ."),
)  # fmt: skip
# A text, and what no change may make of it.
BOUND = (
    ("味道不错，送餐也很快", "送餐也很快，味道不错"),
    ("虽然味道不错，但是送餐很慢", "但是送餐很慢，虽然味道不错"),
    ("他和朋友一样高", "朋友和他一样高"),
    ("比以前好吃多了", "比以前很好吃多了"),
    ("it 's been a long time .", "it is been a long time ."),
    ("when all is said and done , it works .", "when all is done and said , it works ."),
    ("it is as good as it is .", "it is as good as it's ."),
    ("is n't it good ?", "is not it good ?"),
    ("it reminded me a lot of home .", "it reminded me lots of home ."),
    ("it is not long but dull .", "it is not long yet dull ."),
    ("i like it even though it 's old .", "i like it even although it 's old ."),
    ("from start to finish , it works .", "from begin to finish , it works ."),
    ("his attempts to heal fail .", "his tries to heal fail ."),
    ("while i was waiting , it rang .", "although i was waiting , it rang ."),
    ("the router that works is here .", "the router who works is here ."),
    ("no matter who runs them , they lie .", "no matter that runs them , they lie ."),
    ("in the end i like it .", "in the end that i like it ."),
    ("the fact that i like it is known .", "the fact i like it is known ."),
    ("we watched `` spy kids '' again .", "we watched `` spy children '' again ."),
    ("a great buy at best buy .", "a great buy at best purchase ."),
    ("快一点才送到", "快一点儿才送到"),
    ("太臭了，真的", "太臭了，真心"),
    ("以后不会再来", "之后不会再来"),
    ("里面都是油", "里面全是油"),
    ("三十多分钟", "30多分钟"),
    ("它7点50分到", "它7点五十分到"),
    ("每小时20元", "每个小时20元"),
    ("我谢谢你", "我感谢你"),
    ("晚上六点钟来的", "夜里六点钟来的"),
    ("一个没注意，就没了", "一个没有注意，就没了"),
    ("a land of milk and honey .", "a land of honey and milk ."),
    ("what would you need to become one .", "what would you have to become one ."),
    ("music i have to listen to is bad .", "music i need to listen to is bad ."),
    ("it does n't exactly shine .", "it does n't precisely shine ."),
    ("change is good . change is good .", "change is very good . change is good ."),
    ("the strap is horrible .", "the strap is very horrible ."),
    ("shot on video rather than film .", "shot on video rather than movie ."),
    ("it gets 4 . 5 stars .", "it gets 4 . five stars ."),
    ("it is good for more than one computer .", "it is good for over one computer ."),
    ("在2008年6月", "在2008年六月"),
    ("点了红烧牛肉牛肉不新鲜", "点了红烧牛肉不新鲜"),
    ("要辣一点也没给我加", "要辣一点都没给我加"),
    ("要提意见的话，就是价格有点贵", "要提意见的话，只是价格有点贵"),
    ("he had a cat and an old dog", "he had a dog and an old cat"),
)


def reworded(text: str, kind: str | None = None) -> list[str]:
    """Return what each way of each rephrasing of a kind makes of a text."""
    texts = []
    for one in rephrasings(text):
        assert one.kind in KINDS
        for way in one.ways if kind in (None, one.kind) else ():
            made, done = "", 0
            for start, end, new in way:
                assert done <= start <= end
                made += text[done:start] + new
                done = end
            texts.append(made + text[done:])
    return texts


@pytest.mark.parametrize("text", [*(text for text, _, _ in FREE), "等了两个小时", "七个小时", "等了1个小时"])
def test_no_wording_is_proposed_twice(text: str) -> None:
    every = rephrasings(text)
    assert len(set(every)) == len(every)


@pytest.mark.parametrize(("text", "kind", "wanted"), FREE)
def test_a_rule_proposes_other_words_for_the_same(text: str, kind: str, wanted: str) -> None:
    assert wanted in reworded(text, kind)


@pytest.mark.parametrize(("text", "wrong"), BOUND)
def test_what_would_mean_something_else_is_not_proposed(text: str, wrong: str) -> None:
    assert wrong not in reworded(text)


@pytest.mark.parametrize("text", [text for text, *_ in FREE + BOUND] + ["it does not work", "i can not say"])
def test_a_text_may_break_off_anywhere(text: str) -> None:
    tokens = tokens_of(text)
    for end in range(len(tokens) + 1):
        rephrasings((" " if text.isascii() else "").join(tokens[:end]))


@pytest.mark.parametrize("text", ["味道不错，送餐很快", "a dark , funny film"])
def test_either_of_two_parts_can_be_what_moves_with_the_same_result(text: str) -> None:
    (one,) = (one for one in rephrasings(text) if one.kind == "order")
    assert len(one.ways) == 2
    assert len(set(reworded(text, "order"))) == 1


@given(
    st.sampled_from(TEXTS)
    | st.text(alphabet="很好吃，味道不错。的了 it's good and bad , n't 2个小时\n", max_size=40)
)
def test_no_change_takes_a_negation_away_or_goes_across_a_line_break(text: str) -> None:
    negations = sum(map(is_negation, tokens_of(text)))
    for one in rephrasings(text):
        for start, end, new in (change for way in one.ways for change in way):
            assert 0 <= start <= end <= len(text)
            assert "\n" not in text[start:end] + new
    for made in reworded(text):
        assert made != text
        assert bool(negations) <= bool(sum(map(is_negation, tokens_of(made))))
