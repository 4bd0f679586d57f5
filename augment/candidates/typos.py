"""Typing errors of English words: a key next to the right one, two letters swapped, one left out, one doubled.

A word gets one slip, never in its first letter, by which readers know it. The kinds take turns; which slip of a kind
comes first is decided by the hash of the word, so that a word is always misspelt in the same ways.

    >>> typos("hotel")[:4]
    ('hoyel', 'hoetl', 'hotl', 'hoteel')
"""

from collections.abc import Iterator
from hashlib import blake2b
from itertools import chain, zip_longest

import regex

_LEAST = 4
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_WORD = regex.compile(r"[A-Za-z]+")


def typos(word: str) -> tuple[str, ...]:
    """Return a word with one slip each, cased as it was; nothing for less than four letters or what is no plain word."""
    if len(word) < _LEAST or not _WORD.fullmatch(word):
        return ()
    kinds = (_struck_next(word), _swapped(word), _dropped(word), _doubled(word))
    ordered = (sorted(set(slips) - {word}, key=lambda slip: _order(word, slip)) for slips in kinds)
    turns = chain.from_iterable(zip_longest(*ordered))
    return tuple(dict.fromkeys(slip for slip in turns if slip is not None))


def _struck_next(word: str) -> Iterator[str]:
    """Yield the word with one letter struck on a key next to its own."""
    for index in range(1, len(word)):
        letter = word[index]
        for other in _keys_next(letter.lower()):
            yield word[:index] + (other.upper() if letter.isupper() else other) + word[index + 1 :]


def _swapped(word: str) -> Iterator[str]:
    """Yield the word with two letters in each other's place."""
    for index in range(1, len(word) - 1):
        yield word[:index] + word[index + 1] + word[index] + word[index + 2 :]


def _dropped(word: str) -> Iterator[str]:
    """Yield the word without one letter."""
    for index in range(1, len(word)):
        yield word[:index] + word[index + 1 :]


def _doubled(word: str) -> Iterator[str]:
    """Yield the word with one letter twice."""
    for index in range(1, len(word)):
        yield word[:index] + word[index] + word[index:]


def _keys_next(letter: str) -> str:
    """Return the letters to the left and right of one, above and below it; each row is half a key further right."""
    row = next(number for number, keys in enumerate(_ROWS) if letter in keys)
    at = _ROWS[row].index(letter)
    near = [(row, at - 1), (row, at + 1), (row - 1, at), (row - 1, at + 1), (row + 1, at - 1), (row + 1, at)]
    return "".join(_ROWS[y][x] for y, x in near if 0 <= y < len(_ROWS) and 0 <= x < len(_ROWS[y]))


def _order(word: str, slip: str) -> bytes:
    """Return by what the slips of a word are ordered."""
    return blake2b(f"{word.lower()}\0{slip.lower()}".encode(), digest_size=8).digest()
