"""Assign each piece that a model is fed to the token that owns it, so that scores of pieces add up to scores of tokens.

Tokenizers disagree about offsets: a byte-level one gives all parts of one emoji the same span and counts the space
before a word, a sentencepiece one may feed the space as a piece of its own. The largest overlap settles all of them.

    >>> owners([(0, 3), (4, 8)], [0, 0], [(0, 0), (0, 3), (3, 6), (6, 8)], [None, 0, 0, 0])
    [-1, 0, 1, 1]
"""

from collections.abc import Sequence

# First code point of a stretch of text, and the one after its last.
Span = tuple[int, int]


def owners(
    spans: Sequence[Span], sides: Sequence[int], offsets: Sequence[Span], piece_sides: Sequence[int | None]
) -> list[int]:
    """Return for each piece the index of the token it overlaps most, the first on a tie, -1 for none.

    `spans` are ordered and disjoint within each of `sides`; `offsets` are in the side that `piece_sides` names, None
    for specials. Linear when pieces come in the order of the text; any other order is correct, only slower.
    """
    by_side = {side: [token for token, at in enumerate(sides) if at == side] for side in set(sides)}
    position = dict.fromkeys(by_side, 0)
    owner: list[int] = []
    for (start, end), side in zip(offsets, piece_sides, strict=True):
        if side is None or side not in by_side:
            owner.append(-1)
            continue
        tokens = by_side[side]
        position[side] = at = _first_reaching(spans, tokens, position[side], start)
        owner.append(_most_overlapped(spans, tokens, at, (start, end)))
    return owner


def beyond(
    spans: Sequence[Span], sides: Sequence[int], offsets: Sequence[Span], piece_sides: Sequence[int | None]
) -> int:
    """Return how many tokens are, wholly or in part, outside what the pieces of a text that was cut reach."""
    reach = {side: (0, 0) for side in set(sides)}
    for side in reach:
        there = [offset for offset, of in zip(offsets, piece_sides, strict=True) if of == side]
        if there:
            reach[side] = min(start for start, _ in there), max(end for _, end in there)
    return sum(
        start < reach[side][0] or end > reach[side][1]
        for side, (start, end) in zip(sides, spans, strict=True)
    )


def _first_reaching(spans: Sequence[Span], tokens: list[int], at: int, start: int) -> int:
    """Return the position in `tokens` of the first that ends after `start`, searching from position `at`."""
    while at > 0 and spans[tokens[at - 1]][1] > start:
        at -= 1
    while at < len(tokens) and spans[tokens[at]][1] <= start:
        at += 1
    return at


def _most_overlapped(spans: Sequence[Span], tokens: list[int], at: int, piece: Span) -> int:
    """Return the token from position `at` on that shares most code points with a piece, -1 if none shares any."""
    best, most = -1, 0
    while at < len(tokens) and spans[tokens[at]][0] < piece[1]:
        start, end = spans[tokens[at]]
        shared = min(end, piece[1]) - max(start, piece[0])
        if shared > most:
            best, most = tokens[at], shared
        at += 1
    return best
