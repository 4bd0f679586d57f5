"""How well is a word that people wrote distinguished from others, by counts alone, or with a model? Areas under ROC curves.

    OMP_NUM_THREADS=1 python -m benchmarks.quality.plausibility --encoder E5 --masked TINY:en --causal SMOLLM2:en --texts zh.txt en.txt

`reads`: words of texts that nothing was learned from, each in its own place, against a random word of its part of speech there:
by counts, and by counts and a language model. `means`: synonyms of a dictionary that people write in a place, against other
words that they write there: by vectors of words, and by these and an encoder. Counts, vectors and what models are worth are
learned from the train split and --texts (files of lines, zh.txt and en.txt by language), without labels; the texts are those of the
other splits. The figure is the area under the ROC curve: the chance that one of the first kind has the higher number (0.5: no
better than by chance). Intervals are 95 % (1,000 bootstrap samples). Each corpus and model is measured once and stays in
plausibility.json.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

from augment.candidates.model_scores import (
    TEXTS,
    SiteFeatures,
    learn_scores,
    meaning_examples,
    open_models,
    reading_examples,
    sites_in,
)
from augment.candidates.plausibility import USUAL, FitScale, Plausibility, Spoken, calibrate
from augment.candidates.senses import learn_senses
from augment.candidates.sources import load_job_lexicons
from augment.candidates.word_counts import PairCounts
from augment.evaluation.material import by_split
from augment.seeding import chance
from augment.stages.evidence import replaceable, strict_synonyms
from augment.text.segment import tokens_of
from benchmarks.common import Cell, Results, command_line, job_of, write_page

RESULTS = Results("quality/plausibility")
CORPORA = ("hotel-zh", "takeaway-zh", "sst2-en", "cr-en")
# Resource, and what it is measured on.
KINDS = {"encoder": "means", "masked_lm": "reads", "causal_lm": "reads"}
_SITES, _SAMPLES = 1000, 1000


def main() -> None:
    """Measure every corpus and model that is missing, and write the table after each."""
    arguments = _arguments()
    torch.set_num_threads(1)
    for corpus in arguments.corpora:
        for name in KINDS:
            folder, _, only = (getattr(arguments, name) or "").partition(":")
            key = f"{corpus} {name} {Path(folder).name}"
            if folder and key not in RESULTS.cells and (not only or corpus.endswith(only)):
                RESULTS.save(key, measured(arguments, corpus, name, folder))
    print("\n".join(write_table()))


def measured(arguments: argparse.Namespace, corpus: str, name: str, folder: str) -> Cell:
    """Return the areas without and with a model, and what it took to learn what it is worth."""
    job = job_of(corpus, arguments.data)
    job = job.model_copy(
        update={"resources": job.resources.model_copy(update={name: folder, "look": (name,)})}
    )
    splits, models = by_split(job), open_models(job)
    spoken: Spoken = "zh" if corpus.endswith("zh") else "en"
    own = sorted({row.text for row in splits.pop("train")})
    held = sorted({row.text for rows in splits.values() for row in rows})
    counts = PairCounts()
    for text in [*own, *_lines(arguments.texts, spoken, set(held))]:
        counts.add(tokens_of(text, spoken))
    evidence = counts.evidence(None, len(own))
    lexicons = load_job_lexicons(job)
    words, synonyms = replaceable(evidence, spoken, lexicons), strict_synonyms(lexicons)
    rng = chance(job.seed, "evidence", spoken, 0)
    senses = learn_senses(evidence)
    scale = calibrate(evidence, senses, words, synonyms, USUAL[spoken], rng)
    plain = Plausibility(evidence, senses, {spoken: scale})
    if models is None:
        raise ValueError("no model is named")
    start = time.process_time()
    texts = chance(job.seed, "learned from", corpus, 0).sample(own, min(TEXTS, len(own)))
    learned = learn_scores(plain, models, texts, words, synonyms, spoken, job.seed)
    seconds = time.process_time() - start
    sites = list(sites_in(held, plain, words, spoken, job.seed))[:_SITES]
    if models.read is not None:
        examples = reading_examples(plain, models.read, sites, words, job.seed, less=0)
        cell = _areas(examples, scale.fit, learned.reading)
    else:
        assert models.seen is not None
        every = list(sites_in(held, plain, words, spoken, job.seed))
        examples = meaning_examples(plain, models.seen, every, words, synonyms, spoken)
        cell = _areas(examples, (0.0, 1.0), learned.meaning)
    return cell | {"kind": KINDS[name], "learning": round(seconds, 1), "weights": _weights(learned)}


def _weights(scale: FitScale) -> list[float]:
    """Return what was learned of a model."""
    return list(scale.reading or scale.meaning)


def _areas(examples: SiteFeatures, without: tuple[float, ...], weights: tuple[float, ...]) -> Cell:
    """Return the areas by counts alone, by the model alone and by both, with intervals, and that of what the model adds."""
    good, bad = examples
    rng = np.random.default_rng(0)
    used = {
        "without": np.array([*without, 0.0]),
        "alone": np.array([*np.zeros(good.shape[1]), 1.0]),
        "with": np.array(weights) if weights else np.array([*without, 0.0]),
    }

    def areas(drawn: np.ndarray) -> list[float]:
        """Return the areas of drawn places."""
        both = np.concatenate([good[drawn], bad[drawn]])
        is_good = np.repeat([1, 0], len(drawn))
        return [float(roc_auc_score(is_good, both @ each[1:])) for each in used.values()]

    every = areas(np.arange(len(good)))
    spread = np.array([areas(rng.integers(len(good), size=len(good))) for _ in range(_SAMPLES)])
    cell: Cell = {"n": len(good)}
    for number, name in enumerate(used):
        cell[name] = [round(every[number], 4), *_middle(spread[:, number])]
    return cell | {"more": [round(every[2] - every[0], 4), *_middle(spread[:, 2] - spread[:, 0])]}


def _middle(values: np.ndarray) -> list[float]:
    """Return the ends of the middle 95 % of values."""
    return [round(float(value), 4) for value in np.quantile(values, [0.025, 0.975])]


def _lines(files: list[Path], spoken: Spoken, held: set[str]) -> list[str]:
    """Return the lines of the file of a language but for texts that are held."""
    named = [file for file in files if file.stem.startswith(spoken)]
    lines = (line for file in named for line in file.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line.strip() and line not in held]


def write_table() -> list[str]:
    """Write the page and return its table."""
    lines = [
        "| corpus | model | what | pairs | without it | the model alone | with it | more | CPU-seconds to learn |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for key, cell in RESULTS.cells.items():
        corpus, name, model = key.split(" ")
        figures = [_shown(cell[each]) for each in ("without", "alone", "with", "more")]
        lines.append(
            f"| {corpus} | {model} ({name}) | {cell['kind']} | {cell['n']} | {' | '.join(figures)} | {cell['learning']} |"
        )
    write_page("quality/plausibility", "Words that people wrote, and others", __doc__, lines)
    return lines


def _shown(figure: object) -> str:
    """Return a figure with its interval."""
    value, low, high = figure if isinstance(figure, list) else (0, 0, 0)
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


def _arguments() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = command_line(__doc__)
    parser.add_argument("--corpora", nargs="+", default=CORPORA)
    parser.add_argument("--texts", nargs="*", type=Path, default=[])
    for name in KINDS:
        parser.add_argument(
            f"--{name.partition('_')[0]}", dest=name, help="FOLDER, with :en for one of English only"
        )
    return parser.parse_args()


if __name__ == "__main__":
    main()
