"""The data files of a folder as datasets are published: those that README.md names by split, else those named by split.

my-set/README.md                                  configs: [{config_name: default, data_files: [...]}]
my-set/data/train-00000-of-00001.parquet          split train

data_files(Path("data/my-set"), {".parquet", ".csv"})      # [("train", Path(".../train-00000-of-00001.parquet"))]
"""

import re
from collections.abc import Iterator, Set
from pathlib import Path

from augment.config.yaml_file import parse
from augment.corpus.formats.records import SPLITS
from augment.errors import RequestError, few

_LARGEST = 1 << 20
_POINTER = b"version https://git-lfs.github.com/spec/"
_NAMED = re.compile(rf"(?:^|[-_. ])({'|'.join(SPLITS)})(?:$|[-_. ])", re.IGNORECASE)


def data_files(folder: Path, suffixes: Set[str]) -> list[tuple[str | None, Path]]:
    """Return the data files of a folder with their splits; none if it does not look like a published data set.

    RequestError for several configurations, a file named that is not there, or one that git-lfs has not fetched.
    """
    files = list(_of_readme(folder)) or list(_by_name(folder, suffixes))
    for _, path in files:
        with path.open("rb") as stream:
            if stream.read(len(_POINTER)) == _POINTER:
                hint = f"run `git lfs pull` in {folder}"
                raise RequestError(str(path), "git-lfs has put a pointer here, not the data", hint)
    return files


def _of_readme(folder: Path) -> Iterator[tuple[str | None, Path]]:
    """Yield the files that the front matter of README.md names."""
    readme = folder / "README.md"
    facts = _front_matter(readme) if readme.is_file() else {}
    configs = facts.get("configs")
    entries = [entry for entry in configs if isinstance(entry, dict)] if isinstance(configs, list) else []
    entries = [entry for entry in entries if "data_files" in entry]
    if not entries:
        return
    chosen = [
        entry for entry in entries if entry.get("default") is True or entry.get("config_name") == "default"
    ]
    if not chosen and len(entries) > 1:
        names = few([f"`{entry.get('config_name')}`" for entry in entries])
        hint = "name the files of one of them in `corpus.files`"
        raise RequestError(str(readme), f"the dataset has several configurations: {names}", hint)
    for split, pattern in _patterns((chosen or entries)[0]["data_files"]):
        yield from ((split, path) for path in _matching(folder, pattern, readme))


def _patterns(files: object, split: str | None = None) -> Iterator[tuple[str | None, str]]:
    """Yield split and pattern of each entry of `data_files`: a pattern, a list, a mapping by split, or {split, path}."""
    if isinstance(files, str):
        yield split, files
    elif isinstance(files, list):
        for entry in files:
            yield from _patterns(entry, split)
    elif isinstance(files, dict) and "path" in files:
        yield from _patterns(files["path"], str(files["split"]) if "split" in files else split)
    elif isinstance(files, dict):
        for name, entry in files.items():
            yield from _patterns(entry, str(name))


def _matching(folder: Path, pattern: str, readme: Path) -> list[Path]:
    """Return the files of a pattern, none of them outside the folder."""
    parts = Path(pattern).parts
    if Path(pattern).is_absolute() or ".." in parts or not parts:
        raise RequestError(
            str(readme), f"`{pattern}` is outside the folder", "name the files in `corpus.files`"
        )
    inside = folder.resolve()
    paths = sorted(
        path for path in folder.glob(pattern) if path.is_file() and path.resolve().is_relative_to(inside)
    )
    if not paths:
        raise RequestError(
            str(readme), f"it names `{pattern}`, and there is no such file", "obtain the whole dataset again"
        )
    return paths


def _by_name(folder: Path, suffixes: Set[str]) -> Iterator[tuple[str | None, Path]]:
    """Yield the files in `data`, else in the folder itself, whose names hold a split."""
    for searched in (folder / "data", folder):
        entries = sorted(searched.iterdir()) if searched.is_dir() else []
        named = [
            (match.group(1).lower(), path)
            for path in entries
            if path.is_file()
            and suffixes & set(path.suffixes)
            and (match := _NAMED.search(path.name.partition(".")[0]))
        ]
        if named:
            yield from named
            return


def _front_matter(readme: Path) -> dict[str, object]:
    """Return what is between the `---` lines a file begins with; empty if there is nothing."""
    with readme.open(encoding="utf-8", errors="replace") as stream:
        text = stream.read(_LARGEST).replace("\r\n", "\n").removeprefix("\ufeff")
    if not text.startswith("---\n"):
        return {}
    try:
        return parse(text[4:].partition("\n---")[0], readme).values
    except RequestError as error:
        what = f"its front matter cannot be read: {error.what}"
        raise RequestError(error.where, what, "repair it, or name the files in `corpus.files`") from None
