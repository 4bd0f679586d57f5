"""Make samples that a language model writes around locked words: a paraphrase, another label, or the same without a shortcut.

What has to stay is checked by program in every rewrite; what does not fit goes back to the model with the reason. A rewrite becomes
edits by alignment of its words with those of the text, so it is replayed, judged and reported as any sample.

Texts are sent only to the server that the section `llm` of a config names; with `path` to none.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar, Literal, Self

import pyarrow as pa
from pydantic import Field, field_validator, model_validator

from augment.candidates.entities import Entities
from augment.candidates.sources import SourceName, load_job_lexicons
from augment.config.job import Job
from augment.config.llm import LlmConfig
from augment.config.sections import StrictBool
from augment.errors import RequestError
from augment.rewriting.asking import Asker, open_asker, open_book
from augment.rewriting.batch import BatchRequest, Collector
from augment.rewriting.checking import Rewriting
from augment.rewriting.conversing import RewriteMode, RewriteRequest, Rewrites, rewritten
from augment.rewriting.prompt_facts import KEPT, LINES, LONGEST, TABLE, PromptFacts, by_label, lines_of
from augment.rewriting.prompts import NAMES, PARTS, Prompts, names_in, read_prompts
from augment.seeding import Chance, chance, key_of
from augment.stages.accepted import FlaggedNgram, accepted
from augment.stages.editing import Row, editable_rows, protection, reached_rows, slots_of
from augment.stages.editor import Draw, Drawer, Editor, Lookup
from augment.stages.protocol import Collect, Lines, TableStage, idle_keys
from augment.stages.touching import scored_edit
from augment.tables.columns import MOVED, SAMPLE, Column
from augment.tables.files import read_table
from augment.tables.rows import is_sample
from augment.text.editable import Protection, is_number, names
from augment.text.ngrams import ngrams
from augment.text.script import language

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
    locks: Literal["checked", "placeholders", "none"] = Field(
        default="checked",
        description="how words stay: checked: the model is given the list, and a program checks it; placeholders: it is also given marks as [1] "
        "in their place; none: a free paraphrase, to compare with",
    )
    ordered: StrictBool = Field(
        default=False, description="whether locked words stay in their order; with `paraphrase`"
    )
    examples: int = Field(
        default=2, ge=0, le=KEPT, description="texts of the corpus shown in a prompt, of the label requested"
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
        elif self.locks == "none":
            idle_keys(self, ["ordered"], "with `locks: none`")
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

    def prepared(self, config: LlmConfig) -> Prompts:
        """Return the prompts, those of the package with what the pipeline puts in their place."""
        changes: dict[str, dict[str, str]] = {name: dict(parts) for name, parts in self.prompts.items()}
        return read_prompts(changes, config.wording)

    def announcement(self, job: Job, state: Path) -> str:
        """Return where texts go and about how many tokens that takes; RequestError if it is more than a limit."""
        corpus = self._learned(state)
        tokens = self.require_affordable(job.needs_llm(), corpus)
        book = open_book(job)
        try:
            stored, waiting = book.stored(), book.waiting()
        finally:
            book.close()
        known = f"; {stored:,} answers are stored, and none of them is requested again" if stored else ""
        again = (
            f"; {waiting:,} requests in batch files have no answer yet, and are sent now" if waiting else ""
        )
        return f"{self.method}: {corpus.rows:,} texts, about {tokens:,} tokens, to {job.needs_llm().destination}{known}{again}"

    def usage(self, job: Job) -> dict[str, object]:
        """Return the model, the prompts, the parameters and what all calls came to."""
        config, book = job.needs_llm(), open_book(job)
        try:
            sums = {} if config.answers is None else book.usage()
        finally:
            book.close()
        return {
            "destination": config.destination,
            "prompts": self.prepared(config).version,
            **config.deciding(),
            **sums,
        }

    def require_affordable(self, config: LlmConfig, corpus: PromptFacts) -> int:
        """Return about how many tokens the first answers take; RequestError if that, or the rows, are more than a limit."""
        read = (corpus.size + corpus.rows * (_PROMPT + self.examples * LONGEST // 2)) // _BYTES
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
            return LINES.empty_table()
        sources = rows.filter(pa.array(~is_sample(rows))).select(["label", "text"])
        lines = lines_of(zip(*sources.to_pydict().values(), strict=True))
        return pa.Table.from_pylist(
            [{"key": key_of(str(line["label"])), "row": 0, **line} for line in lines], schema=LINES
        )

    def merge(self, lines: Lines, job: Job) -> Iterator[pa.Table]:
        """Yield the examples and sums of each label."""
        yield TABLE.empty_table()
        for table in lines():
            yield pa.Table.from_pylist(by_label(table.to_pylist()), schema=TABLE)

    def _learned(self, state: Path) -> PromptFacts:
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
        return self._lookup_with(open_asker(job), job, state)

    def collect(self, job: Job, state: Path) -> Collect:
        """Return what lists the requests that rows need and that have no stored answer."""
        config, guard = job.needs_llm(), protection(job)
        collector = Collector(config, open_book(job))
        looked_up = self._lookup_with(collector, job, state)

        def collected(batch: pa.RecordBatch) -> Sequence[BatchRequest]:
            """Return the requests of some rows that are not those of rows before."""
            before = len(collector.wanted)
            looked_up(self.rows(batch, guard))
            return tuple(collector.wanted.values())[before:]

        return collected

    def _lookup_with(self, asker: Asker | Collector, job: Job, state: Path | None) -> Lookup:
        """Return what has the texts of some rows rewritten, by the answers of an asker."""
        config = job.needs_llm()
        prompts = self.prepared(config)
        learned = None if state is None else self._learned(state)
        if learned is not None:
            self.require_affordable(config, learned)
        entities = Entities(load_job_lexicons(job))
        flags = accepted(job) if self.mode == "balance" else ()

        def looked_up(rows: list[Row]) -> Drawer:
            """Return what draws the samples of some rows."""
            corpus = learned or PromptFacts.of_rows((row.label, row.text) for row in rows)
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
            locked = (
                first & (set(row.key) | set(row.locked) | named | counted)
                if self.locks != "none"
                else set[int]()
            )
            return Rewriting(
                row.text,
                spans,
                tuple(sorted(locked)),
                exact - row.locked,
                ordered=self.ordered,
                placeholders=self.locks == "placeholders",
            )
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

    def request(self, row: Row, corpus: PromptFacts, seed: int) -> RewriteRequest | None:
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

    def target(self, row: Row, corpus: PromptFacts, seed: int) -> str | None:
        """Return the label that the samples of a row move to, another one by chance; None where it is kept."""
        others = [label for label in corpus.labels if label != row.label]
        if self.mode != "counterfactual" or row.label is None or not others:
            return None
        return others[chance(seed, f"{self.kind}_label", row.id, 0).below(len(others))]
