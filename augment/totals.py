"""Count what a run did, shard by shard: verdicts, reasons, shortfalls, errors of attribution, attacks."""

from collections import Counter
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc


@dataclass
class Totals:
    """The counts of a run. errors: errors by attribution; paths: baselines and shapes by attribution; flips: children that change the prediction."""

    verdicts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    shortfall: Counter[tuple[str, str]] = field(default_factory=Counter)
    statuses: dict[str, Counter[str]] = field(default_factory=dict)
    paths: dict[str, Counter[tuple[str, str]]] = field(default_factory=dict)
    errors: dict[str, list[float]] = field(default_factory=dict)
    attacks: Counter[str] = field(default_factory=Counter)
    queries: int = 0
    flips: int = 0

    def add(self, table: pa.Table) -> None:
        """Add the rows of a shard."""
        names = set(table.column_names)
        for name in sorted(names):
            if name.endswith("_status"):
                self._add_attribution(table, name.removesuffix("_status"))
        if "attack" in names:
            self.attacks.update(table.column("attack").drop_null().to_pylist())
            self.queries += pc.sum(table.column("attack_queries")).as_py() or 0
        if "parent" in names:
            self._add_children(table.filter(table.column("parent").is_valid()))
            for gaps in table.column("shortfall").drop_null().to_pylist():
                for gap in gaps:
                    self.shortfall[gap["method"], gap["reason"]] += gap["missing"]

    def _add_attribution(self, table: pa.Table, method: str) -> None:
        """Add the statuses and errors of one attribution."""
        counter = self.statuses.setdefault(method, Counter())
        counter.update(table.column(f"{method}_status").drop_null().to_pylist())
        known = table.filter(table.column(f"{method}_path").is_valid())
        kinds = zip(
            *(known.column(f"{method}_{what}").to_pylist() for what in ("baseline", "path")), strict=True
        )
        self.paths.setdefault(method, Counter()).update(kinds)
        self.errors.setdefault(method, []).extend(table.column(f"{method}_error").drop_null().to_pylist())

    def _add_children(self, children: pa.Table) -> None:
        """Add verdicts, reasons of dropped children, and changed predictions."""
        if "verdict" in children.column_names:
            self.verdicts.update(children.column("verdict").to_pylist())
            dropped = children.filter(pc.equal(children.column("verdict"), "drop"))
            self.reasons.update(dropped.column("reason").to_pylist())
        if "pred_after" in children.column_names:
            changed = pc.not_equal(children.column("pred_before"), children.column("pred_after"))
            self.flips += pc.sum(changed).as_py() or 0
