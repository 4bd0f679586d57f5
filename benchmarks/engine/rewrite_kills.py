"""Runs of `rewrite` that are killed again and again: every row is made once, no stored answer requested again, no limit passed.

    python -m benchmarks.engine.rewrite_kills --work FOLDER --executor inline --warm --kills 30

A server with OpenAI's interface on this machine answers by rule and misbehaves: one call in six is refused with 429 and Retry-After, one in nine
comes back cut off, one in eleven without a locked word, one in thirteen fails. Runs are killed (SIGKILL, with their workers) after a
random number of calls, until --kills are done; then one goes to its end, if it does so within --last seconds; else the next invocation
goes on in its folder. `asker` is two processes that ask questions with one book, without a pipeline; `asker-across` the same with the
book as Ray and ranks keep it. Ray's cluster outlasts the runs, whose drivers and actors are killed. With --victims workers a run goes on
while one of its actors or worker processes after the other is killed. With --warm runs are forked from
a process that has imported all modules. Before every run the stored answers are listed: a request for one of them is a fault. What a killed
run had requested and not stored was on its way: that many, at most, are requested again, and completions that the server sent again are counted. With --cap the killed runs, and those after
them until one is stopped by it or ends, have this limit of tokens, and the last one a higher one: what the server's completions cost, also
those that nobody received, is compared with it. Each invocation appends a line to rewrite_kills.jsonl next to this file, so kills add up
over invocations; --table prints their sums.
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
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import yaml

from augment.config.job import read_job
from augment.config.llm import LlmConfig
from augment.errors import AugmentError
from augment.rewriting.answers import AnswerBook, Limits
from augment.rewriting.asking import key_of_conversation, open_asker
from augment.rewriting.server import NoAnswerError
from tests.engine.clusters import Machines, actors, in_time
from tests.rewriting.stub_server import Reply, StubServer, openings, rewrites, stub_server, text_in

_HOME = Path(__file__).parent
_CALLS, _WORKERS = 4, 2
_PLAN = """name: rewrite-kills
about: Rewrites around words by counts, so that no model is loaded.
splits: [train]
stages:
  - {kind: tokenize}
  - {kind: weigh}
  - {kind: rank, by: weight, fraction: 0.25}
  - {kind: rewrite, score: weight}
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
    parser.add_argument("--work", type=Path)
    parser.add_argument(
        "--executor", choices=("inline", "processes", "ray", "asker", "asker-across"), default="inline"
    )
    parser.add_argument("--table", action="store_true", help="print the sums of all lines instead")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--victims",
        choices=("runs", "workers"),
        default="runs",
        help="what is killed: whole runs, or workers of a run that goes on",
    )
    parser.add_argument("--warm", action="store_true", help="fork runs from a process that has all modules")
    parser.add_argument("--cap", type=int, help="limit of tokens of the runs that are killed")
    parser.add_argument(
        "--until", type=float, default=math.inf, help="seconds after which no further run is killed"
    )
    parser.add_argument(
        "--last", type=float, default=600, help="seconds after which the last run is killed too"
    )
    given = parser.parse_args()
    if given.table:
        print(table())
        return
    with in_time(), cluster(given.executor):
        line = killed_runs(given)
    with (_HOME / "rewrite_kills.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(line) + "\n")
    print(json.dumps(line, indent=1))


def killed_runs(given: argparse.Namespace) -> dict[str, object]:
    """Kill runs, let one end, and return what was seen."""
    folder = unfinished(given.work, f"{given.executor}-{given.victims}-{given.seed}")
    folder.mkdir(parents=True, exist_ok=True)
    if not given.executor.startswith("asker"):
        # Heavy, and no part of what is killed.
        from tests.small import write_corpus

        write_corpus(folder, given.rows)
    (folder / "plan.yaml").write_text(_PLAN, encoding="utf-8")
    if given.warm and not given.executor.startswith("asker"):
        Forked(run_here, folder / "nothing").wait()
    sent = Counter[str]()

    def counted(messages: list[dict[str, str]], before: int) -> Reply:
        """Return a reply, and count it by its conversation if it is a completion."""
        reply = misbehaving(messages, before)
        sent[json.dumps(messages)] += reply.status == 200
        return reply

    with stub_server(counted) as server:
        runs = Runs(given, folder, server)
        # Where this program is to end, the run in hand is killed, and what was seen is appended.
        signal.signal(signal.SIGTERM, lambda *_: runs.end())
        code = runs.until_killed()
        spent = dict[str, object]()
        if given.cap:
            at_the_cap = runs.run(math.inf, given.last)
            runs.cost_at_the_cap, runs.limit = server.tokens, 3_000_000
            spent = {"cap": given.cap, "tokens at the server": server.tokens, "exit at the cap": at_the_cap}
        if time.monotonic() < runs.stop:
            code = runs.run(math.inf, given.last)
        again = {"completions sent again": sum(max(count - 1, 0) for count in sent.values())}
        return {**runs.seen(code), **again, **spent, **(ended(folder, given.executor) if code == 0 else {})}


class Runs:
    """Runs in one folder with one server, and what was seen of them."""

    def __init__(self, given: argparse.Namespace, folder: Path, server: StubServer) -> None:
        """Keep the parts; nothing has run."""
        self._given, self._folder, self._server = given, folder, server
        self._rng, self._begun = random.Random(time.time_ns()), time.monotonic()
        self.limit = given.cap or 3_000_000
        self.stop = self._begun + given.until + given.last
        # Tokens of all completions of the server, when the runs below the limit are over.
        self.cost_at_the_cap = 0
        self._killed = self._before_any = self._repeated = self._on_way = self._on_all_ways = 0

    @property
    def _config(self) -> LlmConfig:
        """The server with the limit of now."""
        return self._server.config(concurrency=_CALLS, most_tokens=self.limit)

    def until_killed(self) -> int | None:
        """Kill runs or workers after random numbers of requests, as many as there are to be, and return the exit code of a run that ended.

        A run that gives up, as a shard of it lost too many workers, is not the end.
        """
        given, code = self._given, None
        while (
            code != 0
            and (code is None or given.victims == "workers")
            and self._killed < given.kills
            and time.monotonic() < min(self.stop, self._begun + given.until)
        ):
            code = self.run(self._some(), 120)
        return code

    def run(self, least: float, seconds: float) -> int | None:
        """Return the exit code of a run; None if it was killed, after this many requests or seconds."""
        begun, stored = len(self._server.requests), stored_in(self._folder)
        write_job(self._folder, self._config, self._given.executor)
        worker = self._started()
        while True:
            self._watch(worker, begun + least, time.monotonic() + seconds)
            code = worker.code()
            if code is not None or least == math.inf or self._given.victims == "runs":
                break
            if len(self._server.requests) < begun + least or not self._kill_worker(worker):
                break
            begun, stored = self._note(begun, stored, killed=True)
            least = self._some() if self._killed < self._given.kills else math.inf
            seconds = 120 if least < math.inf else self._given.last
        if code is None:
            worker.kill()
            end_actors(self._given.executor)
        self._note(begun, stored, killed=code is None)
        return code

    def _some(self) -> int:
        """Return a random number of requests, after which something is killed."""
        return self._rng.randint(1, max(2, self._given.rows // self._given.kills))

    def _kill_worker(self, run: "Forked | Started") -> bool:
        """Kill an actor or a worker process of a run, and return whether there was one."""
        there = own_actors() if self._given.executor == "ray" else worker_processes(run.process)
        if not there:
            return False
        victim = self._rng.choice(sorted(there))
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
        return True

    def _note(self, begun: int, stored: set[str], killed: bool) -> tuple[int, set[str]]:
        """Note what was requested since a moment, given what was stored at it, and return the moment now and what is stored."""
        requests = self._server.requests[begun:]
        stored_now = stored_in(self._folder)
        # Read after what is stored, so that an answer stored by now is none that is requested later.
        now = len(self._server.requests)
        keys = {key_of_conversation(self._config, request["messages"]) for request in requests}
        self._repeated += len(keys & stored)
        if killed:
            # A kill before the first request is none of rewriting.
            self._killed += bool(requests)
            self._before_any += not requests
            on_way = len(keys - stored_now)
            self._on_way, self._on_all_ways = max(self._on_way, on_way), self._on_all_ways + on_way
        return now, stored_now

    def end(self) -> None:
        """Start no further run, and kill the one in hand."""
        self.stop = 0.0

    def _started(self) -> "Forked | Started":
        """Return a run that has begun."""
        if self._given.executor.startswith("asker"):
            return Forked(ask_here, self._folder, self._given.rows)
        return Forked(run_here, self._folder) if self._given.warm else Started(self._folder)

    def _watch(self, worker: "Forked | Started", requests: float, until: float) -> None:
        """Return when a run has ended, has made this many requests, or has taken too long."""
        while (
            worker.code() is None
            and len(self._server.requests) < requests
            and time.monotonic() < min(until, self.stop)
        ):
            time.sleep(0.002)
        if requests < math.inf:
            # At any point of a call, not only at its beginning.
            time.sleep(self._rng.uniform(0, 0.03))

    def seen(self, code: int | None) -> dict[str, object]:
        """Return what was seen, the last exit code among it."""
        book = AnswerBook(self._folder / "out/answers.sqlite", Limits())
        booked = book.usage()["tokens booked"]
        book.close()
        executor = self._given.executor
        return {
            "at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
            "executor": executor,
            "victims": self._given.victims,
            "kills": self._killed,
            "kills before the first request": self._before_any,
            "warm": self._given.warm,
            "exit": code,
            "requests": len(self._server.requests),
            "answers": len(stored_in(self._folder)),
            "stored answers requested again": self._repeated,
            "most on their way at a kill": self._on_way,
            "on their way at all kills": self._on_all_ways,
            "calls at a time": _CALLS * (1 if executor == "inline" else _WORKERS),
            "limit kept": booked <= self.limit and self.cost_at_the_cap <= (self._given.cap or math.inf),
            "seconds": round(time.monotonic() - self._begun),
        }


@contextmanager
def cluster(executor: str) -> Iterator[None]:
    """Have a Ray cluster within the block where runs are to join one."""
    if executor != "ray":
        yield
        return
    machines = Machines(_WORKERS)
    os.environ["RAY_ADDRESS"] = machines.address
    try:
        yield
    finally:
        machines.shutdown()


def end_actors(executor: str) -> None:
    """Kill the actors of a killed driver, which Ray would end a moment later, and wait until they are gone."""
    if executor != "ray":
        return
    own = own_actors()
    for actor in own:
        with suppress(ProcessLookupError):
            os.kill(actor, signal.SIGKILL)
    until = time.monotonic() + 30
    while own & set(actors()) and time.monotonic() < until:
        time.sleep(0.05)


def own_actors() -> set[int]:
    """Return the processes of the actors of this program's cluster."""
    return set(actors()) & set(descendants(os.getpid()))


def worker_processes(run: int) -> set[int]:
    """Return the worker processes of a run of `processes`."""
    return {process for process in descendants(run) if b"spawn_main" in command_of(process)}


def command_of(process: int) -> bytes:
    """Return the command line of a process, nothing of one that has ended."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def descendants(process: int) -> Iterator[int]:
    """Yield the processes below one, as far as they are still there."""
    for path in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):
            for number in map(int, path.read_text().split()):
                yield number
                yield from descendants(number)


def table() -> str:
    """Return the sums of all lines by executor, as a table."""
    lines = [json.loads(line) for line in (_HOME / "rewrite_kills.jsonl").read_text("utf-8").splitlines()]
    head = (
        "| what is killed | kills | requests | answers stored | stored answers requested again | most on their way at a kill, of calls at a time "
        "| limit kept | runs that ended | of them every row once |\n|---|---|---|---|---|---|---|---|---|"
    )
    groups: dict[tuple[str, bool, bool, bool], list[dict[str, object]]] = {}
    for line in lines:
        workers = line.get("victims") == "workers"
        groups.setdefault((line["executor"], workers, bool(line.get("warm")), "cap" in line), []).append(line)
    return "\n".join([head, *(row_of(*group, some) for group, some in sorted(groups.items()))])


def row_of(executor: str, workers: bool, warm: bool, capped: bool, lines: list[dict[str, object]]) -> str:
    """Return the row of the table for runs of one kind."""

    def total(name: str) -> int:
        """Return the sum of a count."""
        return sum(int(str(line.get(name, 0))) for line in lines)

    ended = [line for line in lines if "every row once" in line]
    seen = [line for line in lines if "most on their way at a kill" in line]
    most = max((int(str(line["most on their way at a kill"])) for line in seen), default=0)
    on_way = f"{most} of {seen[0]['calls at a time']}" if seen else "not counted"
    name = f"{'workers of ' if workers else ''}`{executor}`{', forked' if warm else ''}{', with a limit' if capped else ''}"
    counts = [total(part) for part in ("kills", "requests", "answers", "stored answers requested again")]
    return (
        f"| {name} | {' | '.join(f'{count:,}' for count in counts)} "
        f"| {on_way} | {'yes' if all(line['limit kept'] for line in lines) else 'NO'} | {len(ended)} "
        f"| {sum(bool(line['every row once']) for line in ended)} |"
    )


def unfinished(work: Path, name: str) -> Path:
    """Return the first folder of a name that holds no finished run."""
    folders = (work / f"{name}-{number}" for number in itertools.count())
    return next(folder for folder in folders if not (folder / "ended").exists())


def write_job(folder: Path, config: LlmConfig, executor: str) -> None:
    """Write the config of the run of a folder."""
    run = {
        "executor": {"asker": "inline", "asker-across": "ray"}.get(executor, executor),
        "shard_rows": 40,
        "device": "cpu",
        "threads": 1,
    }
    run |= {"workers": _WORKERS} if executor in ("processes", "ray") else {}
    sections = {
        "corpus": {"root": str(folder), "files": "small.csv"},
        "llm": json.loads(config.model_dump_json(exclude={"answers"})),
        "output": {"report_rows": 0},
        "run": run,
    }
    (folder / "job.yaml").write_text(yaml.safe_dump(sections), encoding="utf-8")


class Started:
    """A run of the command line, in a process group of its own."""

    def __init__(self, folder: Path) -> None:
        """Start it."""
        command = [sys.executable, "-m", "augment", "run", str(folder / "plan.yaml")]
        self._process = subprocess.Popen(
            [*command, "-c", str(folder / "job.yaml"), "--output", str(folder / "out")],
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    @property
    def process(self) -> int:
        """Its number."""
        return self._process.pid

    def code(self) -> int | None:
        """Return its exit code, None while it runs."""
        return self._process.poll()

    def kill(self) -> None:
        """Kill it with its workers."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


class Forked:
    """The same in a fork of a process that has all modules: a kill in the time of a run, not of its imports."""

    def __init__(self, work: Callable[..., None], *given: object) -> None:
        """Start some work with what it is given."""
        context = multiprocessing.get_context("forkserver")
        # Questions alone take no torch, which is most of an import.
        whole = ["augment.api.run", "augment.stages", "tests.small"] if work is run_here else []
        context.set_forkserver_preload(["augment.rewriting.bounded", *whole])
        self._process = context.Process(target=work, args=given)
        self._process.start()

    def wait(self) -> None:
        """Wait until it has ended, and so until all modules are imported."""
        self._process.join()

    @property
    def process(self) -> int:
        """Its number."""
        return int(self._process.pid or 0)

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

    alone_and_silent()
    try:
        run(folder / "plan.yaml", [folder / "job.yaml"], folder / "out", progress=False)
    except AugmentError as error:
        sys.exit(error.exit_code)


def ask_here(folder: Path, questions: int) -> None:
    """Ask this many questions in two processes that share a book, one from the last on, in a process group of their own."""
    alone_and_silent()
    second = os.fork() == 0
    job = read_job([folder / "job.yaml"]).keeping_answers(folder / "out/answers.sqlite")
    asker = open_asker(job)

    def ask(number: int) -> None:
        """Ask a question."""
        words = [
            {"role": "system", "content": "s"},
            {"role": "user", "content": f"Text: row {number}\n\nAnswer"},
        ]
        with suppress(NoAnswerError):
            asker.ask(words)

    code = 0
    try:
        asker.each(range(questions)[::-1] if second else range(questions), ask)
    except AugmentError as error:
        code = error.exit_code
    if second:
        os._exit(code)
    sys.exit(max(code, os.waitstatus_to_exitcode(os.wait()[1])))


def alone_and_silent() -> None:
    """Give this process a group of its own, and print nothing."""
    os.setsid()
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)


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


def ended(folder: Path, executor: str) -> dict[str, object]:
    """Return the counts of a finished run, and whether each row and sample is there once; its folder is used no more."""
    (folder / "ended").touch()
    if executor.startswith("asker"):
        return {}
    sources = pq.read_table(folder / "out/explain/source_rows.parquet").column("id").to_pylist()
    samples = pq.read_table(folder / "out/explain/samples.parquet").column("id").to_pylist()
    counts = json.loads((folder / "out/manifest.json").read_text(encoding="utf-8"))["summary"]["counts"]
    once = len(set(sources)) == len(sources) == counts["rows processed"] and len(set(samples)) == len(samples)
    return {"rows": len(sources), "samples": len(samples), "every row once": once}


if __name__ == "__main__":
    main()
