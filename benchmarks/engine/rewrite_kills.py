"""Runs of `rewrite` that are killed again and again: every row is made once, no stored answer requested again, no limit passed.

    python -m benchmarks.engine.rewrite_kills --work FOLDER --executor inline --kills 5

A server with OpenAI's interface on this machine answers by rule and misbehaves: one call in six is refused with 429 and Retry-After, one in nine
comes back cut off, one in eleven without a locked word, one in thirteen fails. Runs of the command line are killed (SIGKILL, with their
workers) after a random number of calls, until --kills are done; then one goes to its end, if it does so within --last seconds; else the next
invocation goes on in its folder. `asker` is two processes that ask questions with one book, without a
pipeline. With --warm they are forked from a process that has imported all modules. Before every run the stored answers are listed: a request
for one of them is a fault. With --cap the killed runs, and those after them until one is stopped by it or ends, have this limit of tokens, and the
last one a higher one: what the server's completions cost, also those that nobody received, is compared with it. Each invocation appends a line to rewrite_kills.jsonl next to this file, so kills add up over invocations.
"""

import argparse
import itertools
import json
import math
import multiprocessing
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import yaml

from augment.config.llm import LlmConfig
from augment.errors import AugmentError
from augment.rewriting.answers import AnswerBook, Limits
from augment.rewriting.asking import key_of_conversation
from tests.rewriting.stub_server import Reply, StubServer, openings, rewrites, stub_server, text_in

_HOME = Path(__file__).parent
_PLAN = """name: rewrite-kills
about: Rewrites around words by counts, so that no model is loaded.
splits: [train]
stages:
  - {kind: tokenize}
  - {kind: weigh}
  - {kind: rank, by: weight, fraction: 0.25}
  - {kind: rewrite, score: weight}
"""

# Two processes that ask a server --rows questions, with one book.
_ASK = """
import subprocess, sys
from pathlib import Path
from augment.config.job import read_job
from augment.rewriting.asking import open_asker
from augment.rewriting.server import NoAnswerError
folder, count, second = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "2"
other = None if second else subprocess.Popen([sys.executable, "-c", sys.argv[4], *sys.argv[1:3], "2", ""])
job = read_job([folder / "job.yaml"]).keeping_answers(folder / "out/answers.sqlite")
asker = open_asker(job)
def ask(number):
    try:
        asker.ask([{"role": "system", "content": "s"}, {"role": "user", "content": f"Text: row {number}\\n\\nAnswer"}])
    except NoAnswerError:
        pass
asker.each(range(count)[::-1] if second else range(count), ask)
sys.exit(other.wait() if other else 0)
"""


def misbehaving(messages: list[dict[str, str]], before: int) -> Reply:
    """Return a good answer, or a bad one by the text and the number of requests before."""
    number = sum(text_in(messages).encode())
    if before == 0 and number % 6 == 0:
        return Reply(status=429, headers={"Retry-After": "0.05"}, body="{}")
    if before == 0 and number % 13 == 0:
        return Reply(status=500, body="{}")
    if len(messages) == 2 and number % 9 == 0:
        return Reply('{"rewrites": ["cut o', finish="length", seconds=0.02)
    if len(messages) == 2 and number % 11 == 0:
        return rewrites(["something else altogether"])
    good = rewrites(openings(messages))
    return Reply(good.content, seconds=0.02, read=400, written=100)


