"""What estimates the effect of every candidate before any is measured: the gradient, or leaving words out.

looks = ByGradient(white_box).look(attempts, goal)
looks[0].estimates          # [(-1.7, 3, "fine"), ...]: estimated change of the margin, token, word
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np

from augment.adversarial.attempts import Attempt, WordChoice, conflicts
from augment.adversarial.goals import DIGITS, CandidateEstimate, Goal, owns
from augment.adversarial.victims import Victim, measure

if TYPE_CHECKING:
    from augment.adversarial.white_box import ReadTexts, WhiteBox

# By how much less each further candidate of a word is expected to do, where only words are weighed.
_LATER = 0.02
# Of candidates that are answered: how many of each word first, of how many words more, and how many of these.
_FIRST, _BEST, _MORE = 3, 3, 10
# By how much of the margin a candidate must be expected to move a text for no other to be answered.
_SURE = 1.1
# How many of the best words are paired with each other.
_PAIRED = 3


@dataclass(frozen=True)
class Look:
    """A text with the edits so far: its logits [C], and for each candidate, and some sets, the estimated change of the margin."""

    logits: np.ndarray
    estimates: list[CandidateEstimate]
    sets: list[tuple[float, WordChoice]] = field(default_factory=list)


class Guide(Protocol):
    """What looks at texts and estimates what their candidates would do. close: whether that is nearly what whole rows give."""

    close: bool

    def look(self, attempts: Sequence[Attempt], goal: Goal) -> list[Look]:
        """Return a look at each text with the edits so far."""
        ...

    def importance(self, attempts: Sequence[Attempt], goal: Goal) -> list[list[int]]:
        """Return for each text the tokens that have candidates, most important first."""
        ...

    def wider(self, times: int) -> "Guide":
        """Return a guide that looks at that many times as many words."""
        ...

    @property
    def otherwise(self) -> "Guide":
        """The guide for texts that this one does not read, or misjudges."""
        ...

    def reads(self, attempt: Attempt) -> bool:
        """Return whether a text can be looked at."""
        ...


class _AsItIs:
    """A guide that looks no wider when all words are tried."""

    close = False

    def wider(self, times: int) -> Self:
        """Return itself."""
        return self

    @property
    def otherwise(self) -> Self:
        """Itself: it has no expectations that could be wrong."""
        return self

    def reads(self, attempt: Attempt) -> bool:
        """Return that any text can be looked at."""
        return True


class ByGradient(_AsItIs):
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


class ByContext:
    """Candidates, and sets of them, are answered from what the other pieces had (`models.kept_context`): two or three pieces for each.

    The first candidates of all words show which words matter; of the best few words more are answered, then all, as long as none reaches
    the goal. Where none does the best are put together, one more at a time.
    """

    close = True

    def __init__(self, victim: "WhiteBox", words: int, together: int = 5) -> None:
        """Keep the victim; words: of how many words of a text all candidates are answered; together: how many are put together."""
        self._victim, self._words, self._together = victim, words, together
        self._gradient = ByGradient(victim)

    def look(self, attempts: Sequence[Attempt], goal: Goal) -> list[Look]:
        """Return a look at each text with the edits so far; one that edits made too long to be read at once by its gradient."""
        self._victim.cut(attempts)
        looks: dict[int, Look] = {}

        def work(rows: list[int], texts: "ReadTexts") -> None:
            """Look at one batch."""
            looks.update(
                zip(rows, _BatchLooks(texts, goal, self._words, self._together).looks(), strict=True)
            )

        self._victim.read(attempts, work)
        rest = [number for number in range(len(attempts)) if number not in looks]
        if rest:
            far = self._gradient.look([attempts[number] for number in rest], goal)
            looks |= zip(rest, far, strict=True)
        return [looks[number] for number in range(len(attempts))]

    def importance(self, attempts: Sequence[Attempt], goal: Goal) -> list[list[int]]:
        """Return tokens by the length of the gradient."""
        return self._gradient.importance(attempts, goal)

    def wider(self, times: int) -> "ByContext":
        """Return a guide that looks at that many times as many words."""
        return ByContext(self._victim, times * self._words, times * self._together)

    @property
    def otherwise(self) -> ByGradient:
        """The gradient."""
        return self._gradient

    def reads(self, attempt: Attempt) -> bool:
        """Return whether a text is read at once."""
        return self._victim.reads(attempt)


class _BatchLooks:
    """The looks at a batch of texts that were read."""

    def __init__(self, texts: "ReadTexts", goal: Goal, words: int, together: int) -> None:
        """Keep the texts, and how far each is from the goal."""
        self._texts, self._goal, self._words, self._together = texts, goal, words, together
        self._own = owns(goal, [attempt.own for attempt in texts.attempts], texts.logits)
        self._margins = goal.distance(texts.logits, self._own)
        self._looks = [Look(logits, []) for logits in texts.logits]

    def looks(self) -> list[Look]:
        """Return a look at each text; of those that are not attacked, with logits alone."""
        live = [
            number
            for number, attempt in enumerate(self._texts.attempts)
            if attempt.choice
            or self._goal.not_attacked(self._texts.logits[number], self._own[number]) is None
        ]
        stages = {number: self._stages(number) for number in live}
        waiting = live
        while waiting:
            picked = {number: next(stages[number], None) for number in waiting}
            self._answer_singles(
                [(number, *pair) for number, pairs in picked.items() for pair in pairs or ()]
            )
            waiting = [
                number for number, pairs in picked.items() if pairs is not None and not self._reached(number)
            ]
        self._answer_sets(live)
        return self._looks

    def _stages(self, number: int) -> Iterator[list[tuple[int, str]]]:
        """Yield the candidates of a text to answer, one part after another; of the text as it is none that was answered before."""
        attempt, look = self._texts.attempts[number], self._looks[number]
        known = {} if attempt.choice else dict(attempt.effects)
        look.estimates.extend((change, token, word) for (token, word), change in known.items())
        done = dict.fromkeys(attempt.offers, 0)
        for words, most in ((None, _FIRST), (_BEST, _MORE), (self._words, None)):
            best = dict.fromkeys(token for _, token, _ in sorted(look.estimates))
            # Of the first part none is known to be better.
            picked = list(attempt.offers) if words is None else list(best)[:words]
            pairs = [(token, word) for token in picked for word in attempt.offers[token][done[token] : most]]
            yield [pair for pair in pairs if pair not in known]
            done |= dict.fromkeys(picked, most or _FIRST)

    def _reached(self, number: int) -> bool:
        """Return whether a candidate is expected to reach the goal of a text, with some room."""
        change = min((change for change, _, _ in self._looks[number].estimates), default=0.0)
        return bool(change < -_SURE * self._margins[number])

    def _answer_singles(self, tries: Sequence[tuple[int, int, str]]) -> None:
        """Note what some candidates do."""
        for (number, token, word), change in zip(
            tries, self._changes([(number, {token: word}) for number, token, word in tries]), strict=True
        ):
            if change is not None:
                self._looks[number].estimates.append((change, token, word))
                if not self._texts.attempts[number].choice:
                    self._texts.attempts[number].effects[token, word] = change

    def _changes(self, tries: Sequence[tuple[int, WordChoice]]) -> list[float | None]:
        """Return by how much each further choice moves the distance of its text; None for what was not answered."""
        if not tries:
            return []
        logits = self._texts.answer(tries)
        known = ~np.isnan(logits[:, 0])
        rows = [number for number, _ in tries]
        changes = (
            self._goal.distance(np.where(known[:, None], logits, 0.0), self._own[rows]) - self._margins[rows]
        )
        return [
            change if fine else None
            for change, fine in zip(np.round(changes, DIGITS).tolist(), known, strict=True)
        ]

    def _answer_sets(self, live: Sequence[int]) -> None:
        """Put the best candidates of a text together, one more at a time, where none reaches the goal."""
        best = {number: _best_words(self._looks[number], self._together) for number in live}
        state: dict[int, tuple[float, WordChoice]] = {
            number: (pairs[0][0], {pairs[0][1]: pairs[0][2]}) for number, pairs in best.items() if pairs
        }
        for size in range(2, self._together + 1):
            tries: list[tuple[int, WordChoice]] = []
            for number, (change, chosen) in state.items():
                attempt, pairs = self._texts.attempts[number], best[number]
                if size > attempt.room - len(attempt.choice) or self._margins[number] + change < 0:
                    continue
                tries += [
                    (number, choice)
                    for choice in (_pairs(pairs) if size == 2 else _grown(chosen, pairs))
                    if not conflicts(attempt.row, choice)
                ]
            state = {}
            for (number, choice), moved in zip(tries, self._changes(tries), strict=True):
                if moved is not None:
                    self._looks[number].sets.append((moved, choice))
                    if number not in state or moved < state[number][0]:
                        state[number] = (moved, choice)


def _best_words(look: Look, most: int) -> list[CandidateEstimate]:
    """Return the best candidate of each token that brings a text nearer to the goal, the `most` best tokens first."""
    best: dict[int, CandidateEstimate] = {}
    for estimate in sorted(look.estimates):
        if estimate[0] < 0:
            best.setdefault(estimate[1], estimate)
    return list(best.values())[:most]


def _pairs(words: Sequence[CandidateEstimate]) -> list[WordChoice]:
    """Return each two of the best words together, and of the others each with the best."""
    return [
        {one[1]: one[2], two[1]: two[2]}
        for number, one in enumerate(words[:_PAIRED])
        for two in words[number + 1 : None if number == 0 else _PAIRED]
    ]


def _grown(chosen: WordChoice, words: Sequence[CandidateEstimate]) -> list[WordChoice]:
    """Return a choice with each of the best other words added."""
    others = [(token, word) for _, token, word in words if token not in chosen]
    return [{**chosen, token: word} for token, word in others[:_PAIRED]]


class ByDeletion(_AsItIs):
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


class InOrder(_AsItIs):
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
