"""Deletion and insertion curves of an order of words, and between which limits any order of them can be.

The deletion curve takes the strongest words away first, the insertion curve read from its end the weakest. The mean drop along
the first is comprehensiveness (DeYoung et al. 2020, as an area: Samek et al. 2017), along the second sufficiency. Both depend on
how much a model reacts to any lost word, so they are scaled by the least and the largest mean drop of any order of the same
words (NAOPC, arXiv 2408.08137): exact for up to eight words, for more by a beam search.

    drops(answers, "deleted", 0, [3, 1, 2], steps=10)       # strongest first
"""

from collections.abc import Sequence
from math import ceil

import numpy as np

from augment.evaluation.faithfulness.answers import ReducedAnswers, Removal
from augment.seeding import array_rng, key_of

_ENUMERATED = 8


def stops(words: int, steps: int) -> list[int]:
    """Return how many words are gone at each point of a curve, one at minimum and all at last."""
    return sorted({ceil(words * step / steps) for step in range(1, steps + 1)})


def strongest_first(scores: Sequence[float], players: Sequence[int], key: str) -> list[int]:
    """Return tokens by falling score; equal ones in an order of chance, which position does not favour."""
    shuffled = array_rng(key_of("curves", key)).permutation(len(players))
    tokens = [players[index] for index in shuffled]
    return sorted(tokens, key=lambda token: -scores[token])


def drops(answers: ReducedAnswers, way: Removal, row: int, order: Sequence[int], steps: int) -> np.ndarray:
    """Return by how much the probability has fallen at each point, the first words of an order gone."""
    states = [(row, frozenset(order[:count])) for count in stops(len(order), steps)]
    return answers.whole[row] - answers.values(way, states)


def limits(answers: ReducedAnswers, way: Removal, row: int, steps: int, beam: int) -> tuple[float, float]:
    """Return the least and the largest mean drop of any order of the words of a row."""
    if len(answers.players[row]) <= min(_ENUMERATED, steps):
        return _exact(answers, way, row)
    return _searched(answers, way, row, steps, beam, -1), _searched(answers, way, row, steps, beam, 1)


def _exact(answers: ReducedAnswers, way: Removal, row: int) -> tuple[float, float]:
    """Return the limits from all sets of words: what the best way to a set is depends on the set alone."""
    players = answers.players[row]
    count = len(players)
    sets = [
        (row, frozenset(token for bit, token in enumerate(players) if number >> bit & 1))
        for number in range(1 << count)
    ]
    fallen = answers.whole[row] - answers.values(way, sets)
    least, most = np.zeros(1 << count), np.zeros(1 << count)
    for number in range(1, 1 << count):
        before = [number ^ (1 << bit) for bit in range(count) if number >> bit & 1]
        least[number] = fallen[number] + min(least[one] for one in before)
        most[number] = fallen[number] + max(most[one] for one in before)
    return float(least[-1]) / count, float(most[-1]) / count


def _searched(answers: ReducedAnswers, way: Removal, row: int, steps: int, beam: int, sign: int) -> float:
    """Return the largest (sign 1) or least (-1) mean drop that a beam search finds."""
    players = answers.players[row]
    points, gone = stops(len(players), steps), 0
    held: list[tuple[float, frozenset[int]]] = [(0.0, frozenset())]
    for point in points:
        tried: dict[frozenset[int], float] = {}
        for total, absent in held:
            for state in _next(answers, way, row, absent, point - gone, beam, sign):
                tried[state] = max(tried.get(state, -np.inf), total)
        states = list(tried)
        fallen = answers.whole[row] - answers.values(way, [(row, state) for state in states])
        totals = [tried[state] + sign * float(drop) for state, drop in zip(states, fallen, strict=True)]
        best = sorted(range(len(states)), key=lambda index: -totals[index])[:beam]
        held, gone = [(totals[index], states[index]) for index in best], point
    return sign * held[0][0] / len(points)


def _next(
    answers: ReducedAnswers, way: Removal, row: int, absent: frozenset[int], more: int, beam: int, sign: int
) -> list[frozenset[int]]:
    """Return sets with `more` further words gone: those that change the answer most, each alone, and some near to them."""
    left = [token for token in answers.players[row] if token not in absent]
    if more >= len(left):
        return [absent | frozenset(left)]
    alone = answers.values(way, [(row, absent | {token}) for token in left])
    order = [left[index] for index in np.argsort(sign * alone, kind="stable")]
    return [
        absent | frozenset([*order[: more - 1], order[more - 1 + shift]])
        for shift in range(min(beam, len(left) - more + 1))
    ]
