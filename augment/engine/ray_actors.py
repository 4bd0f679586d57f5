"""Shards on a Ray cluster: plain actors over the shards of a run, which are on a file system that all nodes see.

The driver gives every actor one shard at a time. One that dies, with its node or by itself, is started again by Ray and
its shard is given to another; what it may still write is the same rows in the same place. The cluster is the one that
RAY_ADDRESS names or that runs on this machine (`engine.joining`), else one of this machine alone. No wait is endless.

    with Cluster(work, 100) as cluster:
        for receipt in cluster.run(0, range(100)): ...
"""

import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Self

from augment.engine.joining import Joined
from augment.engine.shard import Receipt
from augment.engine.worker import Work, Worker
from augment.errors import AugmentError, RequestError

# A shard during which this many actors died is at fault itself; the same number of deaths without a shard done is no accident.
_DEATHS, _VAIN = 4, 20
_PAUSE = 0.5
# Seconds: how often a wait looks up, until an actor must be there (a cluster may have to start machines first), and
# until one of the shards in hand must be done.
_SLICE, _READY, _SHARD = 5.0, 900.0, 6 * 3600.0


class _Actor:
    """An actor: loads the models once, and treats one shard after the other."""

    def __init__(self, work: Work) -> None:
        """Remember what to do."""
        self._worker = Worker(work)

    def ready(self) -> None:
        """Do nothing, which shows that the actor is there."""

    def treat(self, number: int, shard: int) -> Receipt | AugmentError:
        """Return the receipt of a shard; an error of ours is returned, as Ray would raise another in its place."""
        try:
            return self._worker.treat(number, shard)
        except AugmentError as error:
            return error


@dataclass(frozen=True)
class _Task:
    """What an actor is at: a shard, or getting ready."""

    actor: int
    shard: int | None


class Cluster:
    """The actors of a run, none of which has more than one shard; they stay for all phases."""

    def __init__(self, work: Work, shards: int) -> None:
        """Remember what to do, and the number of shards of a phase. RequestError if Ray is not installed."""
        if find_spec("ray") is None:
            raise RequestError(
                "run.executor: ray", "the package ray is not installed", "pip install 'augment-ig[ray]'"
            )
        self._work, self._shards = work, shards
        self._joined: Joined | None = None
        self._actors: list[Any] = []
        self._open: dict[Any, _Task] = {}
        self._waiting: deque[int] = deque()
        self._deaths: Counter[int] = Counter()
        self._number = self._vain = 0

    def __enter__(self) -> Self:
        """Return what runs shards; nothing is started yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the actors, and Ray where it was begun for them."""
        import ray

        for actor in self._actors:
            ray.kill(actor)
        if self._joined is not None:
            self._joined.leave()

    def run(self, number: int, shards: Sequence[int]) -> Iterator[Receipt]:
        """Yield the receipt of every shard of a phase as it is done, in any order.

        AugmentError if a shard brings down actor after actor.
        """
        import ray

        self._start()
        self._number, self._waiting, left = number, deque(shards), len(shards)
        self._deaths.clear()
        self._wake()
        while left:
            for ref in self._done():
                task = self._open.pop(ref)
                try:
                    receipt = ray.get(ref)
                except ray.exceptions.RayError as error:
                    self._lost(task, error)
                    continue
                if isinstance(receipt, AugmentError):
                    raise receipt
                self._vain = 0
                self._next(task.actor)
                if receipt is not None:
                    left -= 1
                    yield receipt

    def _start(self) -> None:
        """Start as many actors as the run asks for, or as the cluster has devices or cores for, if none are there."""
        import ray

        if self._actors:
            return
        if not ray.is_initialized():
            self._joined = Joined()
        there = ray.cluster_resources()
        run, devices, cores = self._work.job.run, int(there.get("GPU", 0)), int(there.get("CPU", 1))
        on_device = devices > 0 and run.device != "cpu"
        workers = run.workers or (devices if on_device else max(cores // (run.threads or 4), 1))
        workers = max(min(workers, self._shards), 1)
        threads = run.threads or max(cores // workers, 1)
        needs: dict[str, Any] = {"num_cpus": min(threads, max(cores // workers, 1)), "max_restarts": -1}
        if on_device:
            needs["num_gpus"] = 1
        kind: Any = ray.remote(_Actor)
        kind = kind.options(**needs)
        self._actors = [kind.remote(self._work.on(None, threads)) for _ in range(workers)]
        for actor in range(workers):
            self._prepare(actor)

    def _done(self) -> list[Any]:
        """Return what is done, as soon as something is; AugmentError if nothing is for too long."""
        import ray

        began = time.monotonic()
        while True:
            done, _ = ray.wait(list(self._open), num_returns=1, timeout=_SLICE)
            if done:
                return list(done)
            preparing = all(task.shard is None for task in self._open.values())
            if time.monotonic() - began > (_READY if preparing else _SHARD):
                raise AugmentError(
                    "run.executor: ray",
                    "no worker has started" if preparing else "no shard was done in six hours",
                    "look at `ray status`: is the cluster full? finished shards are kept, so run again to go on",
                )

    def _wake(self) -> None:
        """Give shards to the actors that have nothing to do."""
        busy = {task.actor for task in self._open.values()}
        for actor in range(len(self._actors)):
            if actor not in busy:
                self._next(actor)

    def _next(self, actor: int) -> None:
        """Give an actor the next shard, if there is one."""
        if self._waiting:
            shard = self._waiting.popleft()
            self._open[self._actors[actor].treat.remote(self._number, shard)] = _Task(actor, shard)

    def _prepare(self, actor: int) -> None:
        """Wait for an actor, whenever Ray has started it."""
        self._open[self._actors[actor].ready.remote()] = _Task(actor, None)

    def _lost(self, task: _Task, error: Exception) -> None:
        """Give out again what a dead actor was at; AugmentError if that goes on and on."""
        self._vain += 1
        if task.shard is not None:
            self._deaths[task.shard] += 1
            self._waiting.appendleft(task.shard)
        worst = max(self._deaths.values(), default=0)
        if worst >= _DEATHS or self._vain >= _VAIN:
            where = "ray" if worst < _DEATHS else f"shard {self._deaths.most_common(1)[0][0]}"
            first = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise AugmentError(
                where,
                f"worker after worker died, at last: {first}",
                "often memory: lower run.workers, run.token_budget or run.shard_rows",
            )
        time.sleep(_PAUSE)
        self._prepare(task.actor)
        # Actors that had nothing left to do when this shard was given out take it now.
        self._wake()
