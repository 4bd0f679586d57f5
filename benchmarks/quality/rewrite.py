"""Which rewrites of a language model may be samples, and why the others may not; and whether the samples help with few rows.

    python -m benchmarks.quality.rewrite accept --config sst2-en --path FOLDER --rows 24
    python -m benchmarks.quality.rewrite accept --config hotel-zh --server http://127.0.0.1:8000/v1 --model NAME --rows 200
    python -m benchmarks.quality.rewrite helps --config sst2-en --server http://127.0.0.1:8000/v1 --model NAME
    python -m benchmarks.quality.rewrite helps --config hotel-zh --stub --seeds 2 --test-rows 200 --judge models/hotel-zh

`accept` draws rows of train, has each rewritten around its key words (by log odds, the top quarter), and counts the problems that the
program has with the rewrites. `helps` is `augment evaluate` with 10 rows a label: copies, EDA, `augment`, a free paraphrase (the
same prompt and model, nothing locked) and the locked one, on equal rows and steps, with paired draws, intervals, and labels checked by
an independent classifier (--judge, else one of another kind is trained on all rows). --stub is a server on this machine that puts an opening
before the text by rule: no language model, and nothing but a trial of the protocol. All answers are kept in --work, so either goes on where it was broken off. Results are appended to
rewrite.jsonl next to this file; texts of corpora are not committed, and are printed where --show is given. Intervals are 95 % (Wilson).
"""

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from math import isnan
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import yaml

from augment.candidates.entities import Entities
from augment.candidates.sources import load_job_lexicons
from augment.config.job import Job, read_job
from augment.config.llm import LlmConfig
from augment.config.sections import ModelConfig
from augment.corpus import read
from augment.evaluation.evaluation import evaluate
from augment.pipeline.apply import apply
from augment.pipeline.definition import Pipeline
from augment.rewriting.asking import open_asker
from augment.rewriting.conversing import REASONS, Rewrites, rewritten
from augment.rewriting.prompt_facts import PromptFacts
from augment.seeding import key_of
from augment.stages import Rewrite
from augment.stages.editing import Row, protection
from augment.text.edits import Edit, replay
from benchmarks.common import interval_of
from tests.rewriting.stub_server import stub_server

_HOME = Path(__file__).parent
_BEFORE = (
    {"kind": "tokenize"},
    {"kind": "weigh"},
    {"kind": "rank", "by": "weight", "fraction": 0.25},
)
_PARAPHRASES = """name: NAME
about: A paraphrase with these words locked, to compare with others.
splits: [train]
stages:
  - {kind: tokenize}
  - {kind: attribute, target: gold}
  - {kind: rank, fraction: 0.25}
  - {kind: rewrite, name: written, locks: LOCKS, samples: 4, rounds: ROUNDS}
  - {kind: judge}
  - kind: keep
    rules: [{verdict: keep, p_gold_at_least: 0.7}]
  - {kind: guard}
  - {kind: distinct}
"""


