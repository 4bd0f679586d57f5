"""How varied the samples of a run are, counted shard by shard in memory that does not grow with the run.

Sums are exact. Figures that need texts together use a subset that depends on ids and texts alone, whatever the order:
all samples of a row in the subset, and all equals of a text in it.

    tally = Diversity()
    tally.add(table)            # the rows of a shard
    tally.pass_by(table)        # source rows that no sample was made of
    tally.figures()             # {"distinct-1": 0.31, ...}
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.output.two_sample import two_sample_auc
from augment.seeding import key_of
from augment.text.ngram_overlap import distinct, self_bleu
from augment.text.segment import tokens_of

# Source rows whose samples are compared, those of the smallest hashes; hashes of texts that are kept.
ROWS, _TEXTS = 500, 1 << 20
# Edits that the summary shows, different ones that are counted, and the letters of one that are shown.
_MOST, _EDITS, _LONG = 20, 1 << 17, 40
_COUNTS = {
    "copies of a source text",
    "samples with the same text",
    "rows sampled",
}


def written(name: str, value: float) -> str:
    """Return a number of the summary as people read it: a share in percent, a count with its thousands."""
    if name.startswith("share"):
        return f"{value:.1%}"
    return f"{value:,.0f}" if float(value).is_integer() and name in _COUNTS else f"{value:.4g}"


@dataclass
class Equal:
    """Hashes of texts: all while they are few, then those whose last bits are zero, one bit more at each overflow.

    The same texts are left out of every tally with the same `bits`, so counts of equal texts can be scaled up.
    """

    bits: int = 0
    kept: list[np.ndarray] = field(default_factory=list)
    held: int = 0

    def add(self, hashes: np.ndarray) -> None:
        """Add the hashes, [N] uint64, of some texts."""
        self.kept.append(self._sifted(hashes))
        self.held += len(self.kept[-1])
        while self.held > _TEXTS:
            self.sift(self.bits + 1)

    def sift(self, bits: int) -> None:
        """Keep only hashes whose last `bits` bits are zero."""
        self.bits = max(bits, self.bits)
        self.kept = [self._sifted(np.concatenate(self.kept))] if self.kept else []
        self.held = sum(map(len, self.kept))

    def hashes(self) -> np.ndarray:
        """Return what is kept, [N] uint64."""
        return np.concatenate([np.zeros(0, np.uint64), *self.kept])

    def _sifted(self, hashes: np.ndarray) -> np.ndarray:
        """Return the hashes whose last bits are zero."""
        return np.asarray(hashes[hashes & np.uint64((1 << self.bits) - 1) == 0])


@dataclass
class Diversity:
    """The tally.

    lost: verdicts of samples that are dropped; given: the others; sample: texts of a source row and of its given samples, by hash
    of its id; replaced: edits by what was there and what is there now.
    """

    lost: frozenset[str] = frozenset({"drop"})
    rows: int = 0
    given: int = 0
    edits: int = 0
    words: int = 0
    sources: Equal = field(default_factory=Equal)
    samples: Equal = field(default_factory=Equal)
    sample: dict[int, list[str]] = field(default_factory=dict)
    replaced: Counter[tuple[str, str]] = field(default_factory=Counter)

    def pass_by(self, table: pa.Table) -> None:
        """Remember the texts of source rows that no sample was made of."""
        self.sources.add(_hashes(table))

    def add(self, table: pa.Table) -> None:
        """Add source rows, each followed by its samples."""
        source_ids = table.column("source_id")
        source = np.asarray(source_ids.is_null())
        owner = np.flatnonzero(source)[np.cumsum(source) - 1] if len(source) else np.zeros(0, int)
        given = np.flatnonzero(~source & self._is_given(table))
        self.pass_by(table.filter(pa.array(source)))
        self.rows += int(source.sum())
        self.given += len(given)
        if not len(given):
            return
        kept = table.take(pa.array(given))
        self.samples.add(_hashes(kept))
        self.edits += pc.sum(pc.list_value_length(kept.column("edits"))).as_py() or 0
        self._count(kept.column("edits").combine_chunks())
        if "tokens" in table.column_names:
            self.words += int(_words(table)[owner[given]].sum())
            self._sample(table, owner[given], given)

    def given_of(self, samples: pa.Table) -> pa.Table:
        """Return the samples that are not dropped."""
        return samples.filter(pa.array(self._is_given(samples)))

    def _is_given(self, table: pa.Table) -> np.ndarray:
        """Return whether the verdict of a row does not set it aside, [N] bool."""
        if "verdict" not in table.column_names:
            return np.ones(table.num_rows, bool)
        lost = pc.is_in(table.column("verdict"), pa.array(sorted(self.lost)))
        return ~np.asarray(pc.fill_null(lost, False))

    def figures(self) -> dict[str, float]:
        """Return the figures of the samples for the summary, by name; nothing where no sample was given."""
        if not self.given:
            return {}
        keys = sorted(self.sample)[:ROWS]
        families = [tuple(map(_tokens, self.sample[key])) for key in keys]
        # One sample of each row, any of its stages.
        area = two_sample_auc(
            [(own, samples[key % len(samples)]) for key, (own, *samples) in zip(keys, families, strict=True)]
        )
        texts = [sample for family in families for sample in family[1:]]
        copies, repeats = self._equal()
        return {
            "samples a row": round(self.given / self.rows, 2),
            "edits a row": round(self.edits / self.rows, 2),
            "edits a sample": round(self.edits / self.given, 2),
            "share of words edited": round(self.edits / self.words, 4) if self.words else 0.0,
            "copies of a source text": copies,
            "samples with the same text": repeats,
            "rows sampled": len(families),
            "distinct-1": round(distinct(texts, 1), 4),
            "distinct-2": round(distinct(texts, 2), 4),
            "distinct-1 of their source rows": round(distinct([family[0] for family in families], 1), 4),
            "distinct-2 of their source rows": round(distinct([family[0] for family in families], 2), 4),
            "self-BLEU": round(_self_bleu(families), 4),
            **({} if area is None else {"two-sample AUC": round(area, 4)}),
        }

    def replacements(self) -> dict[str, float]:
        """Return the most frequent edits, each with its share of all: `film > movie`, `+ very`, `- very`."""
        ordered = sorted(self.replaced.items(), key=lambda item: (-item[1], item[0]))[:_MOST]
        return {
            _edit_text(old, new): round(count / self.edits, 4) for (old, new), count in ordered if count > 1
        }

    def _count(self, edits: pa.Array) -> None:
        """Count edits by what was there and what is there now; rare ones are forgotten where there are very many."""
        if not len(edits.flatten()):
            return
        old, new = (
            pc.utf8_lower(pc.utf8_trim_whitespace(pc.struct_field(edits.flatten(), name)))
            for name in ("old", "new")
        )
        self.replaced.update(zip(old.to_pylist(), new.to_pylist(), strict=True))
        if len(self.replaced) > _EDITS:
            self.replaced = Counter({edit: count for edit, count in self.replaced.items() if count > 1})

    def _equal(self) -> tuple[int, int]:
        """Return how many samples equal a source text, and how many repeat a sample; estimates beyond a million texts."""
        bits = max(self.sources.bits, self.samples.bits)
        self.sources.sift(bits)
        self.samples.sift(bits)
        made = self.samples.hashes()
        copies = int(np.isin(made, self.sources.hashes()).sum())
        return copies << bits, (len(made) - len(np.unique(made))) << bits

    def _sample(self, table: pa.Table, owners: np.ndarray, given: np.ndarray) -> None:
        """Add the rows whose ids have the smallest hashes, with their given samples."""
        limit = sorted(self.sample)[ROWS - 1] if len(self.sample) >= ROWS else 1 << 64
        of: dict[int, list[int]] = {}
        for owner, sample in zip(owners.tolist(), given.tolist(), strict=True):
            of.setdefault(owner, []).append(sample)
        names = table.column("id").take(pa.array(list(of))).to_pylist()
        keys = {key_of(name): owner for name, owner in zip(names, of, strict=True)}
        few = sorted(key for key in keys if key < limit)[:ROWS]
        for key in few:
            family = table.take(pa.array([keys[key], *of[keys[key]]]))
            self.sample[key] = list(_whole(family))
        for key in sorted(self.sample)[ROWS:]:
            del self.sample[key]


def _tokens(text: str) -> list[str]:
    """Return the tokens of a text, or of both texts of a pair."""
    return [token for side in text.split("\0") for token in tokens_of(side)]


def _edit_text(old: str, new: str) -> str:
    """Return an edit as people read it, long ones cut."""
    old, new = (text if len(text) <= _LONG else f"{text[: _LONG - 1]}…" for text in (old, new))
    if not (old and new):
        return f"+ {new}" if new else f"- {old}"
    return f"{old} > {new}"


def _self_bleu(families: Sequence[Sequence[Sequence[str]]]) -> float:
    """Return the mean BLEU of a sample against its source row and its siblings."""
    scores = [score for family in families for score in islice(self_bleu(family), 1, None)]
    return sum(scores) / len(scores) if scores else 0.0


def _words(table: pa.Table) -> np.ndarray:
    """Return how many tokens of each row have a letter or digit, [N] int64."""
    tokens = table.column("tokens").combine_chunks()
    sizes = np.asarray(pc.fill_null(pc.list_value_length(tokens), 0))
    spoken = np.asarray(pc.match_substring_regex(tokens.flatten(), r"[\pL\pN]"))
    return np.bincount(np.repeat(np.arange(len(sizes)), sizes), weights=spoken, minlength=len(sizes)).astype(
        int
    )


def _hashes(table: pa.Table) -> np.ndarray:
    """Return 64 bits for each row that are the same for the same texts, [N] uint64."""
    return np.fromiter(map(key_of, _whole(table)), dtype=np.uint64, count=table.num_rows)


def _whole(table: pa.Table) -> Iterator[str]:
    """Yield both texts of each row as one."""
    for text, pair in zip(
        table.column("text").to_pylist(), table.column("text_pair").to_pylist(), strict=True
    ):
        yield text if pair is None else f"{text}\0{pair}"
