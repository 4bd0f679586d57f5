"""How often people write a word, and how often two words next to each other: counted once over plain text.

Words are compared without case and width, numbers as one number, a run of marks as its first mark. The beginning and the
end of a text is a word of its own, "". Where pairs would fill the memory, those that were seen once are
forgotten.

    counts = PairCounts()
    counts.add(["房间", "很", "干净"])
    evidence = counts.evidence(train=None, rows=1)
    evidence.pairs(evidence.ids(["很"]), evidence.ids(["干净"]))         # array([1])
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from unicodedata import normalize

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.text.editable import is_word

# Tokens counted together, and different pairs kept in the memory: 16 bytes each.
_CHUNK, _PAIRS = 1 << 22, 1 << 24
_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
# The id of a word that was never seen; no pair has it.
UNSEEN = -1
# What a pair is worth that is common elsewhere.
_KNOWN = 2
SCHEMA = pa.schema(
    [
        ("rows", pa.int64()),
        ("words", pa.list_(pa.string())),
        ("counts", pa.list_(pa.int64())),
        ("train", pa.list_(pa.int64())),
        ("keys", pa.list_(pa.uint64())),
        ("seen", pa.list_(pa.int64())),
        ("known", pa.list_(pa.uint64())),
    ]
)


@lru_cache(maxsize=1 << 17)
def form(token: str) -> str:
    """Return what a token is counted as: without case and width, a number as 0, a run of marks as its first."""
    plain = token if token.isascii() else normalize("NFKC", token)
    if plain.isnumeric() or plain.replace(".", "").replace(",", "").isdigit():
        return "0"
    return plain.lower() if is_word(plain) else plain[:1]


@dataclass(frozen=True)
class WordCounts:
    """Counts of words and pairs.

    rows: of the train split; words: by id, 0 is the border of a text; counts, train: [W] int64, how often a word was seen in
    all, and in the train split; keys: [P] uint64, sorted, left id << 32 | right id; seen: [P] int64; known: [K] uint64, sorted,
    pairs of these words that are common elsewhere, worth `_KNOWN` sights.
    """

    rows: int
    words: tuple[str, ...]
    counts: np.ndarray
    train: np.ndarray
    keys: np.ndarray
    seen: np.ndarray
    known: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint64))

    @cached_property
    def _id(self) -> dict[str, int]:
        """The id of each word."""
        return {word: number for number, word in enumerate(self.words)}

    @cached_property
    def total(self) -> float:
        """How many tokens were counted, with the borders."""
        return float(self.counts.sum())

    def id(self, token: str) -> int:
        """Return the id of a token's form; UNSEEN if it was never seen."""
        return self._id.get(form(token), UNSEEN)

    def ids(self, tokens: Iterable[str]) -> np.ndarray:
        """Return the ids of tokens, [N] int64."""
        return np.fromiter((self.id(token) for token in tokens), np.int64)

    def pairs(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Return how often words of the ids `right` followed those of the ids `left`, [N] int64; more if that is common."""
        wanted = left.astype(np.uint64) << _SHIFT | right.astype(np.uint64) & _LOW
        both = (left >= 0) & (right >= 0)
        index, there = _in(wanted, self.keys)
        seen = (
            np.where(there & both, self.seen[index], 0) if len(self.keys) else np.zeros(len(left), np.int64)
        )
        return seen + _KNOWN * (_in(wanted, self.known)[1] & both)

    def knowing(self, pairs: Iterable[tuple[str, str]]) -> "WordCounts":
        """Return the evidence with pairs that are common elsewhere; those of other words are left out."""
        ids = [(self.id(left), self.id(right)) for left, right in pairs]
        own = np.array([pair for pair in ids if min(pair) >= 0], np.uint64).reshape(-1, 2)
        return replace(self, known=np.unique(own[:, 0] << _SHIFT | own[:, 1]))

    def counted(self, ids: np.ndarray) -> np.ndarray:
        """Return how often the words of some ids were seen, [N] int64; 0 for those never seen."""
        return np.where(ids >= 0, self.counts[ids], 0)

    @property
    def left(self) -> np.ndarray:
        """The id of the left word of each pair, [P] int64."""
        return (self.keys >> _SHIFT).astype(np.int64)

    @property
    def right(self) -> np.ndarray:
        """The id of the right word of each pair, [P] int64."""
        return (self.keys & _LOW).astype(np.int64)

    def table(self) -> pa.Table:
        """Return all of it as a table of one row."""
        values = {"words": list(self.words)} | {name: getattr(self, name) for name in SCHEMA.names[2:]}
        return pa.table({"rows": [self.rows]} | {name: [value] for name, value in values.items()}, SCHEMA)


def counts_of(table: pa.Table) -> WordCounts:
    """Return what `WordCounts.table` wrote."""
    row = {name: table.column(name).combine_chunks()[0] for name in SCHEMA.names}
    arrays = {name: np.asarray(row[name].values.to_numpy()) for name in SCHEMA.names[2:]}
    return WordCounts(row["rows"].as_py(), tuple(row["words"].as_py()), **arrays)


def _in(wanted: np.ndarray, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where each wanted key would be in sorted keys, and whether it is there, twice [N]."""
    if not len(keys):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), bool)
    index = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return index, keys[index] == wanted


