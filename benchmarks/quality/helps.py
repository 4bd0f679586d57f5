r"""Ask `augment evaluate` on several corpora whether augmentation helps, and pool what it finds.

    OMP_NUM_THREADS=1 python -m benchmarks.quality.helps --vectors E5 --name textcnn-e5                        # 240 draws
    OMP_NUM_THREADS=1 python -m benchmarks.quality.helps --name textcnn --seeds 3 --rows 100 500
    OMP_NUM_THREADS=1 python -m benchmarks.quality.helps --name minilm --start MINILM --freeze 4 --learning-rate 0.0003 \
        --batch-size 8 --epochs 3 --test-rows 400 --rows 100 --seeds 6 --corpora sst2-en trec-en --arms NINE
    OMP_NUM_THREADS=1 python -m benchmarks.quality.helps --name e5-4 --start E5 --layers 4 --freeze 2 --learning-rate 0.0003 \
        --batch-size 8 --epochs 3 --test-rows 400 --rows 100 --seeds 6 --corpora takeaway-zh news-zh --arms NINE
    OMP_NUM_THREADS=1 python -m benchmarks.quality.helps --vectors E5 --name equal-textcnn-e5 --equal-classes --texts --noise 0 \
        --judge MODELS/{corpus} --test-rows 600 --rows 100 --seeds 40 --corpora hotel-zh takeaway-zh sst2-en cr-en \
        --arms duplicate augment augment-wide eda

    OMP_NUM_THREADS=1 python -m benchmarks.quality.helps --name equal-minilm --start MINILM --freeze 4 --learning-rate 0.0003 \
        --batch-size 8 --epochs 3 --equal-classes --texts --noise 0 --judge MODELS/{corpus} --test-rows 400 --rows 100 --seeds 6 \
        --corpora sst2-en cr-en --arms duplicate augment augment-wide eda     # equal-e5-4: --start E5 --layers 4 --freeze 2

The tables below are of accuracy alone, on draws with classes in the shares they have. In another domain that is mostly a question
of where the threshold is (hotels are 69 % positive, meals 33 %), so the tables `elsewhere` do not show that a model orders texts
better. The last two commands are made to show it, with 160 draws, forty a corpus, and with encoders, six a corpus: they draw
equally many rows of each class, and measure AUC, which has no threshold, and accuracy at a threshold fitted on validation. What natural edits learn from there: Chinese
reviews or English snippets without any text that a corpus here has, and the train split of the corpus without labels (texts
compared by their letters and digits; how many were dropped is printed). Vectors of words and what counts are worth are learned
once a corpus, not once a draw. Its judge is a textcnn of the whole train split.

Arms, at equal rows and steps: `augment` (few natural edits), `augment-wide` (key words protected), its twins on random words and on words by log odds, EDA, EDA with
the alpha that makes as many edits a sample as `augment-wide` (`eda:matched`, by 300 rows of the corpus), R-Drop
with and without `augment-wide`, new variants in every pass, and R-Drop at half the steps, where it takes as much computation.
NINE is all of these but `augment` and `eda:matched`. Models: a `textcnn` on the fixed word vectors of e5-small, one from scratch, and two
encoders of which the upper two layers are tuned; how is said above. Their rate, passes and batches (188 steps) were chosen by
the accuracy of `duplicate` on draw 3. Everything else is as `augment evaluate` has it: 4 variants a row, 12 passes over the
enlarged set from scratch, a judge of another family trained on the whole train split. Models read 128 pieces, of hotel
reviews and with encoders 64. The reporting draws begin at number 100; the lower ones were used to try things. English arms
have WordNet and are tested on words of Moby; of Cilin every second row is the arms', the others are the test's. Differences
are points against `duplicate`, pooled over corpora and sizes; intervals are a bootstrap of the draws of each corpus and size.
Draws in helps.json are not measured again.
"""

import argparse
import shutil
import subprocess
import time
from collections import defaultdict
from math import isnan
from pathlib import Path

import torch

from augment.config.job import Job, read_job
from augment.config.shipped import find
from augment.errors import AugmentError
from augment.evaluation.cells import Bench
from augment.evaluation.conditions import Condition
from augment.evaluation.evaluation import FACTS
from augment.evaluation.scoring import AUC, MEASURES
from augment.evaluation.statistics import Difference, compare, holm
from augment.progress import silent
from benchmarks.common import HERE, Cell, Results, command_line, part, write_page
from benchmarks.quality.evidence_texts import files_of
from benchmarks.quality.matching import MATCHED, halves, matched_eda
from benchmarks.quality.shared_learning import share_learning

