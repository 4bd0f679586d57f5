"""Make samples that a language model writes around locked words: a paraphrase, another label, or the same without a shortcut.

What has to stay is checked by program in every rewrite; what does not fit goes back to the model with the reason. A rewrite becomes
edits by alignment of its words with those of the text, so it is replayed, judged and reported as any sample.

Texts are sent only to the server that the section `llm` of a config names; with `path` to none.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import pyarrow as pa
from pydantic import Field, field_validator, model_validator

from augment.candidates.entities import Entities
from augment.candidates.sources import SourceName, load_job_lexicons
from augment.config.job import Job
from augment.config.llm import LlmConfig
from augment.config.sections import StrictBool
from augment.errors import RequestError
from augment.rewriting.asking import open_asker, open_book
from augment.rewriting.checking import Rewriting
from augment.rewriting.conversing import RewriteMode, RewriteRequest, Rewrites, rewritten
from augment.rewriting.prompts import NAMES, PARTS, Prompts, names_in, read_prompts
from augment.seeding import Chance, chance, key_of
from augment.stages.accepted import FlaggedNgram, accepted
from augment.stages.editing import Row, editable_rows, reached_rows, slots_of
from augment.stages.editor import Draw, Drawer, Editor, Lookup
from augment.stages.protocol import Lines, TableStage, idle_keys
from augment.stages.touching import scored_edit
from augment.tables.columns import MOVED, SAMPLE, Column
from augment.tables.files import read_table
from augment.tables.rows import is_sample
from augment.text.editable import Protection, is_number, names
from augment.text.ngrams import ngrams
from augment.text.script import language

_LINES = pa.schema(
    [
        ("key", pa.uint64()),
        ("row", pa.int64()),
        ("label", pa.string()),
        ("text", pa.string()),
        ("rows", pa.int64()),
        ("size", pa.int64()),
    ]
)
_TABLE = pa.schema([field for field in _LINES if field.name not in ("key", "row")])
# Rows kept of a label as examples, and the code points of the longest.
_KEPT, _LONGEST = 8, 200
# Bytes of a token, by and large: three of a Han character, as many of English letters. And the bytes of a prompt without its text.
_BYTES, _PROMPT = 3, 900
_LOCKED_BY_HAND = "no accepted shortcut of its label is in the text, or it is a word that must stay"


class Rewrite(Editor, TableStage):
    """Samples that a language model writes around locked words, checked by program; needs the section `llm` of a config."""

    # One for each sample: the model has been given all its rounds by then.
    draws: ClassVar[int | None] = 1
    kind: Literal["rewrite"] = "rewrite"
    mode: RewriteMode = Field(
        default="paraphrase",
        description="paraphrase: new wording around the key words, label kept; counterfactual: only key words change, and the label with "
        "them; balance: only accepted shortcuts change, label kept",
    )
    samples: int = Field(default=2, ge=1, le=20)
    rounds: int = Field(
        default=3,
        ge=1,
        le=10,
        description="answers requested for a row: each after the first with what did not fit before",
    )
    locks: StrictBool = Field(
        default=True,
        description="whether words stay at all; false: a free paraphrase, to compare with",
    )
    ordered: StrictBool = Field(
        default=False, description="whether locked words stay in their order; with `paraphrase`"
    )
    examples: int = Field(
        default=2, ge=0, le=_KEPT, description="texts of the corpus shown in a prompt, of the label requested"
    )
    prompts: dict[Literal["en", "zh"], dict[str, str]] = Field(
        default_factory=dict,
        description="wording in place of the package's, by language and part; {text}, {locked} … are filled in",
    )
    score: str = "ig"
    name: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]*$")

    @field_validator("prompts")
    @classmethod
    def _known_parts(cls, value: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        """Refuse parts that there are none of, and names that are not filled in."""
        for language_name, parts in value.items():
            for part, wording in parts.items():
                if part not in PARTS:
                    raise ValueError(f"`{language_name}.{part}`: the parts are {', '.join(PARTS)}")
                unknown = sorted(names_in(wording) - NAMES)
                if unknown:
                    raise ValueError(f"`{{{unknown[0]}}}` is not filled in; write a brace itself as two")
                if part in ("paraphrase", "counterfactual", "balance") and "text" not in names_in(wording):
                    raise ValueError(f"`{language_name}.{part}` has no {{text}}: the model would not see it")
        return value

    @model_validator(mode="after")
    def _order_of_a_paraphrase(self) -> Self:
        """Refuse an order where all words but a few stay as they are."""
        if self.mode != "paraphrase":
            idle_keys(
                self,
                ["ordered", "locks"],
                f"with `mode: {self.mode}`, where all other words stay as they are",
            )
        return self

    @property
    def uses(self) -> tuple[str, ...]:
        """A language model, and what the user has accepted as shortcuts where these are to go."""
        return ("llm", "flags") if self.mode == "balance" else ("llm",)

    @property
    def needs(self) -> tuple[str, ...]:
        """Tokens, their scores and which are key."""
        return ("tokens", "side", "owner", "key", self.score)

    @property
    def adds(self) -> tuple[Column, ...]:
        """What makes a row a sample, and the label it had before where that is moved."""
        return (*SAMPLE, *MOVED) if self.mode == "counterfactual" else SAMPLE

    @property
    def method(self) -> str:
        """The name of its samples: its own, or its kind with the mode."""
        return self.name or (self.kind if self.mode == "paraphrase" else f"{self.kind}_{self.mode}")

    @property
    def word_sources(self) -> tuple[SourceName, ...]:
        """The dictionaries, by which Chinese names are known."""
        return ("lexicon",)

    def path_in(self, state: Path) -> Path:
        """Return the path of the table in a folder of state."""
        return state / f"{self.method}-examples.parquet"

    def prepared(self) -> Prompts:
        """Return the prompts, those of the package with what the pipeline puts in their place."""
        return read_prompts({language_name: dict(parts) for language_name, parts in self.prompts.items()})

    def announcement(self, job: Job, state: Path) -> str:
        """Return where texts go and about how many tokens that takes; RequestError if it is more than a limit."""
        corpus = self._learned(state)
        tokens = self.require_affordable(job.needs_llm(), corpus)
        return (
            f"{self.method}: {corpus.rows:,} texts, about {tokens:,} tokens, to {job.needs_llm().destination}"
        )

    def usage(self, job: Job) -> dict[str, object]:
        """Return the model, the prompts, the parameters and what all calls came to."""
        config, book = job.needs_llm(), open_book(job)
        try:
            sums = {} if config.answers is None else book.usage()
        finally:
            book.close()
        return {
            "destination": config.destination,
            "prompts": self.prepared().version,
            **config.deciding(),
            **sums,
        }

    def require_affordable(self, config: LlmConfig, corpus: "PromptFacts") -> int:
        """Return about how many tokens the first answers take; RequestError if that, or the rows, are more than a limit."""
        read = (corpus.size + corpus.rows * (_PROMPT + self.examples * _LONGEST // 2)) // _BYTES
        written = self.samples * corpus.size // _BYTES
        for key, amount, limit in (
            ("most_rows", corpus.rows, config.most_rows),
            ("most_tokens", read + written, config.most_tokens),
            ("most_money", config.money(read, written), config.most_money),
        ):
            if limit is not None and amount > limit:
                raise RequestError(
                    f"llm.{key}",
                    f"the run is estimated at {amount:,.10g}, and the limit is {limit:,}; nothing was sent",
                    f"raise llm.{key}, or process fewer rows: --set run.limit=1000",
                )
        return read + written

    def summarise(self, rows: pa.Table, job: Job, active: bool) -> pa.Table:
        """Return a line for each text that may be an example of its label, and one for each label with its rows and bytes."""
        if not active:
            return _LINES.empty_table()
        sources = rows.filter(pa.array(~is_sample(rows))).select(["label", "text"])
        lines = _lines_of(zip(*sources.to_pydict().values(), strict=True))
        return pa.Table.from_pylist(
            [{"key": key_of(str(line["label"])), "row": 0, **line} for line in lines], schema=_LINES
        )

    def merge(self, lines: Lines, job: Job) -> Iterator[pa.Table]:
        """Yield the examples and sums of each label."""
        yield _TABLE.empty_table()
        for table in lines():
            yield pa.Table.from_pylist(_by_label(table.to_pylist()), schema=_TABLE)

    def _learned(self, state: Path) -> "PromptFacts":
        """Return what was learned of all rows, from the table in a folder of state."""
        return PromptFacts.of_lines(read_table(self.path_in(state)).to_pylist())

    def rows(self, batch: pa.RecordBatch, guard: Protection) -> list[Row]:
        """Return the source rows of a batch: with the tokens free that the model is fed and none locks, or with the key tokens."""
        if self.mode == "counterfactual":
            return editable_rows(batch, "key", guard, self.score)
        return reached_rows(batch, guard, self.score)

    def lookup(self, job: Job, state: Path | None) -> Lookup:
        """Return what has the texts of some rows rewritten, several at a time; RequestError if that may cost more than a limit.

        Nothing is called before the first rows come. Without what a run learned the rows that come together are all there are.
        """
        config = job.needs_llm()
        learned = None if state is None else self._learned(state)
        if learned is not None:
            self.require_affordable(config, learned)
        asker, prompts = open_asker(job), self.prepared()
        entities = Entities(load_job_lexicons(job))
        flags = accepted(job) if self.mode == "balance" else ()

        def looked_up(rows: list[Row]) -> Drawer:
            """Return what draws the samples of some rows."""
            corpus = learned or PromptFacts.of_rows(rows)
            if learned is None:
                self.require_affordable(config, corpus)
            tasks = {
                row.id: task
                for row in rows
                if row.free and not row.foreign and (task := self.task(row, entities, flags)) is not None
            }
            able = [row for row in rows if row.id in tasks]

            def treat(row: Row) -> Rewrites:
                """Return the rewrites of a row."""
                request = self.request(row, corpus, job.seed)
                if request is None:
                    return Rewrites(reason="the corpus has no other label")
                return rewritten(asker, prompts, tasks[row.id], request)

            results = dict(zip([row.id for row in able], asker.each(able, treat), strict=True))
            targets = {row.id: self.target(row, corpus, job.seed) for row in able}

            def drawn(row: Row, rng: Chance, number: int) -> Draw | None:
                """Return the rewrite of a number; beyond those that are requested, as in later epochs, they come again."""
                result = results.get(row.id)
                if result is None:
                    return Draw((), reason=_LOCKED_BY_HAND)
                if not result.accepted or len(result.accepted) <= number < self.samples:
                    return Draw((), reason=result.reason)
                edits = result.accepted[number % len(result.accepted)]
                return Draw(tuple(scored_edit(row, 0, *edit) for edit in edits), targets[row.id])

            return drawn

        return looked_up

    def task(self, row: Row, entities: Entities, flags: Sequence[FlaggedNgram]) -> Rewriting | None:
        """Return what is to be rewritten of a row, its first text; None if nothing of it may change."""
        tokens = [token for token, side in enumerate(row.side) if side == 0]
        spans = tuple(row.spans[token] for token in tokens)
        first = set(tokens)
        named = names(row.tokens[: len(tokens)]) | {
            slot_token
            for slot_token, slot in zip(row.free, slots_of(row), strict=True)
            if entities.names(slot)
        }
        exact = frozenset((named | set(row.locked)) & first)
        if self.mode == "paraphrase":
            counted = {token for token in tokens if is_number(row.tokens[token])}
            locked = first & (set(row.key) | set(row.locked) | named | counted) if self.locks else set[int]()
            return Rewriting(row.text, spans, tuple(sorted(locked)), exact - row.locked, ordered=self.ordered)
        if self.mode == "counterfactual":
            free = frozenset(set(row.free) & first)
            locked = first - free
            return (
                Rewriting(row.text, spans, tuple(sorted(locked)), exact, free, negates=True) if free else None
            )
        there = ngrams(row.tokens, row.side)
        own = [flag.ngram for flag in flags if flag.label == row.label and flag.ngram in there]
        gone = frozenset(token for ngram in own for run in there[ngram] for token in run) & first
        if not gone or gone & row.locked:
            return None
        return Rewriting(row.text, spans, tuple(sorted(first - gone)), exact, gone, gone)

    def request(self, row: Row, corpus: "PromptFacts", seed: int) -> RewriteRequest | None:
        """Return what is requested of a row; None if its label cannot move."""
        target = self.target(row, corpus, seed)
        if self.mode == "counterfactual" and target is None:
            return None
        shown = corpus.examples.get(target or row.label, ())
        examples = tuple(text for text in shown if text != row.text)[: self.examples]
        prompt = "en" if language(row.text) == "en" else "zh"
        return RewriteRequest(
            self.mode, prompt, self.samples, self.rounds, row.label or "", target or "", examples
        )

    def target(self, row: Row, corpus: "PromptFacts", seed: int) -> str | None:
        """Return the label that the samples of a row move to, another one by chance; None where it is kept."""
        others = [label for label in corpus.labels if label != row.label]
        if self.mode != "counterfactual" or row.label is None or not others:
            return None
        return others[chance(seed, f"{self.kind}_label", row.id, 0).below(len(others))]


@dataclass(frozen=True)
class PromptFacts:
    """What a prompt needs of all rows: the labels, a few texts of each, and for the estimate how many rows and bytes there are."""

    labels: tuple[str, ...]
    examples: Mapping[str | None, tuple[str, ...]]
    rows: int
    size: int

    @classmethod
    def of_lines(cls, lines: Sequence[Mapping[str, Any]]) -> "PromptFacts":
        """Return it from lines by label, as the stage learns them."""
        examples: dict[str | None, list[str]] = defaultdict(list)
        for line in lines:
            if line["text"] is not None:
                examples[line["label"]].append(line["text"])
        labels = sorted({line["label"] for line in lines if line["label"] is not None})
        return cls(
            tuple(labels),
            {label: tuple(texts) for label, texts in examples.items()},
            sum(line["rows"] for line in lines),
            sum(line["size"] for line in lines),
        )

    @classmethod
    def of_rows(cls, rows: Sequence[Row]) -> "PromptFacts":
        """Return it from rows that are all there are."""
        return cls.of_lines(_lines_of((row.label, row.text) for row in rows))


def _lines_of(rows: Iterator[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Return the lines of labels and texts: of each label its rows and bytes, and the texts that may be examples."""
    return _by_label(
        {
            "label": label,
            "text": text if len(text) <= _LONGEST and "\n" not in text else None,
            "rows": 1,
            "size": len(text.encode()),
        }
        for label, text in rows
    )


def _by_label(lines: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return lines summed by label, with the texts that may be examples of it."""
    sums: dict[str | None, list[int]] = defaultdict(lambda: [0, 0])
    texts: dict[str | None, set[str]] = defaultdict(set)
    for line in lines:
        sums[line["label"]][0] += line["rows"]
        sums[line["label"]][1] += line["size"]
        if line["text"] is not None:
            texts[line["label"]].add(line["text"])
    return [line for label in sorted(sums, key=str) for line in _of_label(label, sums[label], texts[label])]


def _of_label(label: str | None, sums: Sequence[int], texts: set[str]) -> list[dict[str, Any]]:
    """Return the lines of a label: its sums, and the texts with the smallest keys."""
    chosen = sorted(texts, key=lambda text: (key_of("example", text), text))[:_KEPT]
    totals = {"label": label, "text": None, "rows": sums[0], "size": sums[1]}
    return [totals, *({"label": label, "text": text, "rows": 0, "size": 0} for text in chosen)]
