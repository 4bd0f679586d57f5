"""Samples with few edits that fit: a budget for their chances, one edit a clause, no pair of words everywhere."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from pydantic import ValidationError

from augment.candidates.natural import SUREST, NaturalWords, part_of
from augment.candidates.plausibility import USUAL, Plausibility
from augment.candidates.senses import Senses
from augment.candidates.slot import Proposed, Slot
from augment.candidates.sources import Sources
from augment.candidates.word_counts import PairCounts, WordCounts
from augment.seeding import chance
from augment.stages import Substitute
from augment.stages.editing import Row
from augment.stages.natural_draws import NaturalDraws
from augment.stages.rephrase import Rewording, offered
from augment.text.edits import Edit, replay
from augment.text.segment import segment

SYNONYMS = {
    "价格": ("价钱",),
    "价钱": ("价格",),
    "设施": ("设备",),
    "设备": ("设施",),
    "环境": ("条件", "情况"),
}


class Written:
    """A source of the synonyms above."""

    are_words = True

    def offer(self, slots: Sequence[Slot]) -> list[tuple[str, ...]]:
        """Return the synonyms of each token."""
        return [SYNONYMS.get(slot.word, ()) for slot in slots]

    def offer_all(self, slots: Sequence[Slot]) -> list[Proposed]:
        """Return the same."""
        return [Proposed(words) for words in self.offer(slots)]


def words_of(*texts: str, held: Sequence[str] = (), among: int = 100) -> NaturalWords:
    """Return what fits, by rows of train, one of `among` of which is a text given, and by texts that are held from train."""
    counts = PairCounts()
    for text in texts:
        counts.add(tokens_of(text))
    train = counts.seen_first()
    for text in held:
        counts.add(tokens_of(text))
    evidence = counts.evidence(train, among * len(texts))
    return NaturalWords(Plausibility(evidence, vectors(evidence), USUAL), Sources([Written()], 8, ()), ())


def vectors(evidence: WordCounts) -> Senses:
    """Return vectors by which all words mean the same."""
    return Senses(np.zeros(len(evidence.words), np.int64), np.ones((1, 1), np.float32))


def tokens_of(text: str) -> list[str]:
    """Return the tokens of a text."""
    return [text[start:end] for start, end in segment(text)]


def row_of(text: str, name: str = "r", locked: Sequence[str] = ()) -> Row:
    """Return a row all of whose tokens may be edited but for some."""
    spans = segment(text)
    tokens = tuple(text[start:end] for start, end in spans)
    free = tuple(index for index, token in enumerate(tokens) if token not in locked)
    nothing = (0.0,) * len(tokens)
    return Row(0, name, text, None, "x", tokens, (0,) * len(tokens), tuple(spans), nothing, free, len(tokens))


def samples(
    words: NaturalWords, row: Row, least: float = 0.5, share: float = 1.0, count: int = 20
) -> list[str]:
    """Return the texts that draws of a row give."""
    draw = NaturalDraws(words, least, share, 4, None, 0).lookup([row])
    drawn = [draw(row, chance(0, "s", row.id, number), number) for number in range(count)]
    return [replay(row.text, None, each.edits)[0] for each in drawn if each is not None]


SEEN = ("酒店价格很公道，", "酒店价钱很公道，", "房间设施很新，", "房间设备很新，") * 8


def test_a_word_is_put_where_people_write_it() -> None:
    texts = samples(words_of(*SEEN), row_of("酒店价格很公道，"))
    assert set(texts) == {"酒店价钱很公道，"}


def test_a_word_that_was_not_seen_between_these_neighbours_is_not_offered() -> None:
    assert samples(words_of(*SEEN), row_of("早餐价格便宜")) == []


def test_what_people_write_more_seldom_is_offered_in_a_part_of_the_rows_and_the_rest_in_all() -> None:
    draws = NaturalDraws(words_of(*SEEN), 0.5, 1.0, 4, None, 0)
    rows, edit = (
        [row_of("酒店价格很公道，", str(number)) for number in range(400)],
        Edit(0, 2, 4, "价格", "价钱", 0.0),
    )
    times = {
        share: sum(draws.balances(row, edit, share) for row in rows) for share in (0.001, 0.05, 0.2, 1.0)
    }
    assert times[0.001] < 20 < 150 < times[0.05] < 280
    assert times[0.2] == times[1.0] == 400


def test_a_row_keeps_its_likeliest_edit_where_all_are_rare() -> None:
    draws, row = NaturalDraws(words_of(*SEEN), 0.5, 1.0, 4, None, 0), row_of("酒店价格很公道，")
    options = [
        Rewording("form", (Edit(0, 2, 4, "价格", new, 0.0),), 0.9, weight, frozenset([0]), 1e-9)
        for new, weight in (("价钱", 2e-9), ("价位", 1e-9))
    ]
    assert [option.edits[0].new for option in offered(row, options, draws)] == ["价钱"]
    assert offered(row, [], draws) == []


def test_words_of_direction_are_not_replaced() -> None:
    assert [part_of(word, "zh", ()) for word in ("出来", "上去", "出去", "表现")] == [None, None, None, "v"]


def test_a_word_that_only_samples_would_have_is_not_offered() -> None:
    words = words_of(*["酒店价格很公道，"] * 8, held=["酒店价钱很公道，"] * 8)
    assert samples(words, row_of("酒店价格很公道，")) == []


def test_edits_are_added_in_other_clauses_while_the_budget_lasts() -> None:
    words, row = words_of(*SEEN), row_of("酒店价格很公道，房间设施很新，")
    two, one = (
        "酒店价钱很公道，房间设备很新，",
        {"酒店价钱很公道，房间设施很新，", "酒店价格很公道，房间设备很新，"},
    )
    assert set(samples(words, row, least=0.6)) == {two}
    assert set(samples(words, row, least=SUREST**2 + 0.01)) <= one


def test_one_clause_has_one_edit() -> None:
    words = words_of(*(*SEEN, *["价格设施", "价钱设施", "价格设备", "价钱设备"] * 20))
    row = row_of("价格设施")
    assert set(samples(words, row, least=0.5)) == {"价钱设施", "价格设备"}


def test_a_share_is_an_upper_bound() -> None:
    row = row_of("酒店价格很公道，房间设施很新，")
    assert all(
        text.count("价钱") + text.count("设备") == 1 for text in samples(words_of(*SEEN), row, share=0.1)
    )


def test_what_may_not_be_edited_stays() -> None:
    assert samples(words_of(*SEEN), row_of("酒店价格很公道，", locked=("价格",))) == []


def test_a_title_stays() -> None:
    words = words_of(*(text.replace("很", "《") for text in SEEN), *SEEN)
    assert samples(words, row_of("《酒店价格很公道，》")) == []


def test_a_pair_of_words_that_is_everywhere_is_offered_in_a_part_of_the_rows() -> None:
    words = words_of(*["酒店价格很公道，"] * 300, *["酒店价钱很公道，"] * 300, among=1)
    rows = [row_of("酒店价格很公道，", f"r{number}") for number in range(400)]
    edited = sum(bool(samples(words, row, count=1)) for row in rows)
    assert 10 < edited < 100


def test_words_are_drawn_as_often_as_people_write_them() -> None:
    often, seldom = ["酒店条件很好，"] * 40, ["酒店情况很好，"] * 4
    words = words_of(*often, *seldom, *["酒店环境很好，"] * 10)
    texts = Counter(samples(words, row_of("酒店环境很好，"), least=0.5, count=300))
    assert texts["酒店条件很好，"] > 2 * texts["酒店情况很好，"] > 0


def test_words_of_degree_replace_each_other_only_before_what_has_degrees() -> None:
    words = words_of(*["酒店很舒适，", "酒店非常舒适，", "非常，是的", "很，是的"] * 10)
    assert samples(words, row_of("酒店很舒适，")) == ["酒店非常舒适，"] * 20
    assert samples(words, row_of("很，是的")) == []


@pytest.mark.parametrize(
    "key", [{"tier": "near"}, {"most": 3}, {"context": 0.5}, {"fluency": 1.0}, {"sources": ("masked_lm",)}]
)
def test_a_key_that_does_nothing_with_natural_is_refused(key: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="natural"):
        Substitute.model_validate({"natural": 0.8, **key})