RESULTS = Results("quality/helps")
FIRST = 100
# Another domain with the same labels, and lexicons for the reworded test, by corpus.
CORPORA: dict[str, tuple[list[str], list[str]]] = {
    "sst2-en": (["cr-en"], ["moby"]),
    "cr-en": (["sst2-en"], ["moby"]),
    "trec-en": ([], ["moby"]),
    "hotel-zh": (["takeaway-zh"], ["cilin"]),
    "takeaway-zh": (["hotel-zh"], ["cilin"]),
    "news-zh": ([], ["cilin"]),
}
CONDITIONS = (
    "duplicate",
    "eda",
    "eda:matched",
    "augment",
    "augment-wide",
    "augment-wide:random",
    "augment-wide:log_odds",
    "duplicate+r_drop",
    "augment-wide+r_drop",
    "augment-wide+online",
    "augment-wide+r_drop+half",
)
TESTS = {
    "clean": "clean",
    "noise": "noise",
    "synonyms": "synonyms",
    "cr-en": "elsewhere",
    "sst2-en": "elsewhere",
}
TESTS |= {"takeaway-zh": "elsewhere", "hotel-zh": "elsewhere"}
# What is asked in advance, arm against arm.
PAIRS = (
    ("augment", "augment-wide"),
    ("augment", "eda"),
    ("augment-wide", "augment-wide:random"),
    ("augment-wide", "augment-wide:log_odds"),
    ("augment-wide", "eda"),
    ("augment-wide", "eda:matched"),
    ("augment-wide+r_drop", "duplicate+r_drop"),
)
# Of these the gain is given by corpus.
SUBJECTS = ("augment", "augment-wide")
# Seconds of one core for an arm of a draw of 100 rows, to tell how long it will take.
SECONDS = {"textcnn": 6.0}
# Corpora whose texts are cut to so many pieces, as all are for encoders.
LONG, LONGEST = ("hotel-zh",), 64
# Models that are pooled as well.
ENCODERS = (("e5-4", "minilm"), ("equal-e5-4", "equal-minilm"))
Group = dict[str, list[float]]


def main() -> None:
    """Measure every draw that is missing, and write the table after each."""
    arguments = _arguments()
    torch.set_num_threads(1)
    draws = [
        (corpus, rows, FIRST + seed)
        for seed in range(arguments.seeds)
        for rows in arguments.rows
        for corpus in arguments.corpora
    ]
    left = [draw for draw in draws if _key(arguments.name, *draw) not in RESULTS.cells]
    each = SECONDS.get(arguments.start, 80.0) * len(arguments.arms) / 100
    print(
        f"{len(left)} draws of {len(draws)}, about {sum(each * rows for _, rows, _ in left) / 60:.0f} minutes",
        flush=True,
    )
    benches: dict[str, Bench] = {}
    at_hand: list[str] = [""]
    share_learning(lambda: at_hand[0])
    for corpus, rows, seed in left:
        at_hand[0] = corpus
        began = time.process_time()
        try:
            if corpus not in benches:
                benches[corpus] = bench_of(arguments, corpus)
            cell = measured(arguments, benches[corpus], corpus, rows, seed)
        except AugmentError as error:
            print(corpus, rows, seed, "left out:", error)
            continue
        RESULTS.save(_key(arguments.name, corpus, rows, seed), {**cell, "of": _made_by()})
        print(f"{time.process_time() - began:.0f} CPU-seconds", flush=True)
        write_table()
    write_table()


def bench_of(arguments: argparse.Namespace, corpus: str) -> Bench:
    """Return the bench of all draws of a corpus, which shares its tests and its judge."""
    folder = arguments.work / f"{corpus}-{arguments.name}" / "work"
    folder.mkdir(parents=True, exist_ok=True)
    return Bench.of(job_of(arguments, corpus), folder, silent)


def measured(arguments: argparse.Namespace, bench: Bench, corpus: str, rows: int, seed: int) -> Cell:
    """Return what every arm comes to on one draw."""
    result: Cell = {}
    for name in arguments.arms:
        wanted = name
        if name == MATCHED:
            file = arguments.work / f"eda-{corpus}.yaml"
            # What is counted asks no model, but a job must name one.
            wanted = str(matched_eda(bench.job.model_copy(update={"model": bench.judge}), file))
        result[name] = dict(bench.measured(Condition.of(wanted), rows, seed))
    shutil.rmtree(bench.folder / f"{rows}-{seed}")
    return result


def _made_by() -> dict[str, str]:
    """Return the commit that made a draw: pipelines change."""
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=HERE, capture_output=True, text=True, check=False
    ).stdout
    return {"commit": commit.strip()}


