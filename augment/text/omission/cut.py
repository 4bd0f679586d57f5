"""How a phrase is taken out of its line: which spaces go with it, and what changes its form next to it.

>>> line = line_of("He has an old car.")
>>> cut(line, Match("modifier", 3, 4))      # "an old " becomes "a "
(7, 14, 'a ')
"""

import regex

from augment.text.omission.line import Line, Match

# How many of its letters and digits a text keeps.
LEAST = 0.45
_LETTER = regex.compile(r"[\p{L}\p{N}]")
_OPENING = regex.compile(r"[\p{Ps}\p{Pi}\"]|``")
# Marks that are not next to each other or at the beginning, and brackets around nothing.
_BROKEN = regex.compile(
    r"[,，、;；:：]\s*[,，、;；:：。.!?！？]|[(（]\s*[)）]|^\s*[,，、;；:：。.!?！？)）]|[。！？]\s*[,，、；：。]",
    regex.M,
)
_PAIRS = ("()", "（）", "[]", "【】", "“”", "「」", "《》", "『』", "‘’")
_STRAIGHT = ('"', "''", "``")
_VOWEL = regex.compile(
    r"[aeio]|u(?!ni(?!n|m)|s[aeiu]|t[ei]|r[aio]|b[ie]|k)|hon(?:est|or|our)|hour|heir", regex.I
)
_NO_VOWEL = regex.compile(r"eu|one(?!i)|once|ewe", regex.I)
Replacement = tuple[int, int, str]


def cut(line: Line, match: Match) -> Replacement | None:
    """Return the code points to replace and what by, so that a phrase is left out; None where that leaves no good text."""
    made = _formed(line, match, *_edges(line, match))
    return made if _reads(line.text, *made) else None


def letters(text: str) -> int:
    """Return the number of letters and digits in a text."""
    return len(_LETTER.findall(text))


def article_before(word: str) -> str:
    """Return the indefinite article that a word takes."""
    return "an" if _VOWEL.match(word) and not _NO_VOWEL.match(word) else "a"


def _edges(line: Line, match: Match) -> tuple[int, int]:
    """Return the code points that go: the phrase, and one of the spaces around it."""
    first, last = match.first, match.last
    if not first:
        return line.spans[0][0], line.spans[last][0] if last < len(line) else line.spans[-1][1]
    mark = line.is_mark(first) and not _OPENING.match(line.word(first))
    if last == len(line) or mark or (line.is_mark(last) and not _OPENING.match(line.word(last))):
        return line.spans[first - 1][1], line.spans[last - 1][1]
    return line.spans[first][0], line.spans[last][0]


def _formed(line: Line, match: Match, start: int, end: int) -> Replacement:
    """Return the cut with the next word capitalised if the phrase began so, and the article before it as the next word asks."""
    text, first = line.text, match.first
    head, behind = text[line.spans[first][0]], text[end : end + 1]
    if head.isupper() and behind.islower() and line.opens(first):
        return start, end + 1, behind.upper()
    article = line.word(first - 1)
    if article in ("a", "an") and match.last < len(line) and _LETTER.match(line.word(match.last)):
        other = article_before(line.word(match.last))
        if other != article:
            begin, stop = line.spans[first - 1]
            other = other.capitalize() if text[begin].isupper() else other
            return begin, end, other + text[stop:start]
    return start, end, ""


def _reads(text: str, start: int, end: int, new: str) -> bool:
    """Return whether brackets stay paired, and no marks come next to each other."""
    gone, after = text[start:end], text[:start] + new + text[end:]
    if any(gone.count(pair[0]) != gone.count(pair[1]) for pair in _PAIRS) or any(
        gone.count(quote) % 2 for quote in _STRAIGHT
    ):
        return False
    return len(_BROKEN.findall(after)) <= len(_BROKEN.findall(text)) and bool(_LETTER.search(after))
