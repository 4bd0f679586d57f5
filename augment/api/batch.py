"""A run by batch files: what it would request of a language model as a file for its server, and the answers read from one.

    written = write_batch("rewrite", job, Path("requests.jsonl"))     # up to the stage that rewrites; nothing is sent
    read_batch("rewrite", job, [Path("answers.jsonl")])               # the file that the server made of it
    run("rewrite", job)                                               # requests nothing that was answered

A row whose rewrites do not fit needs another answer, which is a request of the next file: write until there is none, or let the
run request the few that are left.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from augment.api.progress_bar import Shown
from augment.api.run import run_or_halt
from augment.config.job import Config, Job, job_of
from augment.engine.shard import given
from augment.engine.worker import Work
from augment.errors import RequestError
from augment.output.manifest import Summary
from augment.pipeline.definition import Pipeline, pipeline_of
from augment.rewriting.asking import open_book
from augment.rewriting.batch import read_outcomes, write_requests
from augment.stages.protocol import Stage
from augment.tables.run_folder import ANSWERS, folder_of


@dataclass(frozen=True)
class WrittenBatch:
    """A batch file, or several where one would be too large. tokens, money: what its calls can cost at most."""

    folder: Path
    files: tuple[Path, ...]
    requests: int
    tokens: int
    money: float

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values."""
        return {**asdict(self), "folder": str(self.folder), "files": [str(path) for path in self.files]}


@dataclass(frozen=True)
class ReadBatch:
    """What files of answers held: answers that are new, those stored before, and requests that failed, by reason."""

    new: int
    known: int
    failed: dict[str, int]

    def __str__(self) -> str:
        """Return it in a line."""
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in self.failed.items())
        failed = f", {sum(self.failed.values()):,} failed ({reasons})" if self.failed else ""
        return f"answers of a batch: {self.new:,} new, {self.known:,} stored before{failed}"


def write_batch(
    pipeline: str | Path | Pipeline | Sequence[Stage],
    job: Job | Config | Sequence[Config],
    path: Path | str,
    output: Path | str | None = None,
    overwrite: bool = False,
    progress: Shown = None,
) -> Summary | WrittenBatch:
    """Run a pipeline up to the stage that needs answers of a language model, and write their requests to a batch file.

    Where all answers are stored the run goes on to its end. RequestError if the requests could pass a limit, the file is there
    already, or no stage requests anything; what `run` raises.
    """
    plan, job, path = pipeline_of(pipeline), job_of(job), Path(path)
    if not any("llm" in stage.uses for stage in plan.stages):
        raise RequestError(
            "--write-batch", f"no stage of `{plan.name}` requests anything", "name a pipeline with `rewrite`"
        )
    if job.run.executor == "rank":
        raise RequestError(
            "run.executor: rank", "one process writes a batch file", "use inline, processes or ray"
        )
    if job.needs_llm().server is None:
        raise RequestError(
            "llm.path",
            "a batch file is for a server, and this is a folder",
            "name `server` and `model`, or leave out --write-batch",
        )
    if path.exists():
        raise RequestError(str(path), "the file exists", "name another one, or remove it")

    def halt(work: Work, shards: int) -> WrittenBatch | None:
        """Return the file with what a phase requests; None if it requests nothing."""
        phase = work.phase
        collect = phase.stages[0].collect(work.job, work.folder / "run") if phase.stages else None
        if collect is None:
            return None
        requests = [
            request
            for shard in range(shards)
            for batch in given(work.folder, shard, phase)[0].combine_chunks().to_batches()
            for request in collect(batch)
        ]
        if not requests:
            return None
        book = open_book(work.job)
        try:
            files = write_requests(path, requests, book)
        finally:
            book.close()
        tokens, money = sum(one.tokens for one in requests), sum(one.money for one in requests)
        return WrittenBatch(work.folder, tuple(files), len(requests), tokens, money)

    return run_or_halt(plan, job, output, overwrite, progress, halt)


def read_batch(
    pipeline: str | Path | Pipeline | Sequence[Stage],
    job: Job | Config | Sequence[Config],
    paths: Sequence[Path | str],
    output: Path | str | None = None,
) -> ReadBatch:
    """Store the answers in files that a server made of batch files of a run, all or none, and return what they held.

    RequestError if a file is damaged, or has an answer to something that no batch file of the run has.
    """
    plan, job = pipeline_of(pipeline), job_of(job)
    folder = folder_of(output if output is not None else Path("runs") / f"{job.name}-{plan.name}")
    job = job.keeping_answers(folder / ANSWERS)
    config = job.needs_llm()
    if config.answers is None or not config.answers.is_file():
        raise RequestError(
            str(config.answers),
            "no batch file of this run was written",
            "write one first: --write-batch FILE",
        )
    book = open_book(job)
    try:
        requested = book.requested()
        read = [read_outcomes(Path(path), config, requested) for path in paths]
        outcomes = [outcome for one in read for outcome in one.outcomes]
        new = book.settle(outcomes)
    finally:
        book.close()
    failed = sum((Counter(one.failed) for one in read), Counter[str]())
    answered = sum(outcome.answer is not None for outcome in outcomes)
    return ReadBatch(new, answered - new, dict(failed.most_common()))
