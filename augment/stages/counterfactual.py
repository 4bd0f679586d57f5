"""Make samples of another class: a key token is replaced by a key token of that class, and the label moves with it.

With `of: own` the words are those of the row's own class, and the label stays.

What indicates a class is learned from the corpus first: the words with the highest mean score in rows of the class that
are predicted right. Of these a token is offered those of its part of speech, the nearest in the model's embeddings. Such
a sample is a guess at another label, so `label_from` names the old one, and only a rule of `keep` lets it through.

With `natural` the words must fit their places, and the words of the sample must be those of the class (`contrast_draws`).
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import ClassVar, Literal, Self

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from augment.candidates import class_evidence
from augment.candidates.antonyms import Antonyms
from augment.candidates.class_evidence import ClassEvidence
from augment.candidates.entities import Entities
from augment.candidates.filters import parts_agree
from augment.candidates.lexicon import Lexicon, read_pairs
from augment.candidates.sources import load_job_lexicons
from augment.config.job import Job
from augment.models.labels import LabelMap
from augment.seeding import Chance, chance, key_of
from augment.stages.contrast_draws import ContrastDraws
from augment.stages.editing import Row, editable_rows
from augment.stages.editor import Draw, Editor, Lookup
from augment.stages.evidence import open_plausibility
from augment.stages.protocol import Lines, TableStage, idle_keys
from augment.tables.columns import MOVED, SAMPLE, Column
from augment.tables.files import read_table
from augment.tables.rows import is_sample
from augment.text.editable import Protection, is_content
from augment.text.inflect import fits_article, match_case
from augment.text.negation import is_negation
from augment.text.script import language
from augment.text.segment import tag

# Lines next to those of what classes have: rows predicted right that have a word, with its scores in them.
_SCORED = "scored"
_LINES = pa.schema([*class_evidence.LINES, pa.field("score", pa.float64())])
_TABLE = pa.schema([*class_evidence.TABLE, pa.field("mean", pa.float64())])

# What is not used where samples are to read well.
_NOT_NATURAL = ("share", "most")
_OF = {"another": "another class", "own": "its class"}


class Counterfactual(Editor, TableStage):
    """Samples with key tokens of another class in place of their own, and that class as their label."""

    kind: Literal["counterfactual"] = "counterfactual"
    gpu: ClassVar[bool] = True
    redraws: ClassVar[bool] = False
    of: Literal["another", "own"] = Field(
        default="another",
        description="another: key tokens of another class, which becomes the label; own: of the row's class, and the label stays",
    )
    samples: int = Field(default=2, ge=1)
    share: float = Field(default=0.15, gt=0, le=1, description="of the row's content words, at least one")
    tokens: int = Field(default=3, ge=1, description="key tokens replaced in a sample, at most")
    most: int = Field(
        default=8, ge=1, description="words offered for a token, the nearest in the embeddings first"
    )
    least: int = Field(
        default=5, ge=1, description="rows of a class, predicted right, that must contain a word"
    )
    top: int = Field(
        default=200, ge=1, description="words kept of each class, those with the highest mean score"
    )
    natural: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="edit only while the chance that all edits of a sample read as if a person had written them is at least this, and "
        "only where the sample is of the class by its words; learned by a stage `evidence` before this one",
    )
    score: str = "ig"

    @model_validator(mode="after")
    def _natural_words(self) -> Self:
        """Refuse what is not used where samples are to read well: there the words of the text decide how many give way."""
        if self.natural is not None:
            idle_keys(self, _NOT_NATURAL, "with `natural`")
        return self

    @property
    def reads_tables(self) -> tuple[str, ...]:
        """What was learned of how people write, where samples are to read as if a person had written them."""
        return () if self.natural is None else ("evidence",)

    @property
    def word_sources(self) -> tuple[str, ...]:
        """The dictionaries that know parts of speech and antonyms, where words are tested."""
        return () if self.natural is None else ("lexicon",)

    @property
    def needs(self) -> tuple[str, ...]:
        """Tokens, which are key, their scores, and what was predicted."""
        return ("tokens", "side", "owner", "key", self.score, f"{self.score}_pred", f"{self.score}_target")

    @property
    def adds(self) -> tuple[Column, ...]:
        """What makes a row a sample, and the label it had before where that is moved."""
        return (*SAMPLE, *MOVED) if self.of == "another" else SAMPLE

    @property
    def method(self) -> str:
        """The name of its samples."""
        return self.kind if self.of == "another" else "same_class"

    @property
    def shortfall_reason(self) -> str:
        """Why a row has no samples where every draw is empty."""
        fits = "fits" if self.natural is None else "fits and makes it one"
        return f"no key word of {_OF[self.of]} {fits}"

    def path_in(self, state: Path) -> Path:
        """Return the path of the table in a folder of state: one for each kind of samples."""
        return state / f"{self.kind}-{self.of}.parquet"

    def summarise(self, rows: pa.Table, job: Job, active: bool) -> pa.Table:
        """Return a line for each content word and class, with its sum of scores over the rows predicted right, and what classes have."""
        sums: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
        names = ["tokens", self.score, "label", f"{self.score}_pred", f"{self.score}_target"]
        columns = rows.filter(pa.array(~is_sample(rows))).select(names).to_pydict().values() if active else ()
        for tokens, scores, label, predicted, target in zip(*columns, strict=True):
            if scores is None or not label == predicted == target:
                continue
            in_row: dict[str, float] = defaultdict(float)
            for token, score in zip(tokens, scores, strict=True):
                in_row[token.casefold()] += score
            for word, score in in_row.items():
                if is_content(word) and not is_negation(word):
                    total = sums[word, label]
                    total[0] += 1
                    total[1] += score
        ordered = sorted(sums.items())
        values = {
            "key": [key_of(word) for (word, _), _ in ordered],
            "row": [0] * len(ordered),
            "kind": [_SCORED] * len(ordered),
            "word": [word for (word, _), _ in ordered],
            "next": [""] * len(ordered),
            "label": [label for (_, label), _ in ordered],
            "rows": [int(rows) for _, (rows, _) in ordered],
            "score": [score for _, (_, score) in ordered],
        }
        scored = pa.table(values, schema=_LINES)
        if self.natural is None or not active:
            return scored
        counted = class_evidence.lines_of(_labelled(rows))
        return pa.concat_tables(
            [scored, counted.append_column("score", pa.nulls(len(counted), pa.float64()))]
        )

    def merge(self, lines: Lines, job: Job) -> Iterator[pa.Table]:
        """Yield the words of each class with the highest mean score, and what rows of classes have next to them.

        A word belongs to the class where its mean score is highest.
        """
        best: dict[str, list[tuple[float, str, int]]] = defaultdict(list)
        for table in lines():
            grouped = table.filter(pc.equal(table.column("kind"), _SCORED)).group_by(
                ["word", "label"], use_threads=False
            )
            means: dict[str, list[tuple[float, str, int]]] = defaultdict(list)
            for row in grouped.aggregate([("rows", "sum"), ("score", "sum")]).to_pylist():
                mean = round(row["score_sum"] / row["rows_sum"], 6)
                means[row["word"]].append((-mean, row["label"], row["rows_sum"]))
            for word, of_word in means.items():
                mean, label, count = min(of_word)
                if mean < 0 and count >= self.least:
                    best[label].append((mean, word, count))
            best = defaultdict(list, {label: sorted(words)[: self.top] for label, words in best.items()})
        kept = [
            {"kind": _SCORED, "label": label, "word": word, "rows": count, "mean": -mean}
            for label, words in sorted(best.items())
            for mean, word, count in words
        ]
        yield pa.Table.from_pylist(kept, schema=_TABLE)
        if self.natural is not None:
            counted = (table.filter(pc.not_equal(table.column("kind"), _SCORED)) for table in lines())
            for sums in class_evidence.summed(counted, [str(row["word"]) for row in kept]):
                yield sums.append_column("mean", pa.nulls(len(sums), pa.float64()))

    def rows(self, batch: pa.RecordBatch, guard: Protection) -> list[Row]:
        """Return the source rows of a batch with their key tokens."""
        return editable_rows(batch, "key", guard, self.score)

    def lookup(self, job: Job, state: Path | None) -> Lookup:
        """Read the words of every class, and load the model for its embeddings, or what was learned of how people write."""
        table = read_table(self.path_in(state)) if state is not None else _TABLE.empty_table()
        is_scored = pc.equal(table.column("kind"), _SCORED)
        words: dict[str, list[str]] = defaultdict(list)
        for row in table.filter(is_scored).select(["label", "word"]).to_pylist():
            words[row["label"]].append(row["word"])
        if self.natural is not None:
            known = ClassEvidence.of(table.filter(pc.invert(is_scored)))
            draws = self._natural_draws(words, known, job, state)
            return lambda rows: draws.draw
        from augment.candidates.neighbours import open_neighbours

        lexicons = load_job_lexicons(job)
        neighbours = open_neighbours(job, self.most)

        @cache
        def offered(token: str, label: str) -> tuple[str, ...]:
            """Return the key words of a class that may replace a token."""
            fitting = _fitting(token, words[label], lexicons)
            near = neighbours.close(token, fitting, least=-1.0)
            return tuple((near or fitting)[: self.most])

        def draw(row: Row, rng: Chance, number: int) -> Draw:
            """Return key tokens with words of the other class: the most important for the first sample, else some by chance."""
            label = self._target(row, number, words, job.seed)
            offers = {
                token: _placed(row, token, offer)
                for token in row.free
                if label is not None and (offer := offered(row.tokens[token], label))
            }
            able = [token for token, offer in offers.items() if offer]
            count = min(row.quota(self.share), self.tokens)
            chosen = able[:count] if number == 0 else rng.sample(able, count)
            choice = {token: offers[token][rng.below(len(offers[token]))] for token in chosen}
            return Draw(row.edits(choice), label if self.of == "another" else None)

        return lambda rows: draw

    def _target(self, row: Row, number: int, words: Mapping[str, object], seed: int) -> str | None:
        """Return the class whose words a sample is given: the row's own, or the others in turn from a random one on."""
        if self.of == "own":
            return row.label
        others = sorted(words.keys() - {row.label})
        if row.label is None or not others:
            return None
        first = chance(seed, f"{self.kind}_class", row.id, 0).below(len(others))
        return others[(first + number) % len(others)]

    def _natural_draws(
        self, words: Mapping[str, list[str]], known: ClassEvidence, job: Job, state: Path | None
    ) -> ContrastDraws:
        """Return what draws samples that read well, of a class by their words."""
        lexicons = load_job_lexicons(job)
        names = job.resources.antonyms
        pairs = [pair for name in names for pair in read_pairs(name, job.root, "resources.antonyms")]
        fitting = cache(lambda token, label: tuple(_fitting(token, words.get(label, []), lexicons)))
        return ContrastDraws(
            open_plausibility(state),
            known,
            lambda row, token, label: _placed(row, token, fitting(row.tokens[token], label)),
            cache(Antonyms(lexicons, pairs).opposes),
            lambda row, number: self._target(row, number, words, job.seed),
            Entities(lexicons),
            self.natural or 0.0,
            self.tokens,
            self.of == "another",
            _chance_of_rest(job) if self.of == "another" else lambda row, choice: 0.0,
            cache(lambda word: frozenset[str]().union(*(lexicon.kinds(word) for lexicon in lexicons))),
        )


