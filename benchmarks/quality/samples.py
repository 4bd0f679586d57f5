"""How do samples read? Sheets for readers who do not know which system made a sample, and the figures of what they wrote.

    python -m benchmarks.quality.samples sheet --work FOLDER --each 60 \
        "natural, words:zh=RUN/hotel-zh:substitute_other" "EDA:zh=RUN/eda-hotel-zh" ...
    python -m benchmarks.quality.samples unblind --work FOLDER one.csv other.csv
    python -m benchmarks.quality.samples show RUN/demo-zh RUN/demo-en --each 10
    python -m benchmarks.quality.samples figures RUN/hotel-zh RUN/sst2-en
    python -m benchmarks.quality.samples replaced RUN/hotel-zh RUN/eda-hotel-zh

`sheet` draws, for each system and language, so many samples of different source rows from finished runs (those that
joined the data; with `--of probes` those that are kept apart, with `--of all` all that were made), shuffles all of them and writes `sheet.csv`, with source, sample and edits, and `key.json`, which a reader does not
open. `show` prints some. `figures` prints of how many rows of eight words and
more a run has samples, how many of each, their edits, and the two-sample AUC of one sample a row: the mean of draws, with the least and the most. `replaced` prints that AUC for samples with one edit
each, which replaces a word, of as many source rows in each run: the mean of draws of rows and samples. Several runs of a system and language share its number. A reader writes a file with the columns number, fluency (2
natural, 1 understandable but odd, 0 broken), meaning (of what was edited: 2 same, 1 shifted, 0 wrong), label (right, unclear,
wrong) and acceptable (1 or 0: would you put this row into a training set you care about?). Texts of corpora are not
committed. Intervals are 95 % (Wilson); agreement is Cohen's kappa on acceptable.
"""

import argparse
import csv
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import pyarrow.parquet as pq

from augment.output.two_sample import two_sample_auc
from augment.review.agreement import kappa_of
from augment.text.segment import tokens_of
from benchmarks.common import interval_of, write_page

Row = dict[str, str]
# Letters shown on either side of an edit.
_AROUND = 25
# Draws of rows and samples of a run.
_DRAWS = 5
# Rows by their number of words: name, least, and below.
_LENGTHS = (("25 and more", 25, 10**9), ("8 to 24", 8, 25), ("8 and more", 8, 10**9))