def main() -> None:
    """Do one of the two."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("accept", "helps"))
    parser.add_argument("--config", required=True, help="config of the corpus, and for `helps` of the model")
    parser.add_argument("--data", help="folder of the corpora")
    parser.add_argument("--work", type=Path, required=True, help="folder of the answers and models")
    parser.add_argument("--server", "--base-url", help="address of a server with OpenAI's interface")
    parser.add_argument("--model", help="name of the model there")
    parser.add_argument("--path", help="folder of a language model, in place of a server")
    parser.add_argument("--key-variable", help="environment variable with the key of the server")
    parser.add_argument("--rows", type=int, default=24, help="rows that are rewritten")
    parser.add_argument("--seeds", type=int, default=10, help="draws of `helps`")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--answer-tokens", type=int, default=512)
    parser.add_argument("--json-mode", default=None)
    parser.add_argument("--temperature", type=float)
    parser.add_argument("--short", action="store_true", help="the short prompts, for small models")
    parser.add_argument("--draws", type=int, help="rewrites drawn for each that is requested, with --path")
    parser.add_argument("--locks", choices=("checked", "placeholders", "none"), default="checked")
    parser.add_argument(
        "--stub", action="store_true", help="a server that answers by rule, in place of a model"
    )
    parser.add_argument("--judge", help="folder of a classifier that judges labels")
    parser.add_argument("--test-rows", type=int, default=1000)
    parser.add_argument("--a-label", type=int, default=10, help="rows of each label in a draw of `helps`")
    parser.add_argument("--show", type=int, default=0, help="samples that are printed")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    with stub_server() if given.stub else nullcontext() as stub:
        if stub is not None:
            given.server, given.model = stub.address, "stub, by rule"
        work(given)


def work(given: argparse.Namespace) -> None:
    """Do one of the two with the model that is named."""
    section = {
        "server": given.server,
        "model": given.model,
        "path": given.path,
        "key_variable": given.key_variable,
        "json_mode": given.json_mode,
        "answer_tokens": given.answer_tokens,
        "temperature": given.temperature,
        "wording": "short" if given.short else None,
        "draws": given.draws,
        "answers": given.work / "answers.sqlite",
    }
    llm = LlmConfig.model_validate({key: value for key, value in section.items() if value is not None})
    job = read_job(given.config, data=given.data).model_copy(update={"llm": llm})
    (accept if given.what == "accept" else helps)(job, given)


def accept(job: Job, given: argparse.Namespace) -> None:
    """Count what is accepted and what is not, and append it to the results."""
    stage = Rewrite.model_validate({"score": "weight", "rounds": given.rounds, "locks": given.locks})
    rows = drawn(job, stage, given.rows)
    facts, prompts, asker = (
        PromptFacts.of_rows((row.label, row.text) for row in rows),
        stage.prepared(job.needs_llm()),
        open_asker(job),
    )
    entities = Entities(load_job_lexicons(job))

    def treat(row: Row) -> Rewrites:
        """Return the rewrites of a row."""
        task, request = stage.task(row, entities, ()), stage.request(row, facts, job.seed)
        assert task is not None
        assert request is not None
        return rewritten(asker, prompts, task, request)

    results = asker.each(rows, treat)
    accepted = sum(len(result.accepted) for result in results)
    problems = sum((Counter(result.problems) for result in results), Counter[str]())
    candidates = accepted + sum(problems.values())
    silent = Counter(
        result.reason for result in results if not result.accepted and result.reason not in REASONS.values()
    )
    low, high = interval_of(accepted, max(candidates, 1))
    config = job.needs_llm()
    line = {
        "at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
        "config": given.config,
        "model": config.model or Path(str(config.path)).name,
        "prompts": prompts.version,
        "locks": given.locks,
        "draws": config.draws,
        "rows": len(rows),
        "rounds": given.rounds,
        "accepted": accepted,
        "of": candidates,
        "interval": [round(low, 1), round(high, 1)],
        "rows with a sample": sum(bool(result.accepted) for result in results),
        "problems": dict(problems.most_common()),
        "no answer": dict(silent),
    }
    with (_HOME / "rewrite.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(line, ensure_ascii=False) + "\n")
    print(json.dumps(line, ensure_ascii=False, indent=1))
    show(rows, results, given.show)


def drawn(job: Job, stage: Rewrite, count: int) -> list[Row]:
    """Return rows of train with their key words, those with the smallest keys, of all that the counts are of."""
    table = corpus_of(job)
    train = table.filter(pc.equal(table.column("split"), "train"))
    plan = Pipeline.model_validate({"name": "keys", "about": "", "stages": list(_BEFORE)})
    batch = apply(plan, train.slice(0, 4000), job).table.combine_chunks().to_batches()[0]
    rows = [row for row in stage.rows(batch, protection(job)) if row.free and not row.foreign]
    return sorted(rows, key=lambda row: key_of("benchmark", row.id))[:count]


def corpus_of(job: Job) -> pa.Table:
    """Return all rows of the corpus."""
    return pa.Table.from_batches([chunk.rows for chunk in read(job.needs_corpus(), False, 1024)])


def show(rows: Sequence[Row], results: Sequence[Rewrites], count: int) -> None:
    """Print samples under their source rows."""
    for row, result in zip(rows, results, strict=True):
        for changes in result.accepted:
            if not count:
                return
            count -= 1
            edits = [Edit(0, start, end, row.text[start:end], new, 0.0) for start, end, new in changes]
            keys = ", ".join(row.tokens[token] for token in row.key)
            print(f"\n[{row.label}] {row.text}\n  key: {keys}\n  {replay(row.text, row.text_pair, edits)[0]}")


def helps(job: Job, given: argparse.Namespace) -> None:
    """Run the protocol of `augment evaluate` for few rows a label, and append the differences to the results."""
    pipelines = [
        Pipeline.model_validate(
            yaml.safe_load(
                _PARAPHRASES.replace("NAME", name)
                .replace("LOCKS", locks)
                .replace("ROUNDS", str(given.rounds))
            )
        )
        for name, locks in (("rewrite-free", "none"), ("rewrite-locked", given.locks))
    ]
    conditions = ("duplicate", "eda", "augment", *(plan.name for plan in pipelines))
    classes = len(set(corpus_of(job).column("label").to_pylist()))
    settings = {
        "arms": conditions,
        "rows": (given.a_label * classes,),
        "seeds": given.seeds,
        "equal_classes": True,
        "test_rows": given.test_rows,
        "noise": 0.0,
    }
    section = job.evaluate.model_copy(update=settings)
    judge = None if given.judge is None else ModelConfig(path=given.judge)
    requested = job.model_copy(update={"evaluate": section, "judge": judge})
    result = evaluate(requested, given.work / "evaluate", pipelines=pipelines)
    config = job.needs_llm()
    clean = result.to_dict()["differences"]
    line = {
        "at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
        "what": "helps",
        "config": given.config,
        "model": config.model or Path(str(config.path)).name,
        "rows a label": given.a_label,
        "draws": given.seeds,
        "rows of the test": given.test_rows,
        "judge": Path(given.judge).name if given.judge else "trained on all rows",
        "means": {
            name: {
                fact: None if isnan(mean := result.mean(name, fact)) else mean
                for fact in ("clean", "samples", "label_kept", "copies")
            }
            for name in result.conditions
        },
        "points above duplicate": clean["clean"] if isinstance(clean, dict) else {},
    }
    with (_HOME / "rewrite.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(line, ensure_ascii=False) + "\n")
    print((given.work / "evaluate/evaluation.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