def job_of(arguments: argparse.Namespace, corpus: str) -> Job:
    """Return the job of a corpus."""
    others, synonyms = CORPORA[corpus]
    ours = ""
    if synonyms == ["cilin"]:
        ours, theirs = halves(arguments.work)
        synonyms = [theirs]
    settings = {
        "corpus.root": arguments.data,
        "train.start": arguments.start,
        "train.baseline": "false",
        "model.max_length": LONGEST if corpus in LONG or arguments.start != "textcnn" else 128,
        "run.device": "cpu",
        "run.threads": 1,
        "evaluate.equal_classes": str(arguments.equal_classes).lower(),
        "evaluate.others": others,
        "evaluate.synonyms": synonyms,
        "evaluate.test_rows": arguments.test_rows,
    }
    if ours:
        settings["resources.lexicons"] = [ours]
    for name in ("layers", "vectors", "freeze", "learning_rate", "batch_size"):
        if getattr(arguments, name) is not None:
            settings[f"train.{name}"] = getattr(arguments, name)
    if arguments.texts:
        files = files_of(corpus, others, Path(arguments.data), arguments.work)
        settings["resources.texts"] = [str(file.resolve()) for file in files]
    if arguments.judge is not None:
        settings["judge.path"] = arguments.judge.format(corpus=corpus)
    if arguments.noise is not None:
        settings["evaluate.noise"] = arguments.noise
    if arguments.epochs is not None:
        settings["evaluate.epochs"] = arguments.epochs
    words = [f"{name}={value}" for name, value in settings.items()]
    return read_job([find("configs", corpus)], words)


def write_table() -> None:
    """Write helps.md: every arm against duplicate, and the pairs that are asked for, by kind of model and test."""
    lines: list[str] = []
    names = sorted({key.split(" ")[0] for key in RESULTS.cells})
    parts: list[tuple[str, tuple[str, ...]]] = [(name, (name,)) for name in names]
    parts += [(f"{' and '.join(both)} together", both) for both in ENCODERS if set(both) <= set(names)]
    for title, some in parts:
        draws = {key: cell for key, cell in RESULTS.cells.items() if key.split(" ")[0] in some}
        lines += [f"## {title}", "", f"{len(draws)} draws: {_summary_of(draws)}.", ""]
        commits = sorted({str(made)[:9] for cell in draws.values() for made in part(cell, "of").values()})
        if commits:
            lines += [f"Pipelines as of commit {', '.join(commits)}.", ""]
        for test in dict.fromkeys(TESTS.values()):
            for suffix, what in MEASURES.items():
                lines += _table(draws, test, suffix, what)
        for condition in SUBJECTS:
            lines += _by_corpus(draws, condition)
        lines += _labels(draws)
    write_page("quality/helps", "Does augmentation help?", __doc__, lines)


def _table(draws: dict[str, Cell], test: str, suffix: str, what: str) -> list[str]:
    """Return the table of a measure of a kind of test; nothing where no draw has it."""
    against = {
        condition: compare(result)
        for condition in CONDITIONS[1:]
        if (result := _differences(draws, condition, CONDITIONS[0], test, suffix))
    }
    if not against:
        return []
    pairs = {
        f"{one} over {other}": compare(result)
        for one, other in PAIRS
        if (result := _differences(draws, one, other, test, suffix))
    }
    lines = [
        f"### {test}, {what}" if _has_measures(draws) else f"### {test}",
        "",
        "| arm | points | 95 % interval | p (Holm) | cells | could be seen | verdict |",
    ]
    lines.append("|---|---|---|---|---|---|---|")
    for compared in (holm(against), holm(pairs)):
        lines += [_line(name, one) for name, one in compared.items()]
    return [*lines, ""]


def _has_measures(draws: dict[str, Cell]) -> bool:
    """Return whether draws have more than accuracy."""
    return any(f"clean{AUC}" in part(cell, CONDITIONS[0]) for cell in draws.values())


def _by_corpus(draws: dict[str, Cell], condition: str) -> list[str]:
    """Return what an arm is above duplicate on each corpus, over all sizes; nothing where no draw has it."""
    if not any(condition in cell for cell in draws.values()):
        return []
    tests = tuple(dict.fromkeys(TESTS.values()))
    suffixes = tuple(MEASURES) if _has_measures(draws) else ("",)
    columns = [
        (test, suffix)
        for test in tests
        for suffix in suffixes
        if len(suffixes) == 1 or _differences(draws, condition, CONDITIONS[0], test, suffix)
    ]
    heads = [test if len(suffixes) == 1 else f"{test}, {MEASURES[suffix]}" for test, suffix in columns]
    lines = [f"### {condition} above duplicate, by corpus", "", f"| corpus | {' | '.join(heads)} |"]
    lines.append(f"|---|{'---|' * len(heads)}")
    for corpus in sorted({key.split(" ")[1] for key in draws}):
        own = {key: cell for key, cell in draws.items() if key.split(" ")[1] == corpus}
        cells = [_span(own, condition, *column) for column in columns]
        lines.append(f"| {corpus} | {' | '.join(cells)} |")
    return [*lines, ""]


