"""What a corpus is, without reading it through: its columns, its first labels, its splits and label names.

inspect(config).text                     # "review"
peek(config).labels                      # {"train": {"good": 512, "bad": 512}}
require_splits(job, ["train"])           # RequestError if `run.splits`, or else this, is not there
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from augment.config.job import Job
from augment.config.sections import CorpusConfig
from augment.corpus.column_roles import HEAD, USUAL, Shape, lay_out
from augment.corpus.formats import SPLITS
from augment.corpus.formats.unpacking import on_disk
from augment.corpus.repeats import RepeatCounter, Repeats
from augment.corpus.rows import batches_of, rows_of, rows_of_head, split_of
from augment.errors import DataError, RequestError, few, nearest
from augment.tables.files import digest

# Rows of each file that `check` looks at, and the bytes of a text file of which it sees no more than the head.
_HEAD_ROWS, _HEAD_BYTES = 20_000, 1 << 20


@dataclass(frozen=True)
class Peek:
    """What the heads of the files show: how many rows, and how many of each label, by split."""

    rows: int
    labels: Mapping[str, Mapping[str, int]]


def inspect(config: CorpusConfig, allow_download: bool = False) -> Shape:
    """Return what a corpus will be read as, from the heads of its files.

    RequestError if a file or column is missing or two columns could be the text; DataError if a head is unreadable.
    """
    return lay_out(config, allow_download, whole=False).shape


def peek(config: CorpusConfig, allow_download: bool = False, count: int = 1024) -> Peek:
    """Return what the first rows of every file, at most `count`, show; only heads are read. Raises as `inspect` does."""
    layout = lay_out(config, allow_download, whole=False)
    seen, labels = 0, defaultdict[str, Counter[str]](Counter)
    for part in layout.parts:
        records = part.table.peek(part.schema, count)
        seen += len(records)
        for row in rows_of_head(layout, part, records):
            if row.used and row.fault is None and row.label is not None:
                labels[row.split][layout.shape.named(row.label) or row.label] += 1
    return Peek(seen, dict(labels))


def few_valued(config: CorpusConfig, most: int = 20) -> dict[str, int]:
    """Return the columns without a role whose values look like labels, from 2 to `most` of them, each with their number.

    The first rows of every file are read. A column of which most values occur once is none. Raises as `inspect` does.
    """
    layout = lay_out(config, allow_download=False, whole=False)
    values: dict[str, Counter[str]] = defaultdict(Counter)
    for part in layout.parts:
        for record in part.table.peek(part.schema, HEAD):
            for name, value in record.items():
                values[name][str(value)] += value is not None and value != ""
    roles = {getattr(layout.shape, role) for role in USUAL}
    counts = {name: sum(1 for count in of.values() if count) for name, of in values.items()}
    return {
        name: count
        for name, count in counts.items()
        if name not in roles and 2 <= count <= most and values[name].total() >= 3 * count
    }


def repeats_of_heads(config: CorpusConfig, allow_download: bool = False) -> Repeats:
    """Return which texts repeat, from the heads of the files: all of a file below a mebibyte. Raises as `inspect` does."""
    layout = lay_out(config, allow_download, whole=False)
    counter, whole = RepeatCounter(), True
    for part in layout.parts:
        records = part.table.peek(part.schema, _HEAD_ROWS)
        path = config.root / part.file.path
        whole &= len(records) < _HEAD_ROWS and path.is_file() and path.stat().st_size < _HEAD_BYTES
        rows = [row for row in rows_of_head(layout, part, records) if row.used and row.fault is None]
        labels = [layout.shape.named(row.label) for row in rows]
        pairs = [row.text_pair for row in rows]
        counter.add([row.text for row in rows], pairs, labels, [row.split for row in rows])
    return replace(counter.count(), whole=whole)


def with_label_names(job: Job, shape: Shape | None = None) -> Job:
    """Return the job with the label names that the source itself gives, where the config gives none; shape: what `inspect` gave."""
    corpus = job.needs_corpus()
    if corpus.label_names is not None:
        return job
    shape = shape or inspect(corpus, job.run.allow_download)
    names = dict(shape.label_names)
    return job.model_copy(update={"corpus": corpus.model_copy(update={"label_names": names or None})})


def require_splits(job: Job, usual: Sequence[str]) -> None:
    """Raise RequestError, listing the splits there are, if the corpus lacks one of `run.splits`, or all of the usual ones.

    usual: the splits of the pipeline. Files are read only where a column holds the split, and only until it is known.
    """
    wanted, there = set(job.run.splits or usual), set[str]()
    for met in _splits_met(job.needs_corpus(), job.run.allow_download):
        there |= met
        if wanted <= there or (not job.run.splits and wanted & there):
            return
    name = min(wanted - there)
    meant = SPLITS.get(name.lower(), name)
    what = f"the corpus has no such split; there are {', '.join(sorted(there))}"
    raise RequestError(f"split `{name}`", what, nearest(meant, sorted(there)))


def _splits_met(config: CorpusConfig, allow_download: bool) -> Iterator[set[str]]:
    """Yield the splits there are, more and more of them, those known without reading the rows first."""
    layout = lay_out(config, allow_download, whole=False)
    named = [part.file.split or part.table.split for part in layout.parts]
    yield {split_of(part, None, "", None) for part, name in zip(layout.parts, named, strict=True) if name}
    if layout.shape.split is None:
        yield set() if all(named) else set(SPLITS.values())
        return
    layout = lay_out(config, allow_download, whole=True)
    for part, name in zip(layout.parts, named, strict=True):
        if not name:
            for batch in batches_of(layout, part, 1024):
                yield {row.split for row in rows_of(layout, part, batch) if row.used and row.fault is None}


def visible(folder: Path) -> Iterator[Path]:
    """Yield what is in a folder and its subfolders, but for hidden names such as those of git."""
    return (
        path
        for path in folder.rglob("[!.]*")
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def corpus_hashes(job: Job) -> dict[str, str]:
    """Return the SHA-256 of every file of the corpus; RequestError naming one that is missing."""
    corpus = job.needs_corpus()
    hashes: dict[str, str] = {}
    for source in corpus.files:
        path = on_disk(corpus.root / source.path)
        if not path.exists():
            raise RequestError(
                str(path), "the file does not exist", "check corpus.files, and --data for their folder"
            )
        inner = sorted(filter(Path.is_file, visible(path))) if path.is_dir() else [path]
        hashes |= {
            str(file.relative_to(corpus.root)) if file.is_relative_to(corpus.root) else str(file): digest(
                file
            )
            for file in inner
        }
    return hashes


def require_unchanged(job: Job, hashes: object) -> None:
    """Raise DataError naming a file of the corpus that is no longer the one of these hashes, taken before it was read."""
    now = corpus_hashes(job)
    before = hashes if isinstance(hashes, dict) else {}
    changed = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
    if changed:
        raise DataError(
            few(changed), "the corpus was changed while it was read", "run again when nothing writes to it"
        )