def _chance_of_rest(job: Job) -> Callable[[Row, Mapping[int, str]], float]:
    """Return the function that gives how likely the class of a row is, by the model, for its text without some words."""
    from augment.models.predictor import open_predictor

    config = job.needs_model()
    predictor = open_predictor(config, job.run)
    labels = LabelMap.of(predictor, job)

    def chance_of(row: Row, choice: Mapping[int, str]) -> float:
        """Return the probability of the label."""
        text, pair = row.texts(dict.fromkeys(choice, ""))
        answer = predictor.ask([text], [pair])[0]
        return labels.sureness(answer.tolist(), row.label, config.tolerance) or 0.0

    return chance_of


def _labelled(rows: pa.Table) -> Iterator[tuple[str, list[list[str]]]]:
    """Yield the class of each source row that has one, with the tokens of each side."""
    sources = rows.filter(pa.array(~is_sample(rows))).select(["label", "tokens", "side"]).to_pydict().values()
    for label, tokens, side in zip(*sources, strict=True):
        if label is not None and tokens is not None:
            yield (
                label,
                [[token for token, at in zip(tokens, side, strict=True) if at == home] for home in (0, 1)],
            )


def _fitting(token: str, words: list[str], lexicons: tuple[Lexicon, ...]) -> list[str]:
    """Return the words of a token's language and part of speech, other than it; Chinese ones of the very same tag."""
    return [
        word
        for word in words
        if word != token.casefold()
        and language(word) == language(token)
        and parts_agree(token, word, lexicons)
        and (language(word) != "zh" or tag(word) == tag(token))
    ]


def _placed(row: Row, token: int, words: tuple[str, ...]) -> tuple[str, ...]:
    """Return words cased like a token, those that may follow the article before it."""
    before = row.tokens[token - 1] if token and row.side[token - 1] == row.side[token] else None
    return tuple(match_case(row.tokens[token], word) for word in words if fits_article(before, word))