def _span(draws: dict[str, Cell], condition: str, test: str, suffix: str) -> str:
    """Return how far an arm is above duplicate in a kind of test, with the interval; nothing where no draw has it."""
    result = _differences(draws, condition, CONDITIONS[0], test, suffix)
    if not result:
        return ""
    one = compare(result)
    return f"{one.mean:+.2f}" if isnan(one.low) else f"{one.mean:+.2f} ({one.low:+.2f} to {one.high:+.2f})"


def _line(name: str, one: Difference) -> str:
    """Return the line of a difference."""
    span = "" if isnan(one.low) else f"{one.low:+.2f} to {one.high:+.2f}"
    reported = not isnan(one.low)
    facts = (
        name,
        f"{one.mean:+.2f}",
        span,
        f"{one.holm:.3f}" if reported else "",
        str(one.cells),
        f"{one.seen:.1f}" if reported else "",
        one.verdict,
    )
    return f"| {' | '.join(facts)} |"


def _labels(draws: dict[str, Cell]) -> list[str]:
    """Return what the judge says of the samples of every arm, beside their edits."""
    lines = [
        "### samples",
        "",
        "| arm | a row | edits | label kept | lost for each edit |",
        "|---|---|---|---|---|",
    ]
    for condition in CONDITIONS[1:]:
        cells = [
            (int(key.split(" ")[2]), part(cell, condition))
            for key, cell in draws.items()
            if "label_kept" in part(cell, condition)
        ]
        if cells:
            many, edits, kept = (
                sum(float(cell[name]) / (rows if name == "samples" else 1) for rows, cell in cells)
                / len(cells)
                for name in FACTS[:3]
            )
            lines.append(
                f"| {condition} | {many:.2f} | {edits:.2f} | {kept:.1%} | {(1 - kept) / edits:.2%} |"
            )
    return [*lines, ""]


def _differences(draws: dict[str, Cell], condition: str, other: str, test: str, suffix: str) -> Group:
    """Return the differences between two arms in points, by corpus and size. suffix: of the measure."""
    groups: Group = defaultdict(list)
    for key, cell in draws.items():
        both = [part(cell, name) for name in (condition, other)]
        for name, kind in TESTS.items():
            score = f"{name}{suffix}"
            if kind == test and all(one.get(score) is not None for one in both):
                _, corpus, rows, _ = key.split(" ")
                groups[f"{corpus} {rows}"].append(100 * (both[0][score] - both[1][score]))
    return groups


def _summary_of(draws: dict[str, Cell]) -> str:
    """Return how many draws there are of each corpus and size."""
    count: dict[str, int] = defaultdict(int)
    for key in draws:
        _, corpus, rows, _ = key.split(" ")
        count[f"{corpus} of {rows} rows"] += 1
    return ", ".join(f"{number} of {name}" for name, number in sorted(count.items()))


def _key(name: str, corpus: str, rows: int, seed: int) -> str:
    """Return the name of a draw."""
    return f"{name} {corpus} {rows} {seed}"


def _arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = command_line(__doc__, "helps")
    parser.add_argument("--corpora", nargs="+", default=list(CORPORA), choices=list(CORPORA), help="shipped")
    parser.add_argument("--rows", type=int, nargs="+", default=[50, 100, 200, 500], help="sizes of the draws")
    parser.add_argument("--seeds", type=int, default=10, help="draws of each size")
    parser.add_argument("--arms", nargs="+", default=list(CONDITIONS), help="what is compared")
    parser.add_argument("--start", default="textcnn", help="textcnn, or the folder of an encoder")
    parser.add_argument("--layers", type=int, default=None, help="first layers of the encoder")
    parser.add_argument(
        "--vectors", default=None, help="folder of an encoder whose word vectors a textcnn has"
    )
    parser.add_argument("--freeze", type=int, default=None, help="first layers left as they are")
    parser.add_argument("--learning-rate", type=float, default=None, help="in place of the default")
    parser.add_argument("--batch-size", type=int, default=None, help="rows of a step")
    parser.add_argument("--epochs", type=float, default=None, help="passes over the enlarged data")
    parser.add_argument("--equal-classes", action="store_true", help="draw equally many rows of every class")
    parser.add_argument("--texts", action="store_true", help="give natural edits texts to learn from")
    parser.add_argument(
        "--judge", default=None, help="trained model, {corpus} for its name, in place of one of its own"
    )
    parser.add_argument("--noise", type=float, default=None, help="share of letters in the noisy test")
    parser.add_argument("--test-rows", type=int, default=1000, help="rows of each test")
    parser.add_argument("--name", default=None, help="what the model is called in the results")
    arguments = parser.parse_args()
    arguments.name = arguments.name or Path(arguments.start).name
    return arguments


if __name__ == "__main__":
    main()
