"""Make samples of another class: a key token is replaced by a key token of that class, and the label moves with it.

With `of: own` the words are those of the row's own class, and the label stays.

What indicates a class is learned from the corpus first: the words with the highest mean score in rows of the class that
are predicted right. Of these a token is offered those of its part of speech, the nearest in the model's embeddings. Such
a sample is a guess at another label, so `label_from` names the old one, and only a rule of `keep` lets it through.
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import ClassVar, Literal

import pyarrow as pa
from pydantic import Field

from augment.candidates.filters import parts_agree
from augment.candidates.lexicon import Lexicon
from augment.candidates.sources import load_job_lexicons
from augment.config.job import Job
from augment.seeding import Chance, chance, key_of
from augment.stages.editing import Row, editable_rows
from augment.stages.editor import Draw, Editor, Lookup
from augment.stages.protocol import Lines, TableStage
from augment.tables.columns import MOVED, SAMPLE, Column
from augment.tables.files import read_table
from augment.tables.rows import is_sample
from augment.text.editable import Protection, is_content
from augment.text.inflect import fits_article, match_case
from augment.text.negation import is_negation
from augment.text.script import language
from augment.text.segment import tag

_LINES = pa.schema(
    [
        ("key", pa.uint64()),
        ("row", pa.int64()),
        ("word", pa.string()),
        ("label", pa.string()),
        ("rows", pa.int64()),
        ("score", pa.float64()),
    ]
)
_TABLE = pa.schema(
    [("label", pa.string()), ("word", pa.string()), ("rows", pa.int64()), ("mean", pa.float64())]
)


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
    score: str = "ig"

    @property
    def needs(self) -> tuple[str, ...]:
        """Tokens, which are key, their scores, and what was predicted."""
        return ("tokens", "owner", "key", self.score, f"{self.score}_pred", f"{self.score}_target")

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
        return f"no key word of {_OF[self.of]} fits"

    def path_in(self, state: Path) -> Path:
        """Return the path of the table in a folder of state: one for each kind of samples."""
        return state / f"{self.kind}-{self.of}.parquet"

    def summarise(self, rows: pa.Table, job: Job, active: bool) -> pa.Table:
        """Return a line for each content word and class, with its sum of scores over the rows predicted right."""
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
            "word": [word for (word, _), _ in ordered],
            "label": [label for (_, label), _ in ordered],
            "rows": [int(rows) for _, (rows, _) in ordered],
            "score": [score for _, (_, score) in ordered],
        }
        return pa.table(values, schema=_LINES)

    def merge(self, lines: Lines, job: Job) -> Iterator[pa.Table]:
        """Yield the words of each class with the highest mean score; a word belongs to the class where that is highest."""
        best: dict[str, list[tuple[float, str, int]]] = defaultdict(list)
        for table in lines():
            grouped = table.group_by(["word", "label"], use_threads=False)
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
            {"label": label, "word": word, "rows": count, "mean": -mean}
            for label, words in sorted(best.items())
            for mean, word, count in words
        ]
        yield pa.Table.from_pylist(kept, schema=_TABLE)

    def rows(self, batch: pa.RecordBatch, guard: Protection) -> list[Row]:
        """Return the source rows of a batch with their key tokens."""
        return editable_rows(batch, "key", guard, self.score)

    def lookup(self, job: Job, state: Path | None) -> Lookup:
        """Read the words of every class, and load the model for its embeddings."""
        from augment.candidates.neighbours import open_neighbours

        words: dict[str, list[str]] = defaultdict(list)
        for row in (
            read_table(self.path_in(state)) if state is not None else _TABLE.empty_table()
        ).to_pylist():
            words[row["label"]].append(row["word"])
        lexicons = load_job_lexicons(job)
        neighbours = open_neighbours(job, self.most)

        @cache
        def offered(token: str, label: str) -> tuple[str, ...]:
            """Return the key words of a class that may replace a token."""
            fitting = _fitting(token, words[label], lexicons)
            near = neighbours.close(token, fitting, least=-1.0)
            return tuple((near or fitting)[: self.most])

        def target(row: Row, number: int) -> str | None:
            """Return the class whose words a sample is given: the row's own, or the others in turn from a random one on."""
            if self.of == "own":
                return row.label
            others = sorted(words.keys() - {row.label})
            if row.label is None or not others:
                return None
            first = chance(job.seed, f"{self.kind}_class", row.id, 0).below(len(others))
            return others[(first + number) % len(others)]

        def draw(row: Row, rng: Chance, number: int) -> Draw:
            """Return key tokens with words of the other class: the most important for the first sample, else some by chance."""
            label = target(row, number)
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