def main() -> None:
    """Write a sheet, or the figures of sheets that were filled in."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["sheet", "unblind", "show", "figures", "replaced"])
    parser.add_argument("given", nargs="+", help="SYSTEM:LANGUAGE=FOLDER[:METHOD], or files of ratings")
    parser.add_argument("--work", type=Path, default=Path("."), help="folder of the sheet and its key")
    parser.add_argument("--each", type=int, default=60, help="samples a system and language")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--of", choices=["data", "probes", "all"], default="data", help="which samples")
    arguments = parser.parse_args()
    if arguments.what == "sheet":
        write_sheet(arguments.given, arguments.each, arguments.seed, arguments.work, arguments.of)
    elif arguments.what == "show":
        show([Path(name) for name in arguments.given], arguments.each, arguments.seed)
    elif arguments.what == "figures":
        print("\n".join(figures([Path(name) for name in arguments.given], arguments.seed)))
    elif arguments.what == "replaced":
        print("\n".join(replaced([Path(name) for name in arguments.given], arguments.seed)))
    else:
        unblind([Path(name) for name in arguments.given], arguments.work)


def write_sheet(systems: Sequence[str], each: int, seed: int, work: Path, which: str = "data") -> None:
    """Draw samples of every system and write them shuffled, with the key apart."""
    pools: dict[tuple[str, str], list[list[Row]]] = defaultdict(list)
    for given in systems:
        name, _, where = given.partition("=")
        system, _, language = name.rpartition(":")
        folder, _, method = where.partition(":")
        pools[system, language].append(_samples(Path(folder), method or None, seed, which))
    drawn: list[tuple[str, str, Row]] = []
    for (system, language), parts in pools.items():
        share = each // len(parts)
        drawn += [(system, language, row) for part in parts for row in part[:share]]
    random.Random(seed).shuffle(drawn)
    work.mkdir(parents=True, exist_ok=True)
    with (work / "sheet.csv").open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(["number", "label", "source", "sample", "edits"])
        for number, (_, _, row) in enumerate(drawn):
            lines.writerow([number, row["label"], row["source"], row["sample"], row["edits"]])
    key = {str(number): [system, language] for number, (system, language, _) in enumerate(drawn)}
    (work / "key.json").write_text(json.dumps(key, ensure_ascii=False, indent=1), encoding="utf-8")


def show(folders: Sequence[Path], each: int, seed: int) -> None:
    """Print samples of each run, drawn by the seed, as a table with what was edited."""
    for folder in folders:
        print(f"\n| {folder.name}: what was edited |\n|---|")
        for row in _samples(folder, None, seed)[:each]:
            print(f"| {row['edits'].replace('|', '/')} |")


def figures(folders: Sequence[Path], seed: int) -> list[str]:
    """Return for each run a line of a table: rows with a sample and samples a row, by length, edits and two-sample AUC."""
    lines = [
        "| run | words | rows | rows with a sample % | samples a row | edits a sample | two-sample AUC |",
        "|---|---|---|---|---|---|---|",
    ]
    for folder in folders:
        made = Counter(row["source_id"] for row in rows_in(folder) if row["source_id"] is not None)
        edits = [len(row["edits"]) for row in rows_in(folder) if row["source_id"] is not None]
        words = _words_of(folder)
        area = _area(_pairs_of(rows_in(folder)), seed)
        for name, least, below in _LENGTHS:
            of_rows = [made[row] for row, count in words.items() if least <= count < below]
            if of_rows:
                having = 100 * sum(count > 0 for count in of_rows) / len(of_rows)
                lines.append(
                    f"| {folder.name} | {name} | {len(of_rows)} | {having:.0f} | {sum(of_rows) / len(of_rows):.2f} | "
                    f"{sum(edits) / max(len(edits), 1):.2f} | {area} |"
                )
    return lines


def replaced(folders: Sequence[Path], seed: int) -> list[str]:
    """Return a line for each run: the two-sample AUC of samples that replace one word, of equally many rows."""
    pairs = [_pairs_replaced(folder) for folder in folders]
    count = min(map(len, pairs))
    lines = []
    for folder, of_run in zip(folders, pairs, strict=True):
        lines.append(f"| {folder.name} | {count} of {len(of_run)} rows | {_area(of_run, seed, count)} |")
    return lines


def _area(samples: dict[str, list[str]], seed: int, count: int | None = None) -> str:
    """Return the two-sample AUC of draws of one sample for each of so many source texts, or of all: the mean, the least and the most."""
    rng, areas = random.Random(seed), []
    for _ in range(_DRAWS):
        chosen = rng.sample(sorted(samples), len(samples) if count is None else count)
        drawn = [(source, rng.choice(samples[source])) for source in chosen]
        areas.append(two_sample_auc([(tokens_of(one, "auto"), tokens_of(two, "auto")) for one, two in drawn]))
    known = [area for area in areas if area is not None]
    return f"{mean(known):.3f} ({min(known):.3f} to {max(known):.3f})" if known else "too few"


def _pairs_of(rows: Sequence[dict[str, Any]]) -> dict[str, list[str]]:
    """Return for each source text its samples."""
    text = next(name for name in ("text", "review", "sentence", "content") if name in rows[0])
    sources = {row["id"]: str(row[text]) for row in rows if row["source_id"] is None}
    result: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row["source_id"] is not None:
            result[sources[row["source_id"]]].append(str(row[text]))
    return result


def _pairs_replaced(folder: Path) -> dict[str, list[str]]:
    """Return for each source text of a run its samples with one edit that replaces a word."""
    result: dict[str, list[str]] = defaultdict(list)
    for _, source, sample, edits in replacing(rows_in(folder)):
        if edits == 1:
            result[source].append(sample)
    return result


def replacing(rows: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str, str, int]]:
    """Yield of each sample among rows whose edits all replace words: the id and text of its source, its text, and its edits."""
    text = next(name for name in ("text", "review", "sentence", "content") if name in rows[0])
    sources = {row["id"]: str(row[text]) for row in rows if row["source_id"] is None}
    for row in rows:
        edits = row["edits"] or []
        if row["source_id"] is not None and edits and all(edit["old"] and edit["new"] for edit in edits):
            yield row["source_id"], sources[row["source_id"]], str(row[text]), len(edits)


def _words_of(folder: Path) -> dict[str, int]:
    """Return how many tokens with a letter or digit each source row of a run has."""
    words: dict[str, int] = {}
    for path in sorted((folder / "explain").glob("source_rows*.parquet")):
        table = pq.read_table(path, columns=["id", "tokens"]).to_pydict()
        for name, tokens in zip(table["id"], table["tokens"], strict=True):
            words[name] = sum(any(mark.isalnum() for mark in token) for token in tokens or ())
    return words


def rows_in(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of the train split of a run, samples included."""
    paths = sorted((folder / "data").glob("train*.parquet"))
    return [row for path in paths for row in pq.read_table(path).to_pylist()]


