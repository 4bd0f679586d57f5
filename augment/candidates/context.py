"""Whether a word can replace another in this text, by an encoder that the job names; without one there is no test.

What a dictionary offers may be right for another sense of the word. An encoder sees both in the same slot, and its vectors of
words in context are near where the sense is the same (Zhou et al. 2019, "BERT-based Lexical Substitution"). How near is
another matter with every encoder. So vectors are taken without what all have in common, their mean over plain sentences
of the language; and a word must be nearer than a share of the words that have nothing to do with a slot, which are the
words of these sentences put into each other.

    context = InContext.of("models/e5-small", RunConfig(), share=0.98)
    context.passing([slot], [("畜生", "物品")])         # [("物品",)]
"""

from collections.abc import Sequence
from functools import cache

import numpy as np

from augment.candidates.slot import Slot, around, spoken_at
from augment.config.sections import RunConfig
from augment.models.encoder import UNSEEN, Encoder, open_encoder
from augment.text.align import Span
from augment.text.editable import Protection, editable
from augment.text.segment import segment

_PLAIN = {
    "zh": (
        "今天早上下了一点雨，路上的车不多。",
        "他把书放回桌上，关了灯，出去了。",
        "这个城市的人口比十年前多了一倍。",
        "我们下周开会，再谈这件事怎么办。",
        "妈妈做的菜很好吃，孩子们都喜欢。",
        "公司去年的收入增加了百分之五。",
        "手机用了两年，电池已经不行了。",
        "老师说得很清楚，可是我没有听懂。",
        "电影的开头有些慢，后来就好看了。",
        "请把门关上，外面太冷了。",
    ),
    "en": (
        "It rained a little this morning and there were few cars on the road.",
        "He put the book back on the table, turned off the light and left.",
        "Twice as many people live in this city as ten years ago.",
        "We will meet next week and talk about what to do.",
        "The children liked everything that their mother had cooked.",
        "The company earned five percent more than in the year before.",
        "After two years the battery of this phone is no good any more.",
        "What the teacher said was clear, but I did not understand it.",
        "The film is slow at the beginning and gets better later.",
        "Please close the door, it is too cold outside.",
    ),
}


class InContext:
    """The test: a word is nearer to the token, each seen in the text, than so large a share of unrelated words."""

    def __init__(self, encoder: Encoder, share: float) -> None:
        """Keep the encoder."""
        self._encoder, self._share = encoder, share
        self._centre, self.least = cache(self._mean), cache(self._quantile)

    @staticmethod
    def of(path: str, run: RunConfig, share: float) -> "InContext":
        """Return the test by the encoder of a folder or hub id; ModelError if it cannot, or must not, be loaded."""
        return _kept(open_encoder(path, run), share)

    def passing(self, slots: Sequence[Slot], offered: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
        """Return the words that fit, of those offered for each slot, in their order."""
        kept = []
        for slot, words, nearness in zip(slots, offered, self.cosines(slots, offered), strict=True):
            least = self.least(spoken_at(slot)) if words else 0.0
            kept.append(tuple(word for word, near in zip(words, nearness, strict=True) if near >= least))
        return kept

    def cosines(self, slots: Sequence[Slot], offered: Sequence[Sequence[str]]) -> list[list[float]]:
        """Return the cosine of each word with the token of its place, to four digits; -2 where either is not seen."""
        tried = [
            [around(slot, word) for word in (slot.word, *words)] if words else []
            for slot, words in zip(slots, offered, strict=True)
        ]
        wanted: dict[str, list[Span]] = {}
        for text, span in (one for some in tried for one in some):
            wanted.setdefault(text, []).append(span)
        vectors = self._encoder.seen(wanted)
        nearness = []
        for slot, some in zip(slots, tried, strict=True):
            own, *others = [vectors.get(one) for one in some] or [None]
            nearness.append([_cosine(own, other, self._centre(spoken_at(slot))) for other in others])
        return nearness

    def _mean(self, name: str) -> np.ndarray:
        """Return the mean vector of the words of plain sentences of a language, [W]."""
        vectors = self._encoder.seen({text: segment(text) for text in _PLAIN[name]})
        return np.asarray(np.mean(list(vectors.values()), axis=0))

    def _quantile(self, name: str) -> float:
        """Return the cosine that so large a share of unrelated words of a language stays below."""
        slots = [slot for text in _PLAIN[name] for slot in _content(text)]
        # Every second pair, in both directions alike.
        offered = [
            [two.word for other, two in enumerate(slots) if (number + other) % 2 and two.text != one.text]
            for number, one in enumerate(slots)
        ]
        unrelated = [near for some in self.cosines(slots, offered) for near in some if near != UNSEEN]
        return round(float(np.quantile(unrelated or [1.0], self._share)), 4)


@cache
def _kept(encoder: Encoder, share: float) -> InContext:
    """Return the test, the same for all that ask: its limits take a thousand texts, and stages are opened for each fold."""
    return InContext(encoder, share)


def _content(text: str) -> list[Slot]:
    """Return the places of the content words of a text."""
    spans = segment(text)
    free = editable([text[begin:end] for begin, end in spans], Protection(frozenset(), ()))
    return [
        Slot(text, number, text, None, 0, *span, None)
        for number, (span, content) in enumerate(zip(spans, free, strict=True))
        if content
    ]


def _cosine(one: np.ndarray | None, other: np.ndarray | None, centre: np.ndarray) -> float:
    """Return the cosine of two vectors without what all share, to four digits; -2 where one is not seen."""
    if one is None or other is None:
        return UNSEEN
    left, right = one - centre, other - centre
    return round(float(left @ right / max(np.linalg.norm(left) * np.linalg.norm(right), 1e-12)), 4)