class PairCounts:
    """Counts that grow text by text."""

    def __init__(self) -> None:
        """Begin with nothing but the border of a text."""
        self._id = {"": 0}
        self._waiting: list[np.ndarray] = []
        self._size = 0
        self._keys, self._seen = np.zeros(0, np.uint64), np.zeros(0, np.int64)

    def add(self, tokens: Sequence[str]) -> None:
        """Count the tokens of a text, each with its neighbours."""
        own = self._id
        ids = [0, *(own.setdefault(form(token), len(own)) for token in tokens), 0]
        self._waiting.append(np.array(ids, np.uint64))
        self._size += len(ids)
        if self._size >= _CHUNK:
            self._flush()

    def add_pairs(self, pairs: pa.Table, times: int = 1) -> None:
        """Add pairs that were counted elsewhere, a table as `pairs` returns it; -1 times takes them away."""
        self._flush()
        left, right = (self._numbers(pairs.column(name)) for name in ("left", "right"))
        self._merge(left << _SHIFT | right, times * pairs.column("seen").to_numpy())

    def pairs(self) -> pa.Table:
        """Return the pairs with how often each was seen: `left` and `right` string, `seen` int64."""
        self._flush()
        words = pa.array(self._id, pa.string())
        left, right = (words.take(pa.array(ids)) for ids in (self._keys >> _SHIFT, self._keys & _LOW))
        return pa.table({"left": left, "right": right, "seen": self._seen})

    def seen_first(self) -> np.ndarray:
        """Return how often each word known so far was seen, [W] int64: as the left word of a pair."""
        self._flush()
        left = (self._keys >> _SHIFT).astype(np.int64)
        return np.bincount(left, weights=self._seen, minlength=len(self._id)).astype(np.int64)

    def evidence(self, train: np.ndarray | None, rows: int) -> WordCounts:
        """Return what was counted, words in alphabetical order. train: how often the first words were seen in the train split."""
        counts = self.seen_first()
        own = counts if train is None else np.pad(train, (0, len(counts) - len(train)))
        # Words that were all taken away again are none.
        words = sorted(word for word, number in self._id.items() if counts[number] or not word)
        order = np.array([self._id[word] for word in words], np.int64)
        number = np.zeros(len(self._id), np.uint64)
        number[order] = np.arange(len(order), dtype=np.uint64)
        keys = number[self._keys >> _SHIFT] << _SHIFT | number[self._keys & _LOW]
        sort = np.argsort(keys, kind="stable")
        return WordCounts(rows, tuple(words), counts[order], own[order], keys[sort], self._seen[sort])

    def _numbers(self, words: pa.ChunkedArray) -> np.ndarray:
        """Return the ids of words that are forms."""
        coded = pc.dictionary_encode(words).combine_chunks()
        own = self._id
        ids = [own.setdefault(word, len(own)) for word in coded.dictionary.to_pylist()]
        return np.asarray(np.array(ids, np.uint64)[coded.indices.to_numpy()])

    def _flush(self) -> None:
        """Count the tokens that wait."""
        if not self._waiting:
            return
        ids = np.concatenate(self._waiting)
        keys = ids[:-1] << _SHIFT | ids[1:]
        # Where one text ends and the next begins, two borders meet.
        self._waiting, self._size = [], 0
        self._merge(*np.unique(keys[keys != 0], return_counts=True))

    def _merge(self, keys: np.ndarray, seen: np.ndarray) -> None:
        """Add counts of pairs to those there are."""
        all_keys, all_seen = np.concatenate([self._keys, keys]), np.concatenate([self._seen, seen])
        order = np.argsort(all_keys, kind="stable")
        all_keys, all_seen = all_keys[order], all_seen[order]
        first = np.flatnonzero(np.diff(all_keys, prepend=~all_keys[:1]))
        self._keys = all_keys[first]
        self._seen = np.add.reduceat(all_seen, first) if len(first) else all_seen
        if len(seen) and seen.min() < 0:
            left = self._seen > 0
            self._keys, self._seen = self._keys[left], self._seen[left]
        if len(self._keys) > _PAIRS:
            often = self._seen > 1
            self._keys, self._seen = self._keys[often], self._seen[often]
