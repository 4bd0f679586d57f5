"""Which tables a corpus is made of: where its files are, and which format each of them has.

require_files(config)                     # RequestError, with a near name or how to obtain the file
tables(config)                            # [(SourceFile(path="a.csv"), TextTable("a.csv", ...))]
"""

from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path

from augment.errors import RequestError
from augment.fetch import CATALOGUE
from augment.formats.columnar import ParquetTable, from_folder, from_hub
from augment.formats.delimited import TextTable
from augment.formats.json_lines import JsonTable
from augment.formats.records import Table, distinct
from augment.job import CorpusConfig, SourceFile

SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".txt": "lines",
}


def tables(config: CorpusConfig, allow_download: bool = False) -> list[tuple[SourceFile, Table]]:
    """Return every table of a corpus, unread; RequestError for a missing file or a format that cannot be told."""
    if config.hub is not None:
        return [(SourceFile(path=config.hub), table) for table in from_hub(config.hub, allow_download)]
    require_files(config)
    found: list[tuple[SourceFile, Table]] = []
    for file in config.files:
        path = config.root / file.path
        name = _relative(path, config.root) if Path(file.path).is_absolute() else Path(file.path).as_posix()
        found.extend((file, table) for table in _from_path(path, name, config))
    distinct([table.name for _, table in found], "corpus.files", "file")
    return found


def require_files(config: CorpusConfig, origin: Callable[[], str] = lambda: "`corpus.files`") -> None:
    """Raise RequestError for a file that is not there, with who named it (`origin`) and a near name that is."""
    for file in config.files:
        path = config.root / file.path
        if not path.exists():
            what = f"the file does not exist; it is named by {origin()}"
            raise RequestError(str(path), what, _instead(config.root, file.path))


def _instead(root: Path, name: str) -> str:
    """Return what to do about a missing file: the near name, the folder it does lie in, or how to obtain it."""
    wanted = Path(name).as_posix()
    names = [
        demo for demo, packages in CATALOGUE.items() if any(package.holds(wanted) for package in packages)
    ]
    if names:
        return (
            f"`augment fetch {names[-1]}` obtains it; elsewhere than in {root}, name the folder with --data"
        )
    path = root / name
    entries = path.parent.iterdir() if path.parent.is_dir() else ()
    there = sorted(entry.name for entry in entries if entry.suffix not in (".yaml", ".yml"))
    close = get_close_matches(path.name, there, n=1)
    if close:
        return f"did you mean `{(Path(name).parent / close[0]).as_posix()}`?"
    if Path(name).exists():
        return f"`{name}` is in the folder you are in: set `corpus.root: .` or use --data ."
    return f"file names are relative to `corpus.root`, here {root}; data/README.md says how to obtain each corpus"


def _relative(path: Path, root: Path) -> str:
    """Return an absolute path as seen from the root, where it lies below it."""
    return (
        path.relative_to(root.absolute()).as_posix()
        if path.is_relative_to(root.absolute())
        else path.as_posix()
    )


def _from_path(path: Path, name: str, config: CorpusConfig) -> list[Table]:
    """Return the tables at a path: one for a file, one a split for a saved data set."""
    kind = _format_of(path) if config.format == "auto" else config.format
    if kind == "datasets":
        return from_folder(path, name)
    if path.is_dir():
        raise RequestError(str(path), f"a folder, where format {kind} needs a file", "name a file in it")
    _check_options(kind, config, str(path))
    if kind == "parquet":
        return [ParquetTable(name, path)]
    return [
        JsonTable(name, path, config.encoding) if kind == "jsonl" else TextTable(name, path, kind, config)
    ]


def _format_of(path: Path) -> str:
    """Return the format that a file's name, or a folder's content, says."""
    if path.is_dir():
        if any((path / mark).exists() for mark in ("state.json", "dataset_info.json", "dataset_dict.json")):
            return "datasets"
        raise RequestError(
            str(path), "a folder that is no saved data set", "name a file, or a `save_to_disk` folder"
        )
    suffix = (path.with_suffix("") if path.suffix == ".gz" else path).suffix.lower()
    if suffix not in SUFFIXES:
        hint = "set `corpus.format` (csv, tsv, jsonl, parquet, lines, text-label, label-text)"
        raise RequestError(str(path), f"the name ending `{suffix}` does not tell the format", hint)
    return SUFFIXES[suffix]


def _check_options(kind: str, config: CorpusConfig, where: str) -> None:
    """Refuse options that the format would ignore."""
    table = kind in ("csv", "tsv")
    quoted = table and config.quoted is not False
    delimiter = config.delimiter
    checks = (
        (config.columns is not None and not table, "`columns` names the columns of csv and tsv files only"),
        (bool(config.quoted) and not table, "`quoted` is for csv and tsv files only"),
        (
            delimiter is not None and kind in ("jsonl", "parquet", "lines"),
            f"format {kind} has no `delimiter`",
        ),
        (delimiter == "", "`delimiter` is empty"),
        (
            quoted and delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'),
            "`delimiter` must be one character",
        ),
    )
    for wrong, what in checks:
        if wrong:
            raise RequestError(
                where, what, f"the format is {kind}: change `corpus.format` or remove the option"
            )
