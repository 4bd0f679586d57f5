"""Decisions of several people on the same rows: where they agree, how well, and what they disagree on.

agreement = agreement_of({"ann": decisions, "bob": others})
agreement.agreed                 # one decision a row
agreement.kappas["ann", "bob"]   # Kappa(rows=120, share=0.93, kappa=0.81)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from augment.review.decision import Decision


@dataclass(frozen=True)
class Kappa:
    """Of two people: the rows both decided on, the share they decided alike, and Cohen's (1960) kappa; nan without rows."""

    rows: int
    share: float
    kappa: float


@dataclass(frozen=True)
class Agreement:
    """What several people decided. agreed: a decision for each row they do not disagree on, with its reviewers."""

    agreed: tuple[tuple[Decision, tuple[str, ...]], ...]
    disagreed: Mapping[str, Mapping[str, Decision]]
    kappas: Mapping[tuple[str, str], Kappa]


def agreement_of(files: Mapping[str, Sequence[Decision]]) -> Agreement:
    """Return where people agree, given the decisions of each; of two decisions of one person on a row the later one holds."""
    latest = {name: {each.id: each for each in decisions} for name, decisions in files.items()}
    by_row: dict[str, dict[str, Decision]] = {}
    for name, rows in latest.items():
        for row, decision in rows.items():
            by_row.setdefault(row, {})[name] = decision
    agreed, disagreed = [], {}
    for row, those in by_row.items():
        if len({_meaning(each) for each in those.values()}) > 1:
            disagreed[row] = those
        else:
            agreed.append((next(iter(those.values())), tuple(those)))
    pairs = {(one, other): _kappa(latest[one], latest[other]) for one, other in combinations(latest, 2)}
    return Agreement(tuple(agreed), disagreed, pairs)


def _meaning(decision: Decision) -> tuple[object, ...]:
    """Return what two decisions must share to be one: the reason of a rejection does not matter."""
    if not decision.accepts:
        return (decision.hash, "reject")
    return (
        decision.hash,
        decision.decision,
        decision.text,
        decision.text_pair,
        decision.label,
        decision.to,
    )


def kappa_of(pairs: Sequence[tuple[bool, bool]]) -> Kappa:
    """Return how well two people agree, given the answers of both to each row: yes or no."""
    if not pairs:
        return Kappa(0, float("nan"), float("nan"))
    share = sum(one == other for one, other in pairs) / len(pairs)
    first, second = (sum(answers) / len(pairs) for answers in zip(*pairs, strict=True))
    chance = first * second + (1 - first) * (1 - second)
    return Kappa(len(pairs), share, (share - chance) / (1 - chance) if chance < 1 else 1.0)


def _kappa(one: Mapping[str, Decision], other: Mapping[str, Decision]) -> Kappa:
    """Return how well two people agree on accepting or rejecting the rows both decided on."""
    return kappa_of([(one[row].accepts, other[row].accepts) for row in one.keys() & other.keys()])
