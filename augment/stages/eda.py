"""Easy data augmentation (Wei and Zou 2019): synonyms, insertions, swaps and deletions of random words. A peer to compare with.

As the authors' code does it: alpha of the words, at least one, are edited; each of the four operations gives a quarter of
the samples and one more, of which the requested number is drawn. Unlike there, case and punctuation stay, every
sample is another text, and a row that gives too few is counted with the reason. Negations and what `resources.protect` names stay as they are and
where they are, and so does a negated word, unless a synonym replaces it; nothing is put between the two.
Chinese words are those of jieba.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from augment.candidates.sources import SourceName, any_synonyms
from augment.config.job import Job
from augment.seeding import Chance, chance
from augment.stages.editing import Row
from augment.stages.editor import USED_UP, Draw, Editor, Lookup
from augment.text.editable import STOP_WORDS, governed, is_word
from augment.text.edits import Edit, apart, insertion
from augment.text.script import language

Synonyms = Callable[[str], Sequence[str]]
_OPERATIONS = 4
# Draws until a word with a synonym, or another place, is found.
_DRAWS = 10


class Eda(Editor):
    """Samples by the four operations of easy data augmentation, which look at no score."""

    redraws: ClassVar[bool] = False
    kind: Literal["eda"] = "eda"
    samples: int = Field(default=4, ge=1, description="samples requested for each row")
    alpha: float = Field(default=0.1, gt=0, le=1, description="of the row's words that an operation edits")

    @property
    def shortfall_reason(self) -> str:
        """Why a row has no samples where every draw is empty."""
        return USED_UP

    @property
    def word_sources(self) -> tuple[SourceName, ...]:
        """Where its words come from."""
        return ("lexicon",)

    def lookup(self, job: Job, state: Path | None) -> Lookup:
        """Load the lexicons."""
        synonyms = any_synonyms(job)

        @lru_cache(maxsize=1)
        def pool(row: Row) -> list[tuple[Edit, ...]]:
            """Return the texts of a row, which are shuffled together."""
            return self.pool(row, synonyms, chance(job.seed, self.method, row.id, 0))

        def draw(row: Row, rng: Chance, number: int) -> Draw | None:
            """Return the next text of a row's pool, until that is at its end."""
            return Draw(pool(row)[number]) if number < len(pool(row)) else None

        return lambda rows: draw

    def pool(self, row: Row, synonyms: Synonyms, chance: Chance) -> list[tuple[Edit, ...]]:
        """Return the edits of every text that the operations give, shuffled; of a pair the first text is edited."""
        words = first_words(row)
        if not words:
            return []
        count = max(1, int(self.alpha * len(words)))
        negated = governed(row.tokens, row.side)
        loose = [token for token in words if token not in negated]
        pool: list[tuple[Edit, ...]] = []
        for _ in range(self.samples // _OPERATIONS + 1):
            pool += [
                row.edits(_replaced(row, words, count, synonyms, chance)),
                _inserted(row, words, loose, count, synonyms, chance),
                row.edits(_swapped(row, loose, count, chance)),
                row.edits(_deleted(loose, len(words), self.alpha, chance)),
            ]
        return chance.sample(pool, len(pool))


def _replaced(
    row: Row, words: Sequence[int], count: int, synonyms: Synonyms, chance: Chance
) -> Mapping[int, str]:
    """Return synonyms for `count` words that are no stop words, each wherever it occurs."""
    kinds = list(dict.fromkeys(row.tokens[token] for token in words))
    choice: dict[int, str] = {}
    for word in chance.sample([word for word in kinds if word.casefold() not in STOP_WORDS], len(kinds)):
        if offered := synonyms(word):
            new = offered[chance.below(len(offered))]
            choice |= {token: new for token in words if row.tokens[token] == word}
            count -= 1
        if not count:
            break
    return choice


def _inserted(
    row: Row, words: Sequence[int], tokens: Sequence[int], count: int, synonyms: Synonyms, chance: Chance
) -> tuple[Edit, ...]:
    """Return the insertion of a synonym of a random word before a random word of some, `count` times."""
    new: dict[int, list[str]] = {}
    for _ in range(count if tokens else 0):
        drawn_words = (row.tokens[words[chance.below(len(words))]] for _ in range(_DRAWS))
        offered = next((near for word in drawn_words if (near := synonyms(word))), ())
        if offered:
            new.setdefault(tokens[chance.below(len(tokens))], []).append(offered[chance.below(len(offered))])
    return before(row, new)


def _swapped(row: Row, words: Sequence[int], count: int, chance: Chance) -> Mapping[int, str]:
    """Return the words that moved, by token, after `count` swaps of two random words."""
    words_at = {token: row.tokens[token] for token in words}
    for _ in range(count if words else 0):
        one = words[chance.below(len(words))]
        others = (words[chance.below(len(words))] for _ in range(_DRAWS))
        other = next((token for token in others if token != one), one)
        words_at[one], words_at[other] = words_at[other], words_at[one]
    return {token: word for token, word in words_at.items() if word != row.tokens[token]}


def _deleted(words: Sequence[int], of: int, alpha: float, chance: Chance) -> Mapping[int, str]:
    """Return the deletion of each word by chance, of all but one at most where these are all `of` the row."""
    gone = [token for token in words if chance.below(1_000_000) < alpha * 1_000_000]
    if gone and len(gone) == of:
        gone.pop(chance.below(len(gone)))
    return dict.fromkeys(gone, "")


def first_words(row: Row) -> list[int]:
    """Return the words of a row's first text, which are edited; marks are not."""
    return [token for token in row.free if is_word(row.tokens[token]) and not row.side[token]]


def before(row: Row, new: Mapping[int, Sequence[str]]) -> tuple[Edit, ...]:
    """Return the insertion of words before tokens of the first text, with spaces where the words are written with them."""
    edits = []
    for token, words in sorted(new.items()):
        at = row.spans[token][0]
        spaced = language(row.tokens[token]) != "zh"
        text = f" {' '.join(words)} " if spaced else _joined(words)
        edits.append(Edit(0, at, at, "", insertion(row.text, at, text), 0.0))
    return tuple(edits)


def _joined(words: Sequence[str]) -> str:
    """Return words as Chinese is written: without spaces, but between two Latin words."""
    text = ""
    for word in words:
        text += apart(text[-1:], word, "")
    return text