def _rows_apart(folder: Path) -> list[dict[str, Any]]:
    """Return the rows that a run worked on and all its samples, wherever they are."""
    paths = [folder / "explain" / f"{name}.parquet" for name in ("source_rows", "samples")]
    rows = [row for path in paths for row in pq.read_table(path).to_pylist()]
    return [row | {"source_id": row.get("source_id")} for row in rows]


def _samples(folder: Path, method: str | None, seed: int, which: str = "data") -> list[Row]:
    """Return one sample of each source row of a run, rows shuffled."""
    rows = rows_in(folder) if which == "data" else _rows_apart(folder)
    if which == "probes":
        rows = [
            row for row in rows if row["source_id"] is None or row["verdict"] in ("adversarial", "contrast")
        ]
    text = next(name for name in ("text", "review", "sentence", "content") if name in rows[0])
    sources = {row["id"]: row for row in rows if row["source_id"] is None}
    label = next(name for name in ("label_name", "label") if name in rows[0])
    rng = random.Random(seed)
    rng.shuffle(rows)
    chosen: dict[str, Row] = {}
    for row in rows:
        if row["source_id"] is not None and (method is None or row["method"] == method):
            source = sources[row["source_id"]]
            values = {"label": str(row[label]), "source": str(source[text]), "sample": str(row[text])}
            values["edits"] = " | ".join(_around(values["source"], edit) for edit in row["edits"])
            chosen.setdefault(str(row["source_id"]), values)
    return list(chosen.values())


def _around(source: str, edit: dict[str, Any]) -> str:
    """Return an edit with what is around it in the source."""
    start, end = edit["start"], edit["end"]
    return f"{source[max(0, start - _AROUND) : start]}[{edit['old']} > {edit['new']}]{source[end : end + _AROUND]}"


def unblind(files: Sequence[Path], work: Path) -> None:
    """Write the figures of each system and language, over all readers, and how far they agree."""
    key = json.loads((work / "key.json").read_text(encoding="utf-8"))
    ratings = [{row["number"]: row for row in csv.DictReader(path.open(encoding="utf-8"))} for path in files]
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for one in ratings:
        for number, row in one.items():
            system, language = key[number]
            groups[system, language].append(row)
    lines = [
        "| language | system | ratings | acceptable % (95 %) | fluency | meaning | label wrong / unclear % |",
        "|---|---|---|---|---|---|---|",
    ]
    for (system, language), rows in sorted(groups.items(), key=lambda group: (group[0][1], group[0][0])):
        count = len(rows)
        good = sum(map(_accepted, rows))
        low, high = interval_of(good, count)
        means = [sum(float(row[name]) for row in rows) / count for name in ("fluency", "meaning")]
        wrong, unclear = (
            100 * sum(row["label"].strip() == name for row in rows) / count for name in ("wrong", "unclear")
        )
        lines.append(
            f"| {language} | {system} | {count} | {100 * good / count:.0f} ({low:.0f} to {high:.0f}) | {means[0]:.2f} | "
            f"{means[1]:.2f} | {wrong:.0f} / {unclear:.0f} |"
        )
    for first, second in ((one, other) for at, one in enumerate(ratings) for other in ratings[at + 1 :]):
        lines += ["", f"Agreement on acceptable: kappa {_kappa(first, second):.2f}."]
    print("\n".join(lines))
    write_page("quality/samples", "How samples read", __doc__, lines)


def _kappa(one: dict[str, Row], other: dict[str, Row]) -> float:
    """Return Cohen's kappa of two readers on what both rated."""
    both = sorted(one.keys() & other.keys())
    return kappa_of([(_accepted(one[number]), _accepted(other[number])) for number in both]).kappa


def _accepted(row: Row) -> bool:
    """Return whether a reader would put a row into a training set."""
    return row["acceptable"].strip() == "1"


if __name__ == "__main__":
    main()
