"""How edits that reach a goal are searched for. All texts advance together, so that their rows share batches.

`Expected` measures what a close guide expects to reach the goal; `Screened` what another guide expects most of, and combines what it
measured. `Greedy` walks the words by importance and
tries every candidate of each (Jin et al. 2020); `Beam` keeps several sets at a time; `Weighted` measures all candidates first (Ren et al. 2019, PWWS); `Reduced`
leaves out as many words as it can while the answer stays (Feng et al. 2018).

    Screened().run(attempts, Tools(victim, guide, ClassGoal(), constraints))
    [attempt.choice for attempt in attempts if attempt.outcome == "changed"]
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from augment.adversarial.attempts import Attempt, WordChoice, conflicts, key_of
from augment.adversarial.constraints import Constraint, allowed
from augment.adversarial.goals import Goal, owns
from augment.adversarial.guides import Guide, Look, effects_of_leaving_out
from augment.adversarial.victims import Try, Victim, measure

# Successful sets of edits that are checked against the constraints, for each text and round.
_CHECKED = 3
# Single edits measured before the others.
_FIRST = 4
# Sets that a close guide expects to come this near to the goal, as a part of the margin, are measured as if they reached it; this many at most.
_NEAR, _TRIED = 0.15, 6
# Without an edit a set is measured if it was not expected to be further from the goal than this, in logits.
_NEEDED = 0.5
# A set of edits is an advance if it brings the text nearer to the goal by this, in logits.
_ADVANCE = 1e-4


@dataclass(frozen=True)
class Tools:
    """What a search works with."""

    victim: Victim
    guide: Guide
    goal: Goal
    constraints: Sequence[Constraint] = ()


class SearchStrategy(Protocol):
    """A strategy."""

    def run(self, attempts: Sequence[Attempt], tools: Tools) -> None:
        """Search for every attempt; a success has the outcome `changed` and its edits in `choice`."""
        ...


@dataclass(frozen=True)
class Screened:
    """A guide screens all candidates; the best `each` of the best `words` words are measured, then combined.

    Where nothing reaches the goal the best set is kept, and the guide looks again. Of a success every edit that is not needed
    is taken back.
    """

    words: int = 6
    each: int = 2
    rounds: int = 6

    def run(self, attempts: Sequence[Attempt], tools: Tools) -> None:
        """Search for every attempt."""
        _in_rounds(attempts, tools, self.rounds, self._measure)

    def _measure(self, attempts: Sequence[Attempt], looks: Sequence[Look], tools: Tools) -> None:
        """Measure single edits, then sets of them, and take what succeeds."""
        picked = [self.picked(look) for look in looks]
        for attempt in attempts:
            attempt.drops = {}
        # Many texts need one edit that the guide expects most of: the others are measured where it does not do.
        for part in (slice(0, _FIRST), slice(_FIRST, None)):
            open_at = [number for number, attempt in enumerate(attempts) if attempt.outcome == "unchanged"]
            self.measure_singles(
                [attempts[number] for number in open_at], [picked[number][part] for number in open_at], tools
            )
            settle([attempts[number] for number in open_at], tools)
        left = [attempt for attempt in attempts if attempt.outcome == "unchanged"]
        _measure_sets(left, tools)
        settle(left, tools)

    def picked(self, look: Look) -> list[tuple[int, str]]:
        """Return the candidates to measure: the best of the best words, by the estimate."""
        taken: dict[int, int] = {}
        picked = []
        for _, token, word in sorted(look.estimates):
            if taken.get(token, 0) < self.each and (token in taken or len(taken) < self.words):
                taken[token] = taken.get(token, 0) + 1
                picked.append((token, word))
        return picked

    def measure_singles(
        self, attempts: Sequence[Attempt], picked: Sequence[Sequence[tuple[int, str]]], tools: Tools
    ) -> None:
        """Measure what each picked candidate does by itself, and note the best of each token."""
        tries: list[Try] = []
        changes: list[tuple[int, str]] = []
        for attempt, pairs in zip(attempts, picked, strict=True):
            for token, word in pairs:
                tries.append((attempt, {**attempt.choice, token: word}))
                changes.append((token, word))
        for (attempt, _), (token, word), distance in zip(
            tries, changes, measure(tools.victim, tools.goal, tries), strict=True
        ):
            attempt.note_drop(token, word, distance)


@dataclass(frozen=True)
class Expected:
    """The sets of edits that a close guide expects to reach the goal are measured, the smallest first, and a few others.

    Where nothing reaches the goal the best set is kept, and the guide looks again.
    """

    others: int
    rounds: int = 6

    def run(self, attempts: Sequence[Attempt], tools: Tools) -> None:
        """Search for every attempt."""
        _in_rounds(attempts, tools, self.rounds, self._measure)

    def _measure(self, attempts: Sequence[Attempt], looks: Sequence[Look], tools: Tools) -> None:
        """Measure what is planned, step by step, and take what succeeds."""
        plans = [self._plan(attempt, look) for attempt, look in zip(attempts, looks, strict=True)]
        for step in zip(*plans, strict=True):
            tries = [
                (attempt, choice)
                for attempt, choices in zip(attempts, step, strict=True)
                if attempt.outcome == "unchanged"
                for choice in choices
            ]
            measure(tools.victim, tools.goal, tries)
            settle(attempts, tools)

    def _plan(self, attempt: Attempt, look: Look) -> tuple[list[WordChoice], ...]:
        """Return what to measure, in steps: what should reach the goal, then what should come nearest to it."""
        ways = [(change, {token: word}) for change, token, word in look.estimates] + look.sets
        near: list[tuple[int, float, list[tuple[int, str]]]] = []
        rest: list[tuple[float, list[tuple[int, str]]]] = []
        for change, added in ways:
            distance, pairs = attempt.margin + change, sorted({**attempt.choice, **added}.items())
            attempt.expected[frozenset(pairs)] = distance
            if distance <= _NEAR * attempt.margin:
                near.append((len(pairs), distance, pairs))
            else:
                rest.append((distance, pairs))
        expected: list[WordChoice] = [dict(pairs) for _, _, pairs in sorted(near)[:_TRIED]]
        others: list[WordChoice] = [dict(pairs) for _, pairs in sorted(rest)[: self.others]]
        return expected[:1], expected[1:3], expected[3:], others


@dataclass(frozen=True)
class Beam:
    """As `Screened`, from the best `width` sets of each round, each an edit larger, and not from the best one alone."""

    width: int = 4
    words: int = 6
    each: int = 2
    rounds: int = 6

    def run(self, attempts: Sequence[Attempt], tools: Tools) -> None:
        """Search for every attempt."""
        single, live = Screened(self.words, self.each), start(attempts, tools)
        states: dict[int, list[tuple[float, WordChoice]]] = {
            id(attempt): [(attempt.margin, {})] for attempt in live
        }
        for _ in range(self.rounds):
            branches = [
                (
                    attempt,
                    replace(attempt, choice=dict(choice), margin=margin, drops={}, forward=0, backward=0),
                )
                for attempt in live
                for margin, choice in states[id(attempt)]
            ]
            if not branches:
                break
            for attempt, branch in branches:
                branch.budget = max(attempt.left // len(states[id(attempt)]), 1)
            looks = tools.guide.look([branch for _, branch in branches], tools.goal)
            picked = [single.picked(look) for look in looks]
            single.measure_singles([branch for _, branch in branches], picked, tools)
            for attempt, branch in branches:
                attempt.forward += branch.forward
                attempt.backward += branch.backward
            settle(live, tools)
            live = [attempt for attempt in live if attempt.outcome == "unchanged" and attempt.left]
            sizes = {id(attempt): len(states[id(attempt)][0][1]) + 1 for attempt in live}
            for attempt in live:
                states[id(attempt)] = _nearest(attempt, sizes[id(attempt)], self.width)
            live = [attempt for attempt in live if states[id(attempt)]]
        prune([attempt for attempt in attempts if attempt.outcome == "changed"], tools)


@dataclass(frozen=True)
class Greedy:
    """Words by importance; the candidate that comes nearest to the goal is kept if it comes nearer at all."""

    def run(self, attempts: Sequence[Attempt], tools: Tools) -> None:
        """Search for every attempt."""
        live = start(attempts, tools)
        orders = tools.guide.importance(live, tools.goal)
        waiting = [(attempt, iter(order)) for attempt, order in zip(live, orders, strict=True)]
        while waiting:
            stepping: list[tuple[Attempt, Iterator[int], list[WordChoice]]] = []
            for attempt, order in waiting:
                token = next(order, None)
                if token is not None and len(attempt.choice) < attempt.room and attempt.left:
                    choices: list[WordChoice] = [
                        {**attempt.choice, token: word} for word in attempt.offers[token]
                    ]
                    stepping.append((attempt, order, choices))
            tries = [(attempt, choice) for attempt, _, choices in stepping for choice in choices]
            distances = iter(measure(tools.victim, tools.goal, tries))
            for attempt, _, tried in stepping:
                best = min(((next(distances), number) for number in range(len(tried))), default=None)
                if best is not None and best[0] < attempt.margin:
                    attempt.put(tried[best[1]], best[0])
            settle([attempt for attempt, _, _ in stepping], tools)
            waiting = [(attempt, order) for attempt, order, _ in stepping if attempt.outcome == "unchanged"]


@dataclass(frozen=True)
class Weighted:
    """The best candidate of every word is measured first; words follow by that drop times the softmax of their importance."""

    def run(self, attempts: Sequence[Attempt], tools: Tools) -> None:
        """Search for every attempt."""
        live = start(attempts, tools)
        weights = _saliency(live, tools)
        tries = [
            (attempt, {token: word})
            for attempt in live
            for token, words in attempt.offers.items()
            for word in words
        ]
        for (attempt, choice), distance in zip(tries, measure(tools.victim, tools.goal, tries), strict=True):
            ((token, word),) = choice.items()
            attempt.note_drop(token, word, distance)
        settle(live, tools)
        orders = {
            id(attempt): _by_weight(attempt, weight) for attempt, weight in zip(live, weights, strict=True)
        }
        steps = 2
        while live := [
            attempt
            for attempt in live
            if attempt.outcome == "unchanged"
            and steps <= min(attempt.room, len(orders[id(attempt)]))
            and attempt.left
        ]:
            tries = [
                (attempt, {token: attempt.drops[token][1] for token in orders[id(attempt)][:steps]})
                for attempt in live
            ]
            measure(tools.victim, tools.goal, tries)
            settle(live, tools)
            steps += 1


@dataclass(frozen=True)
class Reduced:
    """Words are left out, the least important first, as long as the answer stays; what is left is the sample."""

    def run(self, attempts: Sequence[Attempt], tools: Tools) -> None:
        """Search for every attempt: a text that lost a word has the outcome `reduced`."""
        live = start(attempts, tools)
        while live:
            tries = [
                (attempt, {**attempt.choice, token: ""})
                for attempt in live
                for token in attempt.offers
                if token not in attempt.choice and len(attempt.choice) < attempt.room
            ]
            best: dict[int, tuple[float, int]] = {}
            picks = allowed(tools.constraints, [(attempt.row, choice) for attempt, choice in tries])
            tries = [each for each, fine in zip(tries, picks, strict=True) if fine]
            for (attempt, choice), distance in zip(
                tries, measure(tools.victim, tools.goal, tries), strict=True
            ):
                token = next(reversed(choice))
                # The goal is to keep the answer: a distance above zero, the larger the surer.
                if 0 < distance < float("inf") and (-distance, token) < best.get(
                    id(attempt), (float("inf"), 0)
                ):
                    best[id(attempt)] = (-distance, token)
            live = [attempt for attempt in live if id(attempt) in best]
            for attempt in live:
                distance, token = best[id(attempt)]
                attempt.put({**attempt.choice, token: ""}, -distance)
        for attempt in attempts:
            if attempt.choice and attempt.outcome == "unchanged":
                attempt.outcome = "reduced"


def _in_rounds(
    attempts: Sequence[Attempt],
    tools: Tools,
    rounds: int,
    work: Callable[[Sequence[Attempt], Sequence[Look], Tools], None],
) -> None:
    """Let the guide look and `work` measure, as long as texts come nearer; then take back what a success does not need."""
    live = list(attempts)
    for number in range(rounds):
        if not live:
            break
        looks = tools.guide.look(live, tools.goal)
        live, looks = _reached(live, looks, tools, first=number == 0)
        work(live, looks, tools)
        live = [attempt for attempt in live if attempt.outcome == "unchanged" and _advanced(attempt)]
    prune([attempt for attempt in attempts if attempt.outcome == "changed"], tools)


def start(attempts: Sequence[Attempt], tools: Tools) -> list[Attempt]:
    """Return the attempts that are to be attacked, each with its margin; the others are skipped, or exempt if they have the target."""
    live = [attempt for attempt in attempts if attempt.outcome == "unchanged"]
    looks = (
        [Look(logits, []) for logits in tools.victim.answer([(attempt, {}) for attempt in live])]
        if live
        else []
    )
    return _reached(live, looks, tools, first=True)[0]


def _reached(
    attempts: Sequence[Attempt], looks: Sequence[Look], tools: Tools, first: bool
) -> tuple[list[Attempt], list[Look]]:
    """Return the attempts that go on, with their looks; at the first look those that are not attacked are skipped."""
    going: list[tuple[Attempt, Look]] = []
    for attempt, look in zip(attempts, looks, strict=True):
        logits = look.logits[None]
        own = owns(tools.goal, [attempt.own], logits)
        why = tools.goal.not_attacked(look.logits, own[0]) if first else None
        if why is not None:
            attempt.outcome = why
            continue
        # Of a number what is to move is the answer itself, not the label that it is near.
        own = tools.goal.answered(logits) if first else own
        attempt.own, attempt.margin = own[0], float(tools.goal.distance(logits, own)[0])
        attempt.start = attempt.margin if first else attempt.start
        going.append((attempt, look))
    return [attempt for attempt, _ in going], [look for _, look in going]


def settle(attempts: Sequence[Attempt], tools: Tools) -> None:
    """Take the smallest set of edits that reaches the goal and passes the constraints, where there is one."""
    for _ in range(_CHECKED):
        picks: list[Try] = [
            (attempt, dict(flip))
            for attempt in attempts
            if attempt.outcome == "unchanged" and (flip := _smallest(attempt)) is not None
        ]
        picks = _confirmed(picks, tools)
        if not picks:
            return
        passing = allowed(tools.constraints, [(attempt.row, choice) for attempt, choice in picks])
        for (attempt, choice), fine in zip(picks, passing, strict=True):
            if fine:
                attempt.put(choice, attempt.flips[key_of(choice)])
                attempt.outcome = "changed"
            else:
                attempt.refused.add(key_of(choice))
                del attempt.flips[key_of(choice)]


def _smallest(attempt: Attempt) -> frozenset[tuple[int, str]] | None:
    """Return the set with the fewest edits, of these the one furthest beyond the goal; None where there is none."""
    fitting = [flip for flip in attempt.flips if len(flip) <= attempt.room and flip not in attempt.refused]
    return min(fitting, key=lambda flip: (len(flip), attempt.flips[flip], sorted(flip)), default=None)


def _confirmed(picks: Sequence[Try], tools: Tools) -> list[Try]:
    """Return the picks that reach the goal as whole texts; the others are answered anew and forgotten if they do not."""
    wrong = tools.victim.confirm(picks)
    if not wrong:
        return list(picks)
    for attempt, choice in wrong:
        attempt.flips.pop(key_of(choice), None)
    measure(tools.victim, tools.goal, wrong)
    return [(attempt, choice) for attempt, choice in picks if key_of(choice) in attempt.flips]


def _measure_sets(attempts: Sequence[Attempt], tools: Tools) -> None:
    """Measure the smallest sets of edits whose measured drops together would reach the goal."""
    tries: list[Try] = []
    for attempt in attempts:
        best = sorted((drop, token, word) for token, (drop, word) in attempt.drops.items() if drop < 0)
        room = attempt.room - len(attempt.choice)
        for positions in _sets([drop for drop, _, _ in best], attempt.margin, room):
            added = {best[position][1]: best[position][2] for position in positions}
            tries.append((attempt, {**attempt.choice, **added}))
    measure(tools.victim, tools.goal, tries)


def _sets(drops: Sequence[float], margin: float, room: int) -> list[tuple[int, ...]]:
    """Return which of some drops, largest first, to put together: as many as should reach the goal, one more, one less."""
    if len(drops) < 2 or room < 2:
        return []
    enough, total = 1, drops[0]
    while enough < len(drops) and margin + total > 0:
        total += drops[enough]
        enough += 1
    chosen: list[tuple[int, ...]] = []
    for size in sorted({max(2, enough - 1), max(2, enough), min(enough + 1, len(drops))}):
        if size > min(room, len(drops)):
            continue
        chosen.append(tuple(range(size)))
        if size < len(drops):
            chosen.append((*range(size - 1), size))
            if size <= 3:
                chosen.append(tuple(range(1, size + 1)))
    return chosen


def _nearest(attempt: Attempt, size: int, width: int) -> list[tuple[float, WordChoice]]:
    """Return the sets of `size` edits that come nearest to the goal, if another edit may be added to them."""
    sets = [
        (distance, sorted(choice))
        for choice, distance in attempt.seen.items()
        if len(choice) == size < attempt.room and distance > 0
    ]
    return [(distance, dict(choice)) for distance, choice in sorted(sets)[:width]]


def _advanced(attempt: Attempt) -> bool:
    """Return whether a text has come nearer to the goal and has edits and queries left; if so its best set is kept."""
    sets = [
        (distance, len(choice), sorted(choice))
        for choice, distance in attempt.seen.items()
        if choice not in attempt.refused and len(choice) < attempt.room and distance > 0
    ]
    best = min(sets, default=None)
    if best is None or best[0] >= attempt.margin - _ADVANCE or not attempt.left:
        return False
    attempt.put(dict(best[2]), best[0])
    return True


def prune(attempts: Sequence[Attempt], tools: Tools) -> None:
    """Take back every edit of a success that is not needed, one at a time, the one needed least first."""
    live = [attempt for attempt in attempts if len(attempt.choice) > 1]
    while live:
        tries = [
            (attempt, choice)
            for attempt in live
            for token in sorted(attempt.choice)
            if (choice := {key: word for key, word in attempt.choice.items() if key != token})
            and attempt.expected.get(key_of(choice), 0.0) <= _NEEDED
        ]
        shorter: dict[int, list[tuple[float, WordChoice]]] = {}
        for (attempt, choice), distance in zip(tries, measure(tools.victim, tools.goal, tries), strict=True):
            if distance < 0 and key_of(choice) not in attempt.refused:
                shorter.setdefault(id(attempt), []).append((distance, choice))
        picks = [
            (attempt, min(shorter[id(attempt)], key=lambda each: (each[0], sorted(each[1].items())))[1])
            for attempt in live
            if id(attempt) in shorter
        ]
        picks = _confirmed(picks, tools)
        passing = allowed(tools.constraints, [(attempt.row, choice) for attempt, choice in picks])
        live = []
        for (attempt, fewer), fine in zip(picks, passing, strict=True):
            if fine:
                attempt.put(fewer, attempt.flips[key_of(fewer)])
                live += [attempt] if len(fewer) > 1 else []


def _by_weight(attempt: Attempt, weight: Mapping[int, float]) -> list[int]:
    """Return the tokens by their best drop times their weight, the largest drop first; no group that has a token before it."""
    products = {token: drop * weight.get(token, 0.0) for token, (drop, _) in attempt.drops.items()}
    order: dict[int, None] = {}
    for token in sorted(products, key=lambda token: (products[token], token)):
        if not conflicts(attempt.row, dict.fromkeys((*order, token), "")):
            order[token] = None
    return list(order)


def _saliency(attempts: Sequence[Attempt], tools: Tools) -> list[dict[int, float]]:
    """Return for each text the softmax over its words of how much leaving each out takes from the margin."""
    effects = effects_of_leaving_out(tools.victim, attempts, tools.goal)
    weights = []
    for attempt in attempts:
        loss = {token: attempt.margin - distance for token, distance in effects.get(id(attempt), {}).items()}
        highest = max(loss.values(), default=0.0)
        powers = {token: float(np.exp(value - highest)) for token, value in loss.items()}
        total = sum(powers.values()) or 1.0
        weights.append({token: power / total for token, power in powers.items()})
    return weights
