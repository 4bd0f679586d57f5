"""What the rows of each class have: words, and what is near the words that indicate a class.

It answers two questions on a text that shall be of a class: have rows of that class a word in such a place, and of
which class is the text by its words alone (naive Bayes over the words that two rows or more have)? The second is a second
opinion, apart from the model. A place is the neighbours of a word, and the next content word of its clause on either side, words of
degree left out, unless that is a neighbour: rows in which a room is clean are no evidence that a waiter is.

    known = ClassEvidence.of(table)
    known.attested("good", ["房间", "很", "大", "，"], 2, ["干净"])    # ["干净"]
    known.by_words(["房间", "很", "干净"])                             # ("good", 3.2)
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc

from augment.candidates.plausibility import Spoken, spoken_of
from augment.candidates.word_counts import form
from augment.seeding import key_of
from augment.text.editable import is_content, is_word
from augment.text.segment import tag

LINES = pa.schema(
    [
        ("key", pa.uint64()),
        ("row", pa.int64()),
        ("kind", pa.string()),
        ("word", pa.string()),
        ("next", pa.string()),
        ("label", pa.string()),
        ("rows", pa.int64()),
    ]
)
TABLE = pa.schema(list(LINES)[2:])
# Lines: rows of a class, rows of it that have a word, rows of it that have two neighbouring words.
_ROWS, _WORD, _PAIR, _TOPIC = "rows of a class", "word of a class", "pair of a class", "topic of a class"
# Rows of a class that must have a word near to another one: English words are near to more different ones.
_NEARBY: dict[Spoken, int] = {"zh": 2, "en": 1}
# Words near to a word from which on it is known what it describes.
_MANY = 30
# Content words that are counted as near on either side.
_NEAR = 2
_ADVERB = "d"
# Words of degree and other adverbs that do not tell what a clause is about; jieba has some of them with other tags.
_ADVERBS_WRITTEN = """
very really quite pretty rather truly extremely incredibly too so just also always often sometimes still almost most more
很 挺 蛮 非常 特别 十分 相当 超级 太 最 更 比较 真 真的 有点 有些 有点儿 极 极其 稍 不够 好像 感觉 觉得 实在
"""
_ADVERBS = frozenset(_ADVERBS_WRITTEN.split())
# Rows that a word must be in to tell a class; what is added to each count.
_LEAST, _SMOOTH = 2, 0.5


def lines_of(rows: Iterable[tuple[str, Sequence[Sequence[str]]]]) -> pa.Table:
    """Return what rows have, given by their class and the tokens of each side."""
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for label, sides in rows:
        words, pairs, near = set[str](), set[tuple[str, str]](), set[tuple[str, str]]()
        for side in sides:
            forms = ["", *map(form, side), ""]
            words.update(forms[1:-1])
            pairs.update(pairwise(forms))
            near.update(_near(side))
        counts[_ROWS, "", "", label] += 1
        counts.update((_WORD, word, "", label) for word in words)
        counts.update((_PAIR, left, right, label) for left, right in pairs)
        counts.update((_TOPIC, word, other, label) for word, other in near)
    ordered = sorted(counts.items())
    kinds, words_of, nexts, labels = zip(*(key for key, _ in ordered), strict=True) if ordered else ((),) * 4
    values = {
        "key": [key_of(word) for word in words_of],
        "row": [0] * len(ordered),
        "kind": kinds,
        "word": words_of,
        "next": nexts,
        "label": labels,
        "rows": [count for _, count in ordered],
    }
    return pa.table(values, LINES)


def summed(lines: Iterable[pa.Table], wanted: Iterable[str]) -> Iterator[pa.Table]:
    """Yield the sums of lines: rows and words of classes, and what is near one of the wanted words."""
    names = ["kind", "word", "next", "label"]
    forms = pa.array(sorted({form(word) for word in wanted}), pa.string())
    for table in lines:
        # Sums first: the lines of many shards are many more.
        sums = table.group_by(names, use_threads=False).aggregate([("rows", "sum")])
        one = pc.is_in(sums.column("word"), forms)
        other = pc.is_in(sums.column("next"), forms)
        always = pc.is_in(sums.column("kind"), pa.array([_ROWS, _WORD]))
        kept = sums.filter(pc.or_(always, pc.or_(one, other)))
        yield kept.rename_columns([*names, "rows"]).cast(TABLE)


@dataclass(frozen=True)
class ClassEvidence:
    """What rows of classes have.

    rows: of each class; shares: of a word, the logarithm of the share of each class that has it; pairs, near: class, word and word;
    topics: of a word, what it is near to in any class, with the logarithm of how often.
    """

    rows: Mapping[str, int]
    shares: Mapping[str, Mapping[str, float]]
    pairs: frozenset[tuple[str, str, str]]
    near: frozenset[tuple[str, str, str]]
    topics: Mapping[str, Mapping[str, float]]

    @classmethod
    def of(cls, table: pa.Table) -> "ClassEvidence":
        """Return what `summed` gave."""
        rows: dict[str, int] = {}
        pairs: set[tuple[str, str, str]] = set()
        near: set[tuple[str, str, str]] = set()
        topics: dict[str, Counter[str]] = defaultdict(Counter)
        having: dict[str, dict[str, int]] = defaultdict(dict)
        for kind, word, after, label, count in zip(
            *table.select(TABLE.names).to_pydict().values(), strict=True
        ):
            if kind == _ROWS:
                rows[label] = count
            elif kind == _WORD:
                having[word][label] = count
            elif kind == _PAIR:
                pairs.add((label, word, after))
            else:
                topics[word][after] += count
                if count >= _NEARBY[spoken_of(word)]:
                    near.add((label, word, after))
        shares = {
            word: {
                label: math.log((of_word.get(label, 0) + _SMOOTH) / (count + 2 * _SMOOTH))
                for label, count in sorted(rows.items())
            }
            for word, of_word in having.items()
            if sum(of_word.values()) >= _LEAST
        }
        return cls(rows, shares, frozenset(pairs), frozenset(near), _logs(topics))

    def has_topic(self, tokens: Sequence[str], at: int) -> bool:
        """Return whether a token of a text has another content word in its clause."""
        return any(_topic(tokens, at, step) is not None for step in (-1, 1))

    def attested(self, label: str, tokens: Sequence[str], at: int, words: Iterable[str]) -> list[str]:
        """Return those of some words that rows of a class have in the place of a token of a text."""
        before, behind = (tokens[at - 1] if at else ""), (tokens[at + 1] if at + 1 < len(tokens) else "")
        topics = {form(other) for step in (-1, 1) if (other := _topic(tokens, at, step)) is not None}
        left, right = form(before), form(behind)
        if {left, right} & topics:
            topics = set()
        return [
            word
            for word in words
            if (label, left, own := form(word)) in self.pairs
            and (label, own, right) in self.pairs
            and all((label, own, topic) in self.near for topic in topics)
        ]

    def leaning(self, word: str, label: str) -> float | None:
        """Return how much more often rows of a class have a word than those of any other class, in nats; None for a rare word."""
        shares = self.shares.get(form(word))
        if shares is None or label not in shares:
            return None
        return shares[label] - max((share for other, share in shares.items() if other != label), default=0.0)

    def telling(self, word: str) -> float:
        """Return how surely a word is one of a class: how much more often rows of one have it than of the next, in nats, less for rare words."""
        shares = self.shares.get(form(word), {})
        rows = sorted(((share, label) for label, share in shares.items()), reverse=True)[:2]
        if len(rows) < 2:
            return 0.0
        more = rows[0][0] - rows[1][0]
        doubt = sum(1 / (math.exp(share) * (self.rows[label] + 2 * _SMOOTH)) for share, label in rows)
        return more**3 / (more**2 + doubt) if more else 0.0

    def of_one_kind(self, one: str, other: str) -> float | None:
        """Return the cosine of what two words are near to, in rows of any class; None for words near to few others.

        It is small for 快 (fast) and 难吃 (of bad taste).
        """
        first, second = (self.topics.get(form(word), {}) for word in (one, other))
        if min(len(first), len(second)) < _MANY:
            return None
        product = math.fsum(value * second[word] for word, value in first.items() if word in second)
        lengths = math.fsum(value * value for value in first.values()) * math.fsum(
            value * value for value in second.values()
        )
        return product / math.sqrt(lengths) if lengths else 0.0

    def by_words(self, tokens: Iterable[str]) -> tuple[str | None, float]:
        """Return the likeliest class of a text by its words, all classes alike before, and how much likelier than the next, in nats."""
        sums = dict.fromkeys(sorted(self.rows), 0.0)
        for word in {form(token) for token in tokens}:
            for label, share in self.shares.get(word, {}).items():
                sums[label] += share
        ordered = sorted(sums, key=lambda label: -sums[label])
        if len(ordered) < 2:
            return (ordered[0] if ordered else None), 0.0
        return ordered[0], sums[ordered[0]] - sums[ordered[1]]


def _near(tokens: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each content word with those near to it in its clause, both ways."""
    clause: list[str] = []
    for token in [*tokens, ""]:
        if is_word(token):
            if _is_topic(token):
                clause.append(form(token))
            continue
        for index, word in enumerate(clause):
            for other in clause[index + 1 : index + 1 + _NEAR]:
                yield word, other
                yield other, word
        clause = []


def _topic(tokens: Sequence[str], at: int, step: int) -> str | None:
    """Return the next content word on one side of a token in its clause, None if there is none."""
    at += step
    while 0 <= at < len(tokens) and is_word(tokens[at]):
        if _is_topic(tokens[at]):
            return tokens[at]
        at += step
    return None


@lru_cache(maxsize=1 << 16)
def _is_topic(token: str) -> bool:
    """Return whether a word is a content word and no adverb."""
    return is_content(token) and not is_adverb(token)


def is_adverb(token: str) -> bool:
    """Return whether a word is of manner or degree."""
    if token.lower() in _ADVERBS:
        return True
    return token.lower().endswith("ly") if token.isascii() else (tag(token) or "")[:1] == _ADVERB


def _logs(counts: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, float]]:
    """Return the logarithms of counts, 1 added."""
    return {
        word: {other: math.log1p(count) for other, count in sorted(of_word.items())}
        for word, of_word in counts.items()
    }
