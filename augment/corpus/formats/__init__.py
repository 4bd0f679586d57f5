"""Raw records out of files, every value code point for code point and every record with its line number.

Readers that guess types turn `NA`, `007` and `1e5` into something else, and one broken line stops them; so text is
read here with the standard library: strings only, a record that cannot be read becomes a `Fault` and reading goes on.
Only a batch of records is held; the bytes are read once more beforehand to know the encoding (and the types of JSON).

    for _, table in tables(config):
        for batch in table.batches(table.schema(whole=True), 1024, {}):
            batch.rows, batch.lines, batch.faults

A new format is a class that is a `Table` (`records.py`), its name in `job.Format`, and a line in `finding.py`.
"""

from augment.corpus.formats.finding import SUFFIXES, require_files, tables
from augment.corpus.formats.json_lines import JsonTable
from augment.corpus.formats.records import SPLITS, Allowed, Fault, Record, SourceBatch, Table
from augment.corpus.formats.text_folder import TextFolder

__all__ = [
    "SPLITS",
    "SUFFIXES",
    "Allowed",
    "Fault",
    "JsonTable",
    "Record",
    "SourceBatch",
    "Table",
    "TextFolder",
    "require_files",
    "tables",
]
