"""Runs of `rewrite` that are killed again and again: every row is made once, no stored answer requested again, no limit passed.

    python -m benchmarks.engine.rewrite_kills --work FOLDER --executor inline --kills 5

A server with OpenAI's interface on this machine answers by rule and misbehaves: one call in six is refused with 429 and Retry-After, one in nine
comes back cut off, one in eleven without a locked word, one in thirteen fails. Runs of the command line are killed (SIGKILL, with their
workers) after a random number of calls, until --kills are done; then one goes to its end. Before every run the stored answers are listed: a request
for one of them is a fault. With --cap the killed runs, and those after them until one is stopped by it or ends, have this limit of tokens, and the
last one a higher one: what the server's completions cost, also those that nobody received, is compared with it. Each invocation appends a line to rewrite_kills.jsonl next to this file, so kills add up over invocations.
"""

import argparse
import json
import math
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
from augment.rewriting.answers import AnswerBook, Limits
from augment.rewriting.asking import key_of_conversation
from tests.rewriting.stub_server import Reply, StubServer, openings, rewrites, stub_server, text_in
from tests.small import write_corpus

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
    parser.add_argument("--executor", choices=("inline", "processes", "ray"), default="inline")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cap", type=int, help="limit of tokens of the runs that are killed")
    parser.add_argument(
        "--until", type=float, default=math.inf, help="seconds after which no further run is killed"
    )
    given = parser.parse_args()
    folder = given.work / f"{given.executor}-{given.seed}-{int(time.time())}"
    write_corpus(folder, given.rows)
    (folder / "plan.yaml").write_text(_PLAN, encoding="utf-8")
    rng = random.Random(given.seed)
    with stub_server(misbehaving) as server:
        config = server.config(concurrency=4, most_tokens=given.cap or 3_000_000)
        killed = repeated = 0
        stored = set[str]()
        first = time.monotonic()
        while killed < given.kills and time.monotonic() - first < given.until:
            begun = len(server.requests)
            worker = start(folder, config, given.executor)
            least = rng.randint(1, max(2, given.rows // given.kills))
            deadline = time.monotonic() + 120
            while (
                worker.poll() is None and len(server.requests) - begun < least and time.monotonic() < deadline
            ):
                time.sleep(0.002)
            if worker.poll() is not None:
                break
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
            killed += 1
            repeated += again(server, config, begun, stored)
            stored = stored_in(folder)
        spent = dict[str, object]()
        if given.cap:
            begun = len(server.requests)
            stopped = start(folder, config, given.executor).wait()
            repeated += again(server, config, begun, stored)
            stored = stored_in(folder)
            spent = {"cap": given.cap, "tokens at the server": server.tokens, "exit at the cap": stopped}
            config = server.config(concurrency=4, most_tokens=3_000_000)
        begun = len(server.requests)
        code = start(folder, config, given.executor).wait()
        repeated += again(server, config, begun, stored)
        result = finished(folder) if code == 0 else {}
        book = AnswerBook(folder / "out/answers.sqlite", Limits())
        usage = book.usage()
        book.close()
    line = {
        "at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
        "executor": given.executor,
        "kills": killed,
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


def start(folder: Path, config: LlmConfig, executor: str) -> "subprocess.Popen[bytes]":
    """Start the run of a folder in a process group of its own."""
    run = {"executor": executor, "shard_rows": 40, "device": "cpu", "threads": 1}
    run |= {} if executor == "inline" else {"workers": 2}
    sections = {
        "corpus": {"root": str(folder), "files": "small.csv"},
        "llm": json.loads(config.model_dump_json(exclude={"answers"})),
        "output": {"report_rows": 0},
        "run": run,
    }
    (folder / "job.yaml").write_text(yaml.safe_dump(sections), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "augment",
        "run",
        str(folder / "plan.yaml"),
        "-c",
        str(folder / "job.yaml"),
    ]
    return subprocess.Popen(
        [*command, "--output", str(folder / "out")],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


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
