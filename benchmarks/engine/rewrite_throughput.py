"""How many answers a second `rewrite` takes from a server, next to what the server can give: concurrency divided by its seconds an answer.

    python -m benchmarks.engine.rewrite_throughput --work FOLDER

A server in a process of its own answers each call after --seconds. Conditions: `calls`: conversations alone, by concurrency; `book across
machines`: the same with the book of answers as Ray and ranks use it; `busy`: the server takes --able calls at a time and refuses the others
with 429 and Retry-After, and is compared with what it takes; `run`: the whole phase of `augment run`, with prompts, checks, alignment and files.
Each condition is measured --repeats times, one after the other; the ratio is their mean with a 95 % interval (t). Each line is appended to
rewrite_throughput.jsonl next to this file.
"""

import argparse
import json
import math
import multiprocessing
import os
import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock

from augment.api.run import run
from augment.config.job import Job
from augment.config.llm import LlmConfig
from augment.config.sections import OutputConfig
from augment.rewriting.asking import open_asker
from augment.rewriting.server import Message, NoAnswerError
from tests.rewriting.stub_server import Behaviour, Reply, StubServer, well_behaved
from tests.small import small_job, write_corpus
from tests.stages.test_rewrite import plan

_HOME = Path(__file__).parent
# Of a t distribution with n - 1 degrees of freedom, 97.5 %.
_T = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78}


def main() -> None:
    """Measure every condition and append the results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=0.5, help="of an answer")
    parser.add_argument("--able", type=int, default=4, help="calls at a time that the busy server takes")
    parser.add_argument("--concurrency", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--waves", type=int, default=8, help="calls for each of those at a time")
    parser.add_argument("--only", nargs="+", default=["calls", "book across machines", "run", "busy"])
    parser.add_argument("--repeats", type=int, default=3, choices=sorted(_T))
    given = parser.parse_args()
    shutil.rmtree(given.work, ignore_errors=True)
    given.work.mkdir(parents=True)
    with server(given.seconds, None) as address:
        for count in given.concurrency:
            if "calls" in given.only:
                measure("calls", count, given, partial(calls, address, count, given))
            if count > 1 and "book across machines" in given.only:
                measure(
                    "book across machines", count, given, partial(calls, address, count, given, across=True)
                )
        if "run" in given.only:
            measure("run", 8, given, partial(whole_run, address, 8, given))
    with server(given.seconds, given.able) as address:
        if "busy" in given.only:
            measure("busy", 8, given, partial(calls, address, 8, given), at_once=given.able)


def measure(
    name: str,
    concurrency: int,
    given: argparse.Namespace,
    once: Callable[[int], tuple[int, float]],
    at_once: int | None = None,
) -> None:
    """Append the rate of a condition, and its ratio to what the server can give."""
    able = (at_once or concurrency) / given.seconds
    before = time.process_time()
    results = [once(number) for number in range(given.repeats)]
    worked = time.process_time() - before
    ratios = [count / seconds / able for count, seconds in results]
    mean = statistics.mean(ratios)
    half = _T[given.repeats] * statistics.stdev(ratios) / math.sqrt(given.repeats)
    line = {
        "at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
        "condition": name,
        "concurrency": concurrency,
        "seconds an answer": given.seconds,
        "answers": [count for count, _ in results],
        "answers a second": round(mean * able, 2),
        "server can give": round(able, 2),
        "ratio": round(mean, 3),
        "interval": [round(mean - half, 3), round(mean + half, 3)],
        "milliseconds of a processor an answer": round(1000 * worked / sum(count for count, _ in results), 1),
        "load of the machine": round(os.getloadavg()[0], 1),
        "cores": os.cpu_count(),
    }
    with (_HOME / "rewrite_throughput.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(line) + "\n")
    print(json.dumps(line), flush=True)


def calls(
    address: str, concurrency: int, given: argparse.Namespace, number: int, across: bool = False
) -> tuple[int, float]:
    """Return how many conversations were answered, and the seconds that took."""
    path = given.work / f"{concurrency}-{across}-{number}-{time.monotonic_ns()}.sqlite"
    llm = LlmConfig(server=address, model="stub", concurrency=concurrency, answers=path, tries=20)
    job = Job(llm=llm)
    if across:
        job = job.model_copy(update={"run": job.run.model_copy(update={"executor": "ray"})})
    asker = open_asker(job)

    def treat(row: int) -> int:
        """Return 1 for an answer, 0 without."""
        messages: list[Message] = [{"role": "user", "content": f"x\nText: row {row}\n\nAnswer"}] * 2
        try:
            return len(asker.ask(messages).text) > 0
        except NoAnswerError:
            return 0

    asker.each(range(2), treat)  # the client is imported and connected
    began = time.monotonic()
    answered = sum(asker.each(range(2, 2 + given.waves * concurrency), treat))
    return answered, time.monotonic() - began


def whole_run(address: str, concurrency: int, given: argparse.Namespace, number: int) -> tuple[int, float]:
    """Return how many rows `augment run` had rewritten, and the seconds of that phase."""
    folder = given.work / "corpus"
    write_corpus(folder, 400)
    llm = LlmConfig(server=address, model="stub", concurrency=concurrency)
    rows = given.waves * concurrency
    job = small_job(folder, limit=rows, shard_rows=rows).model_copy(
        update={"llm": llm, "output": OutputConfig(report_rows=0)}
    )
    times: list[float] = []

    def progress(name: str, done: int, total: int) -> None:
        """Note when the phase begins and ends."""
        if name == "rewrite: rewrite":
            times.append(time.monotonic())

    output = given.work / f"run-{number}-{time.monotonic_ns()}"
    summary = run(plan(), job, output, progress=progress)
    return int(str(summary.language_model["rewrite"]["calls answered"])), times[-1] - times[0]


@contextmanager
def server(seconds: float, able: int | None) -> Iterator[str]:
    """Yield the address of a server in another process."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=serve, args=(there, seconds, able), daemon=True
    )
    process.start()
    try:
        yield str(here.recv())
    finally:
        process.terminate()
        process.join()


def serve(connection: Connection, seconds: float, able: int | None) -> None:
    """Serve until this process is ended."""
    stub = StubServer(limited(seconds, able))
    connection.send(stub.address)
    while True:
        time.sleep(1)


def limited(seconds: float, able: int | None) -> Behaviour:
    """Return a behaviour that answers after some seconds, and refuses more calls at a time than it is able to."""
    lock, ends = Lock(), list[float]()

    def behave(messages: list[dict[str, str]], before: int) -> Reply:
        now = time.monotonic()
        with lock:
            ends[:] = [end for end in ends if end > now]
            if able is not None and len(ends) >= able:
                wait = f"{min(ends) - now:.3f}"
                return Reply(status=429, headers={"Retry-After": wait}, body="{}")
            ends.append(now + seconds)
        good = well_behaved(messages, before)
        return Reply(good.content, seconds=seconds)

    return behave


if __name__ == "__main__":
    main()
