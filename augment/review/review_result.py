"""What a review came to: what was applied, how much of what was reviewed is good, and what that shows of the rest."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from augment.review.agreement import Agreement, Kappa
from augment.review.decision import Decision
from augment.review.proportions import interval, more_for

# Half the width of the interval that "review n more" is about.
HALF = 0.03


@dataclass(frozen=True)
class Acceptance:
    """The share of reviewed rows that were accepted, with its 95 % interval (Wilson)."""

    accepted: int
    rows: int
    low: float
    high: float

    @classmethod
    def of(cls, decisions: Iterable[bool]) -> "Acceptance":
        """Return the acceptance of decisions, each True where the row was accepted."""
        counts = Counter(decisions)
        accepted, rows = counts[True], counts.total()
        return cls(accepted, rows, *interval(accepted, rows))

    def description(self) -> str:
        """Return it on one line."""
        share = f"{self.accepted / self.rows:.0%}" if self.rows else "none"
        return f"{self.accepted:,} of {self.rows:,} accepted, {share} ({self.low:.0%} to {self.high:.0%})"


@dataclass(frozen=True)
class Remainder:
    """What is known of the samples that nobody reviewed.

    rows: their number; bad: the expected share of bad ones, low and high its 95 % interval; more: how many more must be reviewed for
    plus or minus 3 points. by_chance: whether only rows that came up in random order were counted; otherwise the doubtful came
    first, and the share of the rest is rather lower.
    """

    rows: int
    bad: float
    low: float
    high: float
    more: int
    by_chance: bool

    def description(self) -> str:
        """Return it on one line."""
        drawn = (
            "rows in random order"
            if self.by_chance
            else "the most doubtful came first, so it is rather lower"
        )
        more = f"; review {self.more:,} more for plus or minus 3 points" if self.more else ""
        return f"{self.rows:,} not reviewed, {self.bad:.0%} of them bad ({self.low:.0%} to {self.high:.0%}; {drawn}){more}"


@dataclass(frozen=True)
class ReviewResult:
    """What a review came to, and what was done with it.

    moved: samples by where they went; edited: texts edited by hand; doubted: those of them whose label a model does not predict;
    acceptance: by "all", and by operation, verdict and label; attention: planted bad rows rejected, and all of them.
    """

    folder: Path
    applied: int
    moved: Mapping[str, int]
    edited: int
    doubted: int
    acceptance: Mapping[str, Mapping[str, Acceptance]]
    remainder: Remainder | None
    attention: tuple[int, int]
    kappas: Mapping[tuple[str, str], Kappa] = field(default_factory=dict)
    disagreed: Mapping[str, Mapping[str, Decision]] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    def facts(self) -> dict[str, str]:
        """Return names and sentences for a terminal."""
        lines = {"applied": f"{self.applied:,} decisions"}
        if self.moved:
            lines["moved"] = ", ".join(f"{count:,} {way}" for way, count in sorted(self.moved.items()))
        if self.edited:
            lines["edited"] = f"{self.edited:,} by hand" + (
                f"; of {self.doubted:,} the models predict another label" if self.doubted else ""
            )
        for group, shares in self.acceptance.items():
            for name, share in shares.items():
                lines[f"{group}: {name}" if group != "all" else "reviewed"] = share.description()
        if self.remainder is not None:
            lines["the rest"] = self.remainder.description()
        if self.attention[1]:
            lines["attention"] = f"{self.attention[0]} of {self.attention[1]} planted bad rows rejected"
        for (one, other), kappa in self.kappas.items():
            figures = f"{kappa.share:.0%} alike, kappa {kappa.kappa:.2f}" if kappa.rows else "no row of both"
            lines[f"{one}, {other}"] = f"{kappa.rows:,} rows of both; {figures}"
        if self.disagreed:
            lines["disagreed"] = f"{len(self.disagreed):,} rows, not applied"
        return lines | {f"note {number}": notice for number, notice in enumerate(self.notices, 1)}

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values."""
        return {
            "folder": str(self.folder),
            "applied": self.applied,
            "moved": dict(self.moved),
            "edited": self.edited,
            "doubted": self.doubted,
            "acceptance": {
                group: {name: asdict(share) for name, share in shares.items()}
                for group, shares in self.acceptance.items()
            },
            "remainder": None if self.remainder is None else asdict(self.remainder),
            "attention": list(self.attention),
            "kappa": [
                {"reviewers": list(pair), "rows": kappa.rows}
                | ({"share": kappa.share, "kappa": kappa.kappa} if kappa.rows else {})
                for pair, kappa in self.kappas.items()
            ],
            "disagreed": {
                row: {name: each.model_dump(exclude_none=True) for name, each in those.items()}
                for row, those in self.disagreed.items()
            },
            "notices": list(self.notices),
        }


def acceptance_of(
    reviewed: Sequence[tuple[Decision, Mapping[str, object]]],
) -> dict[str, dict[str, Acceptance]]:
    """Return the acceptance of samples, given with their decisions: of all, and by operation, verdict and label."""
    groups: dict[str, dict[str, list[bool]]] = {"all": {"": []}, "operation": {}, "verdict": {}, "label": {}}
    for decision, sample in reviewed:
        # An edited text was not good as it was.
        good = decision.decision == "accept"
        groups["all"][""].append(good)
        for group, column in (("operation", "method"), ("verdict", "verdict"), ("label", "label")):
            value = sample.get(column)
            if value is not None:
                groups[group].setdefault(str(value), []).append(good)
    return {
        group: {name: Acceptance.of(values) for name, values in sorted(those.items())}
        for group, those in groups.items()
        if any(those.values())
    }


def remainder_of(decisions: Sequence[Decision], every: int) -> Remainder | None:
    """Return what decisions on samples show of the rest of `every` sample; None where all were reviewed, or none was."""
    rest = every - len(decisions)
    by_chance = [each for each in decisions if each.order == "random"]
    drawn = by_chance or list(decisions)
    if not drawn or rest <= 0:
        return None
    bad = sum(each.decision != "accept" for each in drawn)
    low, high = interval(bad, len(drawn))
    more = more_for(HALF, bad, len(drawn), every)
    return Remainder(rest, bad / len(drawn), low, high, more, bool(by_chance))


def note_of(agreement: Agreement) -> list[str]:
    """Return the notices on what people disagree on."""
    if not agreement.disagreed:
        return []
    return [
        f"{len(agreement.disagreed):,} rows were decided differently and stay as they are: decide on them together and apply again"
    ]
