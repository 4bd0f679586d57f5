"""What estimates the effect of every candidate before any is measured: the gradient, or leaving words out.

looks = ByGradient(white_box).look(attempts, goal)
looks[0].estimates          # [(-1.7, 3, "fine"), ...]: estimated change of the margin, token, word
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from augment.adversarial.attempts import Attempt
from augment.adversarial.goals import DIGITS, Goal, owns
from augment.adversarial.victims import Victim, measure

if TYPE_CHECKING:
    from augment.adversarial.white_box import WhiteBox

# By how much less each further candidate of a word is expected to do, where only words are weighed.
_LATER = 0.02


@dataclass(frozen=True)
class Look:
    """A text with the edits so far: its logits [C], and for each candidate the estimated change of the margin."""

    logits: np.ndarray
    estimates: list[tuple[float, int, str]]


class Guide(Protocol):
    """What looks at texts and estimates what their candidates would do."""

    def look(self, attempts: Sequence[Attempt], goal: Goal) -> list[Look]:
        """Return a look at each text with the edits so far."""
        ...

    def importance(self, attempts: Sequence[Attempt], goal: Goal) -> list[list[int]]:
        """Return for each text the tokens that have candidates, most important first."""
        ...


class ByGradient:
    """One forward and backward row a text estimates all of its candidates."""

    def __init__(self, victim: "WhiteBox") -> None:
        """Keep the victim."""
        self._victim = victim

    def look(self, attempts: Sequence[Attempt], goal: Goal) -> list[Look]:
        """Return a look at each text with the edits so far."""
        self._victim.learn(attempts)
        slopes = self._victim.slopes(attempts, goal)
        return [
            Look(slope.logits, goal.aimed(self._victim.estimates(attempt, slope), slope.logits, slope.own))
            for attempt, slope in zip(attempts, slopes, strict=True)
        ]

    def importance(self, attempts: Sequence[Attempt], goal: Goal) -> list[list[int]]:
        """Return tokens by the length of the gradient."""
        steepness = [self._victim.steepness(slope) for slope in self._victim.slopes(attempts, goal)]
        return [
            _ordered(
                attempt,
                {
                    token: -sum(steep.get(member, 0.0) for member in attempt.row.members(token))
                    for token in attempt.offers
                },
            )
            for attempt, steep in zip(attempts, steepness, strict=True)
        ]


class ByDeletion:
    """One forward row a word: a candidate is taken to do what leaving the word out does. For any model."""

    def __init__(self, victim: Victim) -> None:
        """Keep the victim."""
        self._victim = victim

    def look(self, attempts: Sequence[Attempt], goal: Goal) -> list[Look]:
        """Return a look at each text with the edits so far."""
        logits = self._victim.answer([(attempt, attempt.choice) for attempt in attempts])
        own = owns(goal, [attempt.own for attempt in attempts], logits)
        margins = goal.distance(logits, own)
        # What is not attacked needs no more than this answer.
        live = []
        for answer, first, attempt in zip(logits, own, attempts, strict=True):
            attempt.own = first
            if attempt.choice or goal.not_attacked(answer, first) is None:
                live.append(attempt)
        effects = effects_of_leaving_out(self._victim, live, goal)
        looks = []
        for attempt, answer, margin in zip(attempts, logits, margins.tolist(), strict=True):
            estimates = [
                (round(change * (1 - _LATER * number), DIGITS), token, word)
                for token, distance in effects.get(id(attempt), {}).items()
                for number, word in enumerate(attempt.offers[token])
                if (change := distance - margin) < 0
            ]
            looks.append(Look(answer, estimates))
        return looks

    def importance(self, attempts: Sequence[Attempt], goal: Goal) -> list[list[int]]:
        """Return tokens by how far leaving them out goes towards the goal."""
        effects = effects_of_leaving_out(self._victim, attempts, goal)
        return [_ordered(attempt, effects.get(id(attempt), {})) for attempt in attempts]


class InOrder:
    """Tokens in the order that their row gives, as scores ranked them, or by chance. It estimates nothing."""

    def __init__(self, victim: Victim) -> None:
        """Keep the victim."""
        self._victim = victim

    def look(self, attempts: Sequence[Attempt], goal: Goal) -> list[Look]:
        """Return a look at each text: earlier tokens and candidates are expected to do more."""
        logits = self._victim.answer([(attempt, attempt.choice) for attempt in attempts])
        looks = []
        for attempt, answer in zip(attempts, logits, strict=True):
            pairs = [(token, word) for token in attempt.order for word in attempt.offers.get(token, ())]
            size = len(pairs)
            looks.append(
                Look(answer, [(-1.0 + number / max(size, 1), *pair) for number, pair in enumerate(pairs)])
            )
        return looks

    def importance(self, attempts: Sequence[Attempt], goal: Goal) -> list[list[int]]:
        """Return tokens as their row orders them."""
        return [[token for token in attempt.order if token in attempt.offers] for attempt in attempts]


def effects_of_leaving_out(
    victim: Victim, attempts: Sequence[Attempt], goal: Goal
) -> dict[int, dict[int, float]]:
    """Return for each attempt how far it is from the goal without each of its tokens; none for a text that would be empty."""
    tries = [
        (attempt, {**attempt.choice, token: ""})
        for attempt in attempts
        for token in attempt.offers
        if token not in attempt.choice and _has_letters(attempt.row.texts({**attempt.choice, token: ""}))
    ]
    effects: dict[int, dict[int, float]] = {}
    for (attempt, choice), distance in zip(tries, measure(victim, goal, tries), strict=True):
        effects.setdefault(id(attempt), {})[next(reversed(choice))] = distance
    for attempt in attempts:
        attempt.forget_looks()
    return {
        name: {token: far for token, far in each.items() if far < float("inf")}
        for name, each in effects.items()
    }


def _ordered(attempt: Attempt, keys: dict[int, float]) -> list[int]:
    """Return the tokens with candidates by a key, lowest first, equal ones in the order of the text."""
    return sorted(
        (token for token in attempt.offers if token in keys), key=lambda token: (keys[token], token)
    )


def _has_letters(texts: tuple[str, str | None]) -> bool:
    """Return whether there is anything left of a text, and of a second one."""
    return bool(texts[0].strip()) and (texts[1] is None or bool(texts[1].strip()))