def main() -> None:
    """Kill runs, let one end, and append what was seen."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--executor", choices=("inline", "processes", "ray", "asker"), default="inline")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--warm", action="store_true", help="fork runs from a process that has all modules")
    parser.add_argument("--cap", type=int, help="limit of tokens of the runs that are killed")
    parser.add_argument(
        "--until", type=float, default=math.inf, help="seconds after which no further run is killed"
    )
    parser.add_argument(
        "--last", type=float, default=600, help="seconds after which the last run is killed too"
    )
    given = parser.parse_args()
    folder = unfinished(given.work, f"{given.executor}-{given.seed}")
    folder.mkdir(parents=True, exist_ok=True)
    if given.executor != "asker":
        # Heavy, and no part of what is killed.
        from tests.small import write_corpus

        write_corpus(folder, given.rows)
    (folder / "plan.yaml").write_text(_PLAN, encoding="utf-8")
    rng, first = random.Random(time.time_ns()), time.monotonic()
    stop = first + given.until + given.last
    signal.signal(signal.SIGTERM, stopped)
    with stub_server(misbehaving) as server:
        config = server.config(concurrency=4, most_tokens=given.cap or 3_000_000)
        killed = repeated = 0
        stored = stored_in(folder)

        def run(least: float, seconds: float) -> int | None:
            """Return the exit code of a run; None if it was killed, after this many requests or seconds."""
            nonlocal killed, repeated, stored, stop
            begun, until = len(server.requests), time.monotonic() + seconds
            write_job(folder, config, given.executor)
            alone = given.rows if given.executor == "asker" else None
            worker: Forked | Started = Forked(folder) if given.warm else Started(folder, alone)
            try:
                while (
                    worker.code() is None
                    and len(server.requests) - begun < least
                    and time.monotonic() < min(until, stop)
                ):
                    time.sleep(0.002)
            except TimeoutError:
                stop = 0.0
            code = worker.code()
            if code is None:
                worker.kill()
                killed += 1
            repeated += again(server, config, begun, stored)
            stored = stored_in(folder)
            return code

        code = None
        while code is None and killed < given.kills and time.monotonic() < min(stop, first + given.until):
            code = run(rng.randint(1, max(2, given.rows // given.kills)), 120)
        spent = dict[str, object]()
        if given.cap:
            at_the_cap = run(math.inf, given.last)
            spent = {"cap": given.cap, "tokens at the server": server.tokens, "exit at the cap": at_the_cap}
            config = server.config(concurrency=4, most_tokens=3_000_000)
        if time.monotonic() < stop:
            code = run(math.inf, given.last)
        result = finished(folder) if code == 0 and given.executor != "asker" else {}
        book = AnswerBook(folder / "out/answers.sqlite", Limits())
        usage = book.usage()
        book.close()
    line = {
        "at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
        "executor": given.executor,
        "kills": killed,
        "warm": given.warm,
        "exit": code,
        "requests": len(server.requests),
        "answers": len(stored_in(folder)),
        "stored answers requested again": repeated,
        "limit kept": usage["tokens booked"] <= config.most_tokens
        and (not given.cap or float(str(spent["tokens at the server"])) <= given.cap),
        **spent,
        **result,
    }
    with (_HOME / "rewrite_kills.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(line) + "\n")
    print(json.dumps(line, indent=1))


def stopped(number: int, frame: object) -> None:
    """Raise TimeoutError where this program is to end: the run in hand is killed, and what was seen is appended."""
    raise TimeoutError


def unfinished(work: Path, name: str) -> Path:
    """Return the first folder of a name that holds no finished run."""
    folders = (work / f"{name}-{number}" for number in itertools.count())
    return next(folder for folder in folders if not (folder / "out/manifest.json").exists())


def write_job(folder: Path, config: LlmConfig, executor: str) -> None:
    """Write the config of the run of a folder."""
    run = {
        "executor": "inline" if executor == "asker" else executor,
        "shard_rows": 40,
        "device": "cpu",
        "threads": 1,
    }
    run |= {"workers": 2} if executor in ("processes", "ray") else {}
    sections = {
        "corpus": {"root": str(folder), "files": "small.csv"},
        "llm": json.loads(config.model_dump_json(exclude={"answers"})),
        "output": {"report_rows": 0},
        "run": run,
    }
    (folder / "job.yaml").write_text(yaml.safe_dump(sections), encoding="utf-8")


class Started:
    """A run of the command line, in a process group of its own."""

    def __init__(self, folder: Path, questions: int | None = None) -> None:
        """Start it, or what asks this many questions alone."""
        command = [sys.executable, "-m", "augment", "run", str(folder / "plan.yaml")]
        command += ["-c", str(folder / "job.yaml"), "--output", str(folder / "out")]
        asking = [sys.executable, "-c", _ASK, str(folder), str(questions), "1", _ASK]
        self._process = subprocess.Popen(
            command if questions is None else asking,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def code(self) -> int | None:
        """Return its exit code, None while it runs."""
        return self._process.poll()

    def kill(self) -> None:
        """Kill it with its workers."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


class Forked:
    """The same run in a fork of a process that has all modules: a kill in the time of a run, not of its imports."""

    def __init__(self, folder: Path) -> None:
        """Start it."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["augment.api.run", "augment.stages", "openai", "tests.small"])
        self._process = context.Process(target=run_here, args=(folder,))
        self._process.start()

    def code(self) -> int | None:
        """Return its exit code, None while it runs."""
        return self._process.exitcode

    def kill(self) -> None:
        """Kill it with its workers; before it has a group of its own there are none."""
        try:
            os.killpg(int(self._process.pid or 0), signal.SIGKILL)
        except ProcessLookupError:
            self._process.kill()
        self._process.join()


def run_here(folder: Path) -> None:
    """Run what is in a folder, in a process group of its own; exit 2 for an error of ours."""
    from augment.api.run import run

    os.setsid()
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    try:
        run(folder / "plan.yaml", [folder / "job.yaml"], folder / "out", progress=False)
    except AugmentError as error:
        sys.exit(error.exit_code)


def again(server: StubServer, config: LlmConfig, begun: int, stored: set[str]) -> int:
    """Return how many requests since a number were for answers that were stored before."""
    return sum(
        key_of_conversation(config, request["messages"]) in stored for request in server.requests[begun:]
    )


def stored_in(folder: Path) -> set[str]:
    """Return the keys of the answers that a run has stored."""
    path = folder / "out/answers.sqlite"
    if not path.exists():
        return set()
    connection = sqlite3.connect(path, timeout=60)
    try:
        return {key for (key,) in connection.execute("SELECT key FROM answers")}
    except sqlite3.OperationalError:
        return set()
    finally:
        connection.close()


def finished(folder: Path) -> dict[str, object]:
    """Return the counts of a finished run, and whether each row and sample is there once."""
    sources = pq.read_table(folder / "out/explain/source_rows.parquet").column("id").to_pylist()
    samples = pq.read_table(folder / "out/explain/samples.parquet").column("id").to_pylist()
    counts = json.loads((folder / "out/manifest.json").read_text(encoding="utf-8"))["summary"]["counts"]
    once = len(set(sources)) == len(sources) == counts["rows processed"] and len(set(samples)) == len(samples)
    return {"rows": len(sources), "samples": len(samples), "every row once": once}


if __name__ == "__main__":
    main()
