"""Which tables a corpus is made of: where its files are, and which format each of them has.

require_files(config)                     # RequestError, with a near name or how to obtain the file
tables(config)                            # [(SourceFile(path="a.csv"), TextTable("a.csv", ...))]
"""

from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path

from augment.config.sections import CorpusConfig, SourceFile
from augment.corpus.demo import CATALOGUE
from augment.corpus.formats.cloned import data_files
from augment.corpus.formats.columnar import ParquetTable, from_folder, from_hub
from augment.corpus.formats.delimited import TextTable
from augment.corpus.formats.encoding import head_of
from augment.corpus.formats.json_lines import JsonTable
from augment.corpus.formats.lifting import with_fields
from augment.corpus.formats.records import Table, distinct
from augment.corpus.formats.text_folder import text_folders
from augment.corpus.formats.unpacking import PACKED, inner, on_disk, within
from augment.corpus.formats.workbook import WorkbookTable
from augment.errors import RequestError, few

SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".txt": "lines",
    ".xlsx": "xlsx",
}


def tables(config: CorpusConfig, allow_download: bool = False) -> list[tuple[SourceFile, Table]]:
    """Return every table of a corpus, unread; RequestError for a missing file or an unknown format."""
    if config.hub is not None:
        return [
            (SourceFile(path=config.hub), with_fields(table, _paths(config)))
            for table in from_hub(config.hub, allow_download)
        ]
    require_files(config)
    pairs: list[tuple[SourceFile, Table]] = []
    for file in config.files:
        path = config.root / file.path
        name = _relative(path, config.root) if Path(file.path).is_absolute() else Path(file.path).as_posix()
        path, name = _member(path, name)
        if config.format == "auto" and file.label is None:
            _refuse_tabs(path, config)
        pairs.extend((file, table) for table in _from_path(path, name, file, config))
    distinct([table.name for _, table in pairs], "corpus.files", "file")
    return pairs


def require_files(config: CorpusConfig, origin: Callable[[], str] = lambda: "`corpus.files`") -> None:
    """Raise RequestError for a file that is not there, with who named it (`origin`) and a near name that is."""
    for file in config.files:
        path = config.root / file.path
        if not on_disk(path).exists():
            what = f"the file does not exist; it is named by {origin()}"
            raise RequestError(str(path), what, _instead(config.root, file.path))


def _instead(root: Path, name: str) -> str:
    """Return what to do about a missing file: the near name, the folder it is in, or how to obtain it."""
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
    return f"file names are relative to `corpus.root`, here {root}; data/README.md lists where each corpus comes from"


def _relative(path: Path, root: Path) -> str:
    """Return an absolute path as seen from the root, where it is below it."""
    return (
        path.relative_to(root.absolute()).as_posix()
        if path.is_relative_to(root.absolute())
        else path.as_posix()
    )


def _from_path(path: Path, name: str, file: SourceFile, config: CorpusConfig) -> list[Table]:
    """Return the tables at a path: one for a file, those within for a folder."""
    if path.is_dir():
        return _from_folder(path, name, file.label is not None, config)
    if config.format == "datasets":
        return from_folder(path, name)
    return [_from_file(path, name, config, None)]


def _from_folder(path: Path, name: str, labelled: bool, config: CorpusConfig) -> list[Table]:
    """Return the tables of a folder: a saved or a published data set, or texts, one a file, by label."""
    saved = any((path / mark).exists() for mark in ("state.json", "dataset_info.json", "dataset_dict.json"))
    if saved or config.format == "datasets":
        return [with_fields(table, _paths(config)) for table in from_folder(path, name)]
    files = data_files(path, set(SUFFIXES))
    if files:
        within = [(split, file, f"{name}/{file.relative_to(path).as_posix()}") for split, file in files]
        return [_from_file(file, inner, config, split) for split, file, inner in within]
    texts = text_folders(path, name, config.encoding, labelled) if config.format == "auto" else []
    if not texts and config.format != "auto":
        what = f"a folder, where format {config.format} needs a file"
        raise RequestError(str(path), what, "name a file in it, or leave out `corpus.format`")
    if not texts:
        raise RequestError(
            str(path),
            "a folder with no texts, no data files by split, and no saved dataset",
            "name a file; or a folder with a folder of .txt files for each label, files such as train.csv, or README.md",
        )
    return list(texts)


def _from_file(path: Path, name: str, config: CorpusConfig, split: str | None) -> Table:
    """Return the table of a file."""
    kind = _format_of(path) if config.format == "auto" else config.format
    _check_options(kind, config, str(path))
    if kind == "parquet" and (path.suffix.lower() in PACKED or on_disk(path) != path):
        raise RequestError(str(path), "a packed Parquet file", "unpack it: Parquet is compressed by itself")
    if kind == "parquet":
        return with_fields(ParquetTable(name, path, split), _paths(config))
    if kind == "jsonl":
        return JsonTable(name, path, config.encoding, split, _paths(config))
    if kind == "xlsx":
        return WorkbookTable(name, path, config.encoding, split)
    return TextTable(name, path, kind, config, split)


def _paths(config: CorpusConfig) -> tuple[str, ...]:
    """Return the columns that the config names by a path such as `data.text`."""
    named = (config.text, config.text_pair, config.label, config.id, config.split)
    return tuple(dict.fromkeys(name for name in named if name and "." in name))


def _member(path: Path, name: str) -> tuple[Path, str]:
    """Return the path and the name of the file in a zip archive of one file; others as they are."""
    if path.suffix.lower() != ".zip" or not path.is_file():
        return path, name
    members = within(path)
    if len(members) == 1:
        return members[0], f"{name}/{members[0].relative_to(path).as_posix()}"
    names = [f"{name}/{member.relative_to(path).as_posix()}" for member in members]
    what = f"an archive of {len(members)} files: {few(names)}"
    raise RequestError(
        str(path), what, "name the files in it that are the corpus, in `corpus.files`, as here"
    )


def _refuse_tabs(path: Path, config: CorpusConfig) -> None:
    """Raise RequestError for a .txt whose lines all have the same number of tabs: a label may follow one."""
    if inner(path).suffix.lower() != ".txt":
        return
    rows = [line for line in head_of(path, config.encoding) if line.strip()]
    tabs = {line.count("\t") for line in rows}
    if len(tabs) == 1 and tabs != {0}:
        what = "every line has a tab, as of a text and its label, and .txt is read as a text a line"
        hint = "set `corpus.format: text-label` (--format text-label); or label-text, tsv if the first line names columns, lines if all is text"
        raise RequestError(str(path), what, hint)


def _format_of(path: Path) -> str:
    """Return the format by a file's name."""
    suffix = inner(path).suffix.lower()
    if suffix in (".tar", ".tgz"):
        raise RequestError(str(path), "a tar archive", "unpack it, and name the files in it")
    if suffix not in SUFFIXES:
        hint = "set `corpus.format` (csv, tsv, jsonl, parquet, xlsx, lines, text-label, label-text)"
        raise RequestError(str(path), f"the name ending `{suffix}` does not name a format", hint)
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
            delimiter is not None and kind in ("jsonl", "parquet", "xlsx", "lines"),
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
