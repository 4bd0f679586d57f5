"""The first config for one's own corpus: what `augment init` writes after a look at the heads of the files.

text = first_config({"root": ".", "files": ["reviews.csv"]}, "mine.yaml")
write_new(Path("mine.yaml"), text)           # never replaces a file
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from augment.config.sections import CorpusConfig
from augment.config.yaml_file import Document, checked
from augment.corpus import few_valued, inspect, peek
from augment.errors import RequestError
from augment.models.labels import listed, lists_in_cells
from augment.text.visible import one_line

# What YAML reads as the text that it is; all else is written in quotes.
_PLAIN = re.compile(r"[A-Za-z_./\u3400-\u9fff][\w./\u3400-\u9fff-]*")
_WORDS = {"true", "false", "null", "n", "y", "yes", "no", "on", "off"}
_MOST_LABELS = 20


def first_config(corpus: Mapping[str, object], name: str, model: str | None = None) -> str:
    """Return the text of a config for a corpus, with what was seen and what may be set as comments.

    corpus: the keys of the section that are given. name: the file it will be in. Raises as the corpus reader does for
    columns that cannot be settled and files that cannot be read.
    """
    section = checked(CorpusConfig, Document(Path(str(corpus.get("files"))), dict(corpus)), dict(corpus))
    shape = inspect(section)
    guesses = few_valued(section) if shape.label is None and section.label is None else {}
    if len(guesses) == 1:
        return first_config({**corpus, "label": next(iter(guesses))}, name, model)
    head = peek(section)
    labels = sum(map(Counter, head.labels.values()), Counter[str]())
    roles = {role: getattr(shape, role) for role in ("text", "text_pair", "label", "id", "split")}
    folder = model or f"models/{_stem(section)}"
    lines = [
        *_heading(section, name, labels, head.rows),
        "corpus:",
        f"  root: {_value(str(section.root))}  # folder that file names are relative to",
        *_files(section),
        *([f"  format: {section.format}"] if section.format != "auto" else []),
        *(f"  {role}: {_value(column)}  # {_ROLES[role]}" for role, column in roles.items() if column),
        *_several(labels if shape.separator is None else {}),
        *_unused(roles, shape.schema.names, labels, guesses),
        "",
        "# `augment train` saves the model here; or name a folder or hub id of a classifier you have.",
        "model:",
        f"  path: {_value(folder)}",
        "",
        "train:",
        f"  start: {'bert-small' if shape.text_pair else 'textcnn'}  # or a folder or hub id of an encoder to fine-tune",
        *_OTHERS,
    ]
    return "\n".join(lines) + "\n"


def write_new(path: Path, text: str) -> None:
    """Write a file that must not be there; RequestError if it is, or if its folder is not."""
    if path.suffix not in (".yaml", ".yml"):
        raise RequestError(str(path), "a config is a YAML file", f"name it {path.with_suffix('.yaml')}")
    try:
        with open(path, "x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        hint = "choose another name with -o; a config is never replaced"
        raise RequestError(str(path), "the file exists", hint) from None
    except FileNotFoundError:
        raise RequestError(str(path), f"there is no folder {path.parent}", "create it first") from None


_ROLES = {
    "text": "column with the text",
    "text_pair": "column with the second text",
    "label": "column with the label",
    "id": "column with unique ids",
    "split": "column with train, validation or test",
}
_OTHERS = (
    "",
    "# More, all optional; docs/configs.md explains every key.",
    "# resources:",
    "#   protect: [brand, 品牌]       # words that are never edited",
    "#   masked_lm: FOLDER           # words that fit the sentence, from a masked language model",
    "# run:",
    "#   device: auto                # cpu, cuda, mps",
    "#   limit: 200                  # a trial on a few rows",
    "# output:",
    "#   format: csv                 # parquet by default; or jsonl",
)


def _heading(section: CorpusConfig, name: str, labels: Mapping[str, int], rows: int) -> Iterable[str]:
    """Yield the comment at the top: what was seen, and what to run next."""
    seen = listed([f"{label} ({count:,})" for label, count in sorted(labels.items())][:_MOST_LABELS])
    yield f"# {one_line(section.origin)}: {rows:,} rows seen; labels: {one_line(seen) or 'none'}"
    yield "#"
    yield f"#   augment train -c {name}              # train a classifier; print its accuracy"
    yield f"#   augment check augment -c {name}      # what a run would use"
    yield f"#   augment run augment -c {name}        # more training rows, with a report"
    yield f"#   augment keywords -c {name}           # words the labels depend on"
    yield ""


def _several(labels: Mapping[str, int]) -> Iterable[str]:
    """Yield what makes several labels of a cell, as a comment, where the labels look like such lists."""
    separator = lists_in_cells(labels)
    if separator is not None:
        yield f"  # label_separator: {_value(separator)}  # if a row may have several labels"


def _files(section: CorpusConfig) -> Iterable[str]:
    """Yield the lines of the files, by split where they have one."""
    if any(file.split for file in section.files):
        yield "  files:"
        splits = dict.fromkeys(file.split for file in section.files)
        for split in splits:
            names = ", ".join(_value(file.path) for file in section.files if file.split == split)
            yield f"    {split}: [{names}]"
    elif len(section.files) == 1:
        yield f"  files: {_value(section.files[0].path)}"
    else:
        yield f"  files: [{', '.join(_value(file.path) for file in section.files)}]"


def _unused(
    roles: Mapping[str, str | None],
    columns: Iterable[str],
    labels: Mapping[str, int],
    guesses: Iterable[str],
) -> Iterable[str]:
    """Yield comments on what else the section could give: other columns, names of labels, the split."""
    others = [name for name in columns if name not in roles.values()]
    if roles["label"] is None and not labels:
        could = f"it could be {one_line(', '.join(guesses))}" if guesses else "no column looks like it"
        yield f"  # label: COLUMN  # {could}; training needs one"
    if others:
        yield f"  # other columns, kept as they are: {one_line(', '.join(others))}"
    if 0 < len(labels) <= _MOST_LABELS and all(label.isdecimal() for label in labels):
        names = ", ".join(f"{label}: NAME" for label in sorted(labels, key=int))
        yield f"  # label_names: {{{names}}}  # what the numbers mean"
    if roles["split"] is None:
        yield "  # split: COLUMN  # without one, rows are divided 80/10/10 by a hash of the text"


def _stem(section: CorpusConfig) -> str:
    """Return the name of the first file without its endings."""
    first = os.path.basename(section.files[0].path.rstrip("/")) if section.files else "mine"
    return first.partition(".")[0] or "mine"


def _value(text: str) -> str:
    """Return a text as YAML reads it back."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if plain else json.dumps(text, ensure_ascii=False)
