"""Workers on a Ray cluster: one actor process a place, spread over the nodes, gone when the driver is gone."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import math
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

from facts.errors import FactError
from runners import providers
from runners.cluster.crew import Crew
from runners.cluster.desk import Desk
from runners.cluster.parcel import Body, Greeting, Reply, release
from runners.cluster.pump import WorkerLost
from runners.model import Model
from runners.providers import Connection
from runners.sample import Trouble
from runners.trouble import Fatal

_EACH = 64  # calls at once that one worker is hired for, where the cluster has processors for more
_LOCAL_STORE_BYTES = 128 * 1024 * 1024  # bodies pass through it in groups; Ray would take a third of the memory
_REACH_S = 5.0
_START = "start one on this machine with `ray start --head`, or let it join one with `ray start --address=HOST:6379`"


class _RayWorker:
    def __init__(self, ray: Any, handle: Any) -> None:
        self._ray = ray
        self._handle = handle

    async def _asked(self, reference: Awaitable[object]) -> object:
        try:
            return await reference
        except self._ray.exceptions.RayError as error:
            raise WorkerLost(_said(error)) from None

    async def hello(self) -> Greeting:
        return cast("Greeting", await self._asked(self._handle.hello.remote()))

    async def put(self, bodies: list[Body]) -> None:
        await self._asked(self._handle.put.remote(bodies))

    async def take(self, wait_s: float, linger_s: float) -> list[Reply]:
        return cast("list[Reply]", await self._asked(self._handle.take.remote(wait_s, linger_s)))

    async def bye(self) -> None:
        await self._asked(self._handle.bye.remote())

    def kill(self) -> None:
        with contextlib.suppress(Exception):  # Ray raises what it likes for one that is dead or a cluster that is gone
            self._ray.kill(self._handle)


def _said(error: Exception) -> str:
    words = str(error)
    if "No module named" in words:
        return "the worker's Python lacks a module of Fact Salience; install it where Ray was started"
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())[:300]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A Ray cluster that this process has joined as its driver."""

    ray: Any
    nodes: tuple[str, ...]
    processors: int

    def places(self, model: Model, concurrency: int) -> int:
        """How many workers a model gets: one a node at least, more where its calls are many; one a node to embed."""
        wanted = 0 if model.provider == "embedded" else math.ceil(concurrency / _EACH)
        return max(1, min(concurrency, max(len(self.nodes), min(self.processors, wanted))))

    def connect(self, model: Model, concurrency: int) -> Connection:
        """The way to the model over workers. Raises ``Fatal`` for a model that nobody here has allowed to be called."""
        if model.opened:
            raise Fatal(
                Trouble.NOT_READY, f"model {model.label!r} is not called", advice=providers.problem(model) or ""
            )
        endpoint = providers.find(model.provider).endpoint(model)
        expected = Greeting(place="here", release=release(), endpoint=endpoint)
        count = self.places(model, concurrency)
        return Crew([self._hire(model, concurrency, place) for place in range(count)], expected)

    def leave(self) -> None:
        """Let go of the cluster; workers that are still there end."""
        self.ray.shutdown()

    def _hire(self, model: Model, concurrency: int, place: int) -> Callable[[], _RayWorker]:
        node = self.nodes[place % len(self.nodes)]
        strategies: Any = importlib.import_module("ray.util.scheduling_strategies")

        def hire() -> _RayWorker:
            # Soft: where that node is gone, another takes the place. No processor is claimed: a caller mostly waits.
            near = strategies.NodeAffinitySchedulingStrategy(node_id=node, soft=True)
            actor = self.ray.remote(Desk).options(num_cpus=0, max_restarts=0, scheduling_strategy=near)
            return _RayWorker(self.ray, actor.remote(model, concurrency))

        return hire


def _somebody_there(address: str) -> None:
    # Ray itself tries for many minutes.
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_REACH_S).close()
    except (OSError, ValueError) as error:
        raise FactError(f"no Ray cluster answers at {address!r} ({error}); {_START}") from None


def join(address: str) -> Cluster:
    """Join the cluster at ``address`` ("auto", "HOST:6379"), or start one on this machine ("local").

    Raises ``FactError`` with what to do.
    """
    if importlib.util.find_spec("ray") is None:
        raise FactError('--ray needs Ray, which is not installed; run `make ray`, or: pip install "fact-salience[ray]"')
    if address.startswith("ray://"):
        raise FactError("--ray takes no ray:// address: run salience on a machine of the cluster, with --ray auto")
    if address not in ("auto", "local"):
        _somebody_there(address)
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # nothing leaves the machine but the calls that the user launched
    ray: Any = importlib.import_module("ray")
    own: dict[str, object] = {"include_dashboard": False, "object_store_memory": _LOCAL_STORE_BYTES}
    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR", **(own if address == "local" else {}))
    except Exception as error:  # noqa: BLE001  (Ray raises ConnectionError, ValueError, RuntimeError and others)
        raise FactError(f"no Ray cluster at {address!r} can be joined from here ({_said(error)}); {_START}") from None
    nodes = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) > 0]
    if not nodes:
        ray.shutdown()
        raise FactError(f"the Ray cluster at {address!r} has no node with a processor; add one with `ray start`")
    return Cluster(ray=ray, nodes=tuple(str(node["NodeID"]) for node in nodes),
                   processors=int(sum(node["Resources"]["CPU"] for node in nodes)))  # fmt: skip
