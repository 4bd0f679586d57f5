"""The attacked model: what it answers to texts with edits in place, many at once, counted for each text.

A `Victim` is all that searches ask. `BlackBox` is one for any predictor; `augment.adversarial.white_box` has the one for models
with gradients, which tokenizes nothing twice.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from augment.adversarial.attempts import Attempt, WordChoice, conflicts, key_of
from augment.adversarial.goals import Goal, owns

Try = tuple[Attempt, WordChoice]


class Answering(Protocol):
    """A model that answers texts with the probability of each class."""

    def ask(self, texts: Sequence[str], pairs: Sequence[str | None]) -> np.ndarray:
        """Return the probability of each class, [N, C] float32."""
        ...


class Victim(Protocol):
    """A model that answers texts with edits in place."""

    def answer(self, tries: Sequence[Try]) -> np.ndarray:
        """Return logits [N, C] float32; each try is counted as a forward row of its attempt."""
        ...

    def confirm(self, tries: Sequence[Try]) -> list[Try]:
        """Return the tries whose text is fed to the model otherwise than `answer` fed it: they must be answered again."""
        ...


class BlackBox:
    """Any predictor: its log-probabilities are the logits."""

    def __init__(self, predictor: Answering) -> None:
        """Keep the predictor."""
        self._predictor = predictor

    def answer(self, tries: Sequence[Try]) -> np.ndarray:
        """Return the log-probability of each class, [N, C] float32."""
        texts = [attempt.row.texts(choice) for attempt, choice in tries]
        answers = self._predictor.ask([text for text, _ in texts], [pair for _, pair in texts])
        for attempt, _ in tries:
            attempt.forward += 1
        return np.asarray(np.log(np.maximum(answers, np.finfo(np.float32).tiny)))

    def confirm(self, tries: Sequence[Try]) -> list[Try]:
        """Return nothing: the texts themselves were answered."""
        return []


def measure(victim: Victim, goal: Goal, tries: Sequence[Try]) -> list[float]:
    """Return how far each try is from the goal; infinity for what the budget does not allow, or edits a token twice. None is answered twice.

    Tries that reach the goal are noted in their attempts.
    """
    wanted: dict[tuple[int, frozenset[tuple[int, str]]], Try] = {}
    planned: dict[int, int] = {}
    left = {id(attempt): attempt.left for attempt, _ in tries}
    shared = tries[0][0].shared if tries else None
    together = None if shared is None else shared.left
    for attempt, choice in tries:
        name = (id(attempt), key_of(choice))
        spent = planned.get(id(attempt), 0)
        known = name[1] in attempt.seen or name in wanted
        spent_all = together is not None and len(wanted) >= together
        if known or spent_all or spent >= left[id(attempt)] or conflicts(attempt.row, choice):
            continue
        wanted[name] = (attempt, choice)
        planned[id(attempt)] = spent + 1
    if wanted:
        new = list(wanted.values())
        logits = victim.answer(new)
        own = owns(goal, [attempt.own for attempt, _ in new], logits)
        for (attempt, choice), distance in zip(new, goal.distance(logits, own), strict=True):
            attempt.seen[key_of(choice)] = float(distance)
            if distance < 0 and choice:
                attempt.flips[key_of(choice)] = float(distance)
    return [attempt.seen.get(key_of(choice), float("inf")) for attempt, choice in tries]
