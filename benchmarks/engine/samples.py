"""Count the samples that lexicons give in a second of one core, once the words are scored.

    OMP_NUM_THREADS=1 python -m benchmarks.engine.samples [--rows 8000]

`substitute` as the pipeline `augment` has it (three samples a row, 35 % of the content words, antonyms and parts of speech
checked), on tokenized rows whose scores are made up; WordNet in English, Cilin in Chinese. CPU seconds of this process. In
the first pass words are looked up, in the second what was looked up is known.
"""

import time
from pathlib import Path

import pyarrow as pa

from augment.config.job import Job, read_job
from augment.config.shipped import find
from augment.corpus import read, with_label_names
from augment.pipeline.apply import apply
from augment.pipeline.definition import Pipeline
from augment.stages import Substitute
from augment.tables.rows import is_sample
from augment.training import train
from benchmarks.common import command_line, write_page

CORPORA = ("sst2-en", "hotel-zh")
SCORED = [
    {"kind": "tokenize"},
    {"kind": "weigh", "by": "random"},
    {"kind": "rank", "by": "weight", "fraction": 0.25},
]


def main() -> None:
    """Count for each language, and write the table."""
    parser = command_line(__doc__, "samples")
    parser.add_argument("--rows", type=int, default=8000, help="training rows of each corpus")
    arguments = parser.parse_args()
    lines = [
        "| corpus | rows | samples | a second, first pass | a second, second pass |",
        "|---|---|---|---|---|",
    ]
    for corpus in CORPORA:
        words = [f"corpus.root={arguments.data}", f"model.path={arguments.work / corpus}", "train.limit=1000"]
        job = with_label_names(read_job([find("configs", corpus)], words))
        if not Path(job.needs_model().path).exists():
            # Tokens come with the pieces of a model, whatever it has learned.
            train(job)
        lines.append(counted(corpus, job, arguments.rows))
        print(lines[-1], flush=True)
    write_page("engine/samples", "Samples a second", __doc__, lines)


def counted(corpus: str, job: Job, count: int) -> str:
    """Return the line of a corpus."""
    rows = pa.concat_tables(pa.table(chunk.rows) for chunk in read(job.needs_corpus())).slice(0, count)
    scoring = Pipeline.model_validate({"name": "score", "about": "", "stages": SCORED})
    batch = apply(scoring, rows, job).table.combine_chunks().to_batches()[0]
    stage = Substitute(kind="substitute", samples=3, share=0.35, score="weight")
    step = stage.open(job, None)
    rates = []
    for _ in range(2):
        began = time.process_time()
        made = int(is_sample(step(batch)).sum())
        rates.append(f"{made / (time.process_time() - began):,.0f}")
    return f"| {corpus} | {len(rows):,} | {made:,} | {' | '.join(rates)} |"


if __name__ == "__main__":
    main()
