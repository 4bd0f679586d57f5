"""What a corpus section reads: rows and faults of its tables, as every test of a format wants them."""

from pathlib import Path

from augment.config.sections import CorpusConfig
from augment.corpus.formats import SourceBatch, tables


def batches(root: Path, files: object, **options: object) -> list[SourceBatch]:
    """Return all batches of the tables of a corpus, three records each."""
    config = CorpusConfig.model_validate({"root": root, "files": files, **options})
    return [
        batch
        for _, table in tables(config)
        for batch in table.batches(table.schema(whole=True), 3, {"text": (str,)})
    ]


def rows(root: Path, files: object, **options: object) -> list[dict[str, object]]:
    """Return all records."""
    return [row for batch in batches(root, files, **options) for row in batch.rows.to_pylist()]


def faults(root: Path, files: object, **options: object) -> list[tuple[int, str]]:
    """Return line and reason of all records that cannot be read."""
    return [(one.line, one.reason) for batch in batches(root, files, **options) for one in batch.faults]
