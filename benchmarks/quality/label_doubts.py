"""Are doubtful labels found? Labels are flipped at random, and the list of `augment audit` is compared with the flips.

    OMP_NUM_THREADS=1 python -m benchmarks.quality.label_doubts --data FOLDER [--corpora takeaway-zh trec-en] [--cleanlab PYTHON]

Of each corpus 3,000 rows are drawn by hash; the labels of 5 % of the rows are replaced by another one at random. A `textcnn`
is trained with --folds 5 at its defaults, and the rows of train are listed by confident learning. precision: share of the
list that was flipped; recall: share of the flips that is on the list; AUC: of the margin, flips against the rest. The rest
holds the errors that the corpus had before, so precision is a lower bound. With --cleanlab, an interpreter that has
cleanlab is given the same probabilities and labels (find_label_issues, filter_by: the confident joint, and its default).
"""

import argparse
import csv
import json
import random
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

from augment.audit.doubts import doubts, margins
from augment.config.job import Job
from augment.corpus import read
from augment.corpus.repeats import text_key
from augment.training import train
from augment.training.out_of_fold import read_answers
from benchmarks.common import Cell, Results, command_line, labelled, part, write_page

RESULTS = Results("quality/label_doubts")
CORPORA = ("takeaway-zh", "trec-en")
ROWS, FLIPPED = 3000, 0.05
OTHER = """
import json, sys, numpy as np
from cleanlab.filter import find_label_issues
found = np.load(sys.argv[1])
ways = {"joint": "confident_learning", "default": "prune_by_noise_rate"}
print(json.dumps({name: find_label_issues(found["labels"], found["probabilities"], filter_by=way, n_jobs=1,
    return_indices_ranked_by="normalized_margin").tolist() for name, way in ways.items()}))
"""


def main() -> None:
    """Measure every corpus that is missing, and write the table after each."""
    parser = command_line(__doc__, "label-doubts")
    parser.add_argument("--corpora", nargs="+", default=list(CORPORA))
    parser.add_argument("--cleanlab", help="an interpreter that has cleanlab")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for corpus in arguments.corpora:
        if corpus not in RESULTS.cells:
            RESULTS.save(corpus, measured(arguments, corpus))
        write_table()


def measured(arguments: argparse.Namespace, corpus: str) -> Cell:
    """Return what the list finds of the flips, and what cleanlab's does."""
    job, flipped = planted(arguments.data, arguments.work / corpus, corpus)
    result = train(job)
    answers = read_answers(Path(job.needs_model().path))
    assert answers is not None
    number = {name: index for index, name in enumerate(answers.classes)}
    rows = [row for row in rows_of(job) if row[2] == "train" and row[3] in answers.rows]
    truth = np.array([row[0] in flipped for row in rows])
    labels = np.array([number[row[1]] for row in rows])
    probabilities = answers.probabilities[[answers.rows[row[3]] for row in rows]]
    listed = [doubt.row for doubt in doubts(probabilities, labels)]
    cell: Cell = {
        "rows": len(rows),
        "flipped": int(truth.sum()),
        "accuracy out of fold": result.fold_accuracy,
        "auc": round(float(roc_auc_score(truth, -margins(probabilities, labels))), 4),
        "augment": rates(truth, listed),
    }
    if arguments.cleanlab:
        for name, other in by_cleanlab(arguments.cleanlab, probabilities, labels).items():
            both = len(set(listed) & set(other)) / max(1, len(set(listed) | set(other)))
            cell[f"cleanlab, {name}"] = {**rates(truth, other), "in common": round(both, 4)}
    return cell


def planted(data: Path, work: Path, corpus: str) -> tuple[Job, set[str]]:
    """Return the job of some rows of a corpus, a share of whose labels is wrong, and the ids of those in which it is."""
    chance = random.Random(0)
    every = sorted(set(labelled(corpus, data)))
    rows = chance.sample(every, min(ROWS, len(every)))
    classes = sorted({label for _, label in rows})
    wrong = set(chance.sample(range(len(rows)), round(FLIPPED * len(rows))))
    work.mkdir(parents=True, exist_ok=True)
    with (work / "rows.csv").open("w", encoding="utf-8", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(["id", "text", "label"])
        for row, (text, label) in enumerate(rows):
            others = [name for name in classes if name != label]
            lines.writerow([f"r{row}", text, chance.choice(others) if row in wrong else label])
    settings = {
        "name": corpus,
        "corpus": {"root": work, "files": "rows.csv"},
        "model": {"path": str(work / "model"), "folds": 5, "max_length": 64},
        "run": {"device": "cpu", "threads": 1},
    }
    return Job.model_validate(settings), {f"r{row}" for row in wrong}


def rows_of(job: Job) -> list[tuple[str, str, str, int]]:
    """Return id, label, split and the key of the text of each row."""
    labelled: list[tuple[str, str, str, int]] = []
    for chunk in read(job.needs_corpus()):
        columns = chunk.rows.select(["id", "label", "split", "text"]).to_pydict()
        labelled += [(*row[:3], text_key(row[3], None)) for row in zip(*columns.values(), strict=True)]
    return labelled


def rates(truth: np.ndarray, listed: list[int]) -> Cell:
    """Return size, precision and recall of a list of rows, and the precision of its first half."""
    hits = truth[listed]
    return {
        "listed": len(listed),
        "precision": round(float(hits.mean()), 4) if listed else 0.0,
        "recall": round(float(hits.sum() / truth.sum()), 4),
        "first half": round(float(hits[: max(1, len(hits) // 2)].mean()), 4) if listed else 0.0,
    }


def by_cleanlab(python: str, probabilities: np.ndarray, labels: np.ndarray) -> dict[str, list[int]]:
    """Return the rows that cleanlab lists, in two ways."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "answers.npz"
        np.savez(file, probabilities=probabilities, labels=labels)
        done = subprocess.run([python, "-c", OTHER, str(file)], capture_output=True, text=True, check=True)
    content = json.loads(done.stdout.splitlines()[-1])
    return {str(name): [int(row) for row in rows] for name, rows in content.items()}


def write_table() -> None:
    """Write label_doubts.md."""
    lines = [
        "| corpus | rows | flipped | accuracy out of fold | AUC | list | listed | precision | recall | precision of its first half | precision, ratio to ours | recall, ratio | rows in common |",
        f"|{'---|' * 13}",
    ]
    for corpus, cell in RESULTS.cells.items():
        head = f"| {corpus} | {cell['rows']:,} | {cell['flipped']} | {cell['accuracy out of fold']:.3f} | {cell['auc']:.3f} "
        ours = part(cell, "augment")
        for name in ("augment", "cleanlab, joint", "cleanlab, default"):
            result = part(cell, name)
            if not result:
                continue
            ratios = [
                result[key] / ours[key] if ours[key] else float("nan") for key in ("precision", "recall")
            ]
            common = f"{result['in common']:.3f}" if "in common" in result else ""
            lines.append(
                f"{head}| {name} | {result['listed']} | {result['precision']:.3f} | {result['recall']:.3f} | "
                f"{result['first half']:.3f} | {ratios[0]:.2f} | {ratios[1]:.2f} | {common} |"
            )
    write_page("quality/label_doubts", "Labels in doubt", __doc__, lines)


if __name__ == "__main__":
    main()
