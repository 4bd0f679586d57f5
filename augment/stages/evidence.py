"""Learn from plain text how people write: words, neighbouring words, and what words are used alike.

Counted are the rows of the train split, those worked on, those that pass through and those that `run.limit` leaves out, and `resources.texts`, never a text of
another split of the corpus. Stages after it that make samples read the table: a word is put in place only where people
would write it (`candidates.plausibility`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from heapq import nsmallest
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa

from augment.candidates.common_pairs import PACKAGE, common_pairs
from augment.candidates.lexicon import Lexicon
from augment.candidates.model_scores import TEXTS, learn_scores, looking, open_models
from augment.candidates.natural import part_of
from augment.candidates.plausibility import (
    USUAL,
    Plausibility,
    Spoken,
    calibrate,
    calibrations_of,
    calibrations_table,
    spoken_of,
)
from augment.candidates.senses import Senses, learn_senses, senses_of
from augment.candidates.sources import load_job_lexicons
from augment.candidates.word_counts import PairCounts, WordCounts, counts_of
from augment.config.job import Job
from augment.config.sections import CorpusConfig, SourceFile
from augment.corpus import corpus_hashes, read
from augment.corpus.formats import require_files
from augment.errors import RequestError
from augment.seeding import chance, key_of
from augment.stages.protocol import Lines, Step, TableStage
from augment.tables.columns import Column
from augment.tables.files import read_table
from augment.tables.rows import is_sample
from augment.text.segment import tokens_of

_LINES = pa.schema(
    [
        ("key", pa.uint64()),
        ("row", pa.int64()),
        ("kind", pa.string()),
        ("left", pa.string()),
        ("right", pa.string()),
        ("seen", pa.int64()),
    ]
)
# Lines: a pair of words, the number of rows, the hash of a text that is not to be counted, and a text in which models look at words.
_PAIR, _ROWS, _HELD, _TEXT = "pair", "rows", "held", "text"
_LINE_SUFFIXES = (".txt", ".text")


class Evidence(TableStage):
    """How often words and neighbouring words are written in the train split and in `resources.texts`, for stages behind it."""

    kind: Literal["evidence"] = "evidence"
    keeps_table: ClassVar[bool] = True

    @property
    def needs(self) -> tuple[str, ...]:
        """The tokens."""
        return ("tokens", "side")

    @property
    def adds(self) -> tuple[Column, ...]:
        """Nothing: the rows stay as they are."""
        return ()

    @property
    def word_sources(self) -> tuple[str, ...]:
        """The dictionaries whose synonyms show what a cosine is worth."""
        return ("lexicon",)

    @property
    def packages(self) -> tuple[str, ...]:
        """The list of common English pairs."""
        return (PACKAGE,)

    def summarise(self, rows: pa.Table, job: Job, active: bool) -> pa.Table:
        """Return the pairs of the rows of train, how many these are, and the hashes of the other texts."""
        counts, number, held, own = PairCounts(), 0, set(), set[str]()
        language = job.corpus.language if job.corpus else "auto"
        for row in _columns(rows.filter(pa.array(~is_sample(rows)))):
            texts = [row["text"]] if row["text_pair"] is None else [row["text"], row["text_pair"]]
            if row["split"] != "train":
                held |= {key_of(text) for text in texts}
                continue
            number += 1
            own.update(texts)
            for tokens in _sides(row) or [tokens_of(text, language) for text in texts]:
                counts.add(tokens)
        pairs = counts.pairs()
        words = {word: key_of(word) for word in pairs.column("left").unique().to_pylist()}
        lines = [
            (words[word], _PAIR, word, *rest) for word, *rest in zip(*pairs.to_pydict().values(), strict=True)
        ]
        lines += [(key, _HELD, None, None, None) for key in sorted(held)]
        if looking(job):
            lines += [(key, _TEXT, text, None, None) for key, text in _drawn(own)]
        lines.append((0, _ROWS, None, None, number))
        keys, kinds, left, right, seen = zip(*lines, strict=True)
        columns = {
            "key": keys,
            "row": [0] * len(lines),
            "kind": kinds,
            "left": left,
            "right": right,
            "seen": seen,
        }
        return pa.table(columns, schema=_LINES)

    def merge(self, lines: Lines, job: Job) -> Iterator[pa.Table]:
        """Yield all that was counted, with the vectors of words and what counts are worth, as one row."""
        counts, number, held = PairCounts(), 0, [np.zeros(0, np.uint64)]
        own: list[str] = []
        for table in lines():
            kinds = table.column("kind").to_numpy()
            own += table.filter(pa.array(kinds == _TEXT)).column("left").to_pylist()
            counts.add_pairs(table.filter(pa.array(kinds == _PAIR)))
            number += int(table.column("seen").to_numpy()[kinds == _ROWS].sum())
            held.append(table.column("key").to_numpy()[kinds == _HELD])
        if job.run.limit is not None and job.corpus is not None:
            counts, number = _whole_train(job, job.corpus)
        train = counts.seen_first()
        _add_texts(counts, job, np.unique(np.concatenate(held)))
        texts = [text for _, text in _drawn(own)]
        evidence = counts.evidence(train, number).knowing(common_pairs())
        yield learned_table(evidence, learn_senses(evidence), texts, job)

    def open(self, job: Job, state: Path | None) -> Step:
        """Nothing is done to the rows."""
        return lambda batch: batch


def _whole_train(job: Job, corpus: CorpusConfig) -> tuple[PairCounts, int]:
    """Return the pairs of all rows of train and how many these are: a trial (`run.limit`) edits fewer, and learns from all."""
    counts, number = PairCounts(), 0
    for chunk in read(corpus, job.run.allow_download):
        rows = chunk.rows.select(["text", "text_pair", "split"]).to_pylist()
        for row in (row for row in rows if row["split"] == "train"):
            number += 1
            for text in (row["text"], row["text_pair"]):
                if text is not None:
                    counts.add(tokens_of(text, corpus.language))
    return counts, number


def open_plausibility(state: Path | None) -> Plausibility:
    """Return what was learned, from a folder of state; RequestError if nothing was."""
    path = Evidence().path_in(state) if state is not None else None
    if path is None or not path.exists():
        raise RequestError(
            "stage `evidence`",
            "has not been run, and a stage reads what it learns",
            "run the pipeline as a whole",
        )
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _read(path: Path, _changed: int) -> Plausibility:
    """Return what a file holds, read once in a process."""
    table = read_table(path)
    return Plausibility(counts_of(table), senses_of(table), calibrations_of(table))


def text_configs(job: Job) -> Iterator[CorpusConfig]:
    """Yield each of `resources.texts` as a corpus without labels."""
    language = job.corpus.language if job.corpus else "auto"
    for given in job.resources.texts:
        yield CorpusConfig(
            root=job.root,
            files=(SourceFile(path=given.path),),
            format="lines" if given.text is None and given.path.endswith(_LINE_SUFFIXES) else "auto",
            text=given.text,
            label=False,
            id=False,
            language=language,
        )


def _add_texts(counts: PairCounts, job: Job, held: np.ndarray) -> None:
    """Count `resources.texts`, but for texts that are rows of another split: those are counted as well and taken away again."""
    for config in text_configs(job):
        require_files(config, lambda: "`resources.texts`")
        hashes = tuple(sorted(corpus_hashes(job.model_copy(update={"corpus": config})).items()))
        pairs, keys = _counted(config, hashes, job.run.allow_download)
        counts.add_pairs(pairs)
        if np.isin(keys, held).any():
            known, away = set(held.tolist()), PairCounts()
            for text in _texts(config, job.run.allow_download):
                if key_of(text) in known:
                    away.add(tokens_of(text, config.language))
            counts.add_pairs(away.pairs(), -1)


# The draws of `evaluate` are runs on the same texts in one process.
@lru_cache(maxsize=2)
def _counted(
    config: CorpusConfig, _hashes: tuple[tuple[str, str], ...], allow_download: bool
) -> tuple[pa.Table, np.ndarray]:
    """Return the pairs of texts, and the hash of each text, [N] uint64."""
    counts, keys = PairCounts(), []
    for text in _texts(config, allow_download):
        counts.add(tokens_of(text, config.language))
        keys.append(key_of(text))
    return counts.pairs(), np.array(keys, np.uint64)


def _texts(config: CorpusConfig, allow_download: bool) -> Iterator[str]:
    """Yield the texts of a corpus."""
    for chunk in read(config, allow_download):
        for name in ("text", "text_pair"):
            yield from (text for text in chunk.rows.column(name).to_pylist() if text is not None)


def _drawn(texts: Iterable[str]) -> list[tuple[int, str]]:
    """Return those of some texts that models look at, with their hashes: those with the least, whatever the shards."""
    return nsmallest(TEXTS, {(key_of(text), text) for text in texts})


def learned_table(counts: WordCounts, senses: Senses, texts: Sequence[str], job: Job) -> pa.Table:
    """Return counts and vectors with what is learned from them, and from texts of the train split where the job names models."""
    lexicons, models = load_job_lexicons(job), open_models(job)
    synonyms = strict_synonyms(lexicons)
    calibrations = {}
    for spoken, usual in USUAL.items():
        words = replaceable(counts, spoken, lexicons)
        rng = chance(job.seed, "evidence", spoken, 0)
        learned = calibrate(counts, senses, words, synonyms, usual, rng)
        if models is not None:
            plausibility = Plausibility(counts, senses, {spoken: learned})
            learned = learn_scores(plausibility, models, texts, words, synonyms, spoken, job.seed)
        calibrations[spoken] = learned
    columns: dict[str, pa.ChunkedArray] = {}
    for table in (counts.table(), senses.table(), calibrations_table(calibrations)):
        columns |= dict(zip(table.column_names, table.columns, strict=True))
    return pa.table(columns)


def replaceable(counts: WordCounts, spoken: Spoken, lexicons: tuple[Lexicon, ...]) -> dict[str, str]:
    """Return the words of a language that may be replaced, with their part of speech."""
    own = (word for word in counts.words if word and spoken_of(word) == spoken)
    parts = ((word, part_of(word, spoken, lexicons)) for word in own)
    return {word: part for word, part in parts if part is not None and part != "degree"}


def strict_synonyms(lexicons: Iterable[Lexicon]) -> Callable[[str], tuple[str, ...]]:
    """Return the function that gives the synonyms of a word in those dictionaries that list nothing else."""
    strict = [lexicon for lexicon in lexicons if not lexicon.loose]
    return lambda word: tuple(other for lexicon in strict for other in lexicon.synonyms(word))


def _columns(rows: pa.Table) -> Iterator[Mapping[str, Any]]:
    """Yield the rows with what is counted of them; without tokens where they pass through."""
    names = [name for name in ("text", "text_pair", "split", "tokens", "side") if name in rows.column_names]
    yield from rows.select(names).to_pylist()


def _sides(row: Mapping[str, Any]) -> list[list[str]]:
    """Return the tokens of each side of a row; none where it has none."""
    tokens = row.get("tokens")
    if tokens is None:
        return []
    sides: list[list[str]] = [[] for _ in range(1 + (row["text_pair"] is not None))]
    for token, side in zip(tokens, row["side"], strict=True):
        sides[side].append(token)
    return sides
