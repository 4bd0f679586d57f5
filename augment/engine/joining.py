"""Join a Ray cluster, or begin one that only this machine and this run can reach, within a time.

Whoever reaches a Ray cluster runs code there. One of our own listens on the loopback address, has no dashboard, and
requires a token that is drawn for it; a cluster of yours is joined by its own settings (RAY_AUTH_MODE).

    cluster = Joined()     # RAY_ADDRESS, or what runs on this machine, or a cluster of our own
    cluster.leave()
"""

import os
import secrets
import socket
import threading
from importlib import import_module
from typing import Any

from augment.errors import RequestError

LOOPBACK = "127.0.0.1"
# Seconds until Ray must be there, or be gone; on a busy machine it takes a minute.
PATIENCE = 300.0
# Seconds until a cluster that is named must answer at all.
_KNOCK = 10.0
_MODE, _TOKEN = "RAY_AUTH_MODE", "RAY_AUTH_TOKEN"
# Where clusters of many machines are off, as they are by default on macOS and Windows, Ray listens on the loopback only;
# else it takes 127.0.0.1 for the address of this machine in its network.
_MANY = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
_QUIET = {"logging_level": "ERROR", "log_to_driver": False}


class Joined:
    """A connection to a cluster.

    `ray.init` may never come back, so a thread calls it. That thread stays: Linux ends the processes of our own cluster
    with the thread that has started them.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        """Connect this process; RequestError if no cluster is there in time, or none at the address that is named."""
        self._patience, self._before = patience, dict[str, str | None]()
        self._many = True
        self._there, self._over = threading.Event(), threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._live, name="ray", daemon=True)
        self._thread.start()
        if not self._there.wait(patience):
            raise _late("no Ray cluster was there", patience)
        if self._failure is not None:
            raise self._failure

    def leave(self) -> None:
        """End the connection, and the cluster if it is our own; RequestError if that takes too long."""
        self._over.set()
        self._thread.join(self._patience)
        if self._thread.is_alive():
            raise _late("Ray did not end", self._patience)

    def _live(self) -> None:
        """Connect, stay until all is over, and end."""
        import ray

        try:
            self._connect()
        except BaseException as error:
            self._failure = error
            self._there.set()
            return
        self._there.set()
        self._over.wait()
        ray.shutdown()
        self._unguard()

    def _connect(self) -> None:
        """Connect to the cluster that is named or runs here, else begin one."""
        import ray

        address = _named()
        if address is not None:
            ray.init(address=address, **_QUIET)
            return
        self._guard()
        ray.init(address="local", include_dashboard=False, _node_ip_address=LOOPBACK, **_QUIET)

    def _guard(self) -> None:
        """Keep our own cluster to this machine and to a token nobody else knows, or that of the environment if it gives one."""
        settings = {_MANY: "0"}
        if os.environ.get(_MODE) != "token":
            settings |= {_MODE: "token", _TOKEN: secrets.token_hex(32)}
        self._many = _many_machines()
        self._before = {name: os.environ.get(name) for name in settings}
        os.environ.update(settings)
        _reread(False)

    def _unguard(self) -> None:
        """Put the environment back."""
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        if self._before:
            _reread(self._many)


def _named() -> str | None:
    """Return the address of the cluster that is named or was started here; None if one of our own is to begin.

    RequestError if nothing answers at the address that is named. Ray itself would wait a minute, and end the process.
    """
    from ray._private.utils import read_ray_address

    given = os.environ.get("RAY_ADDRESS", "")
    address = given or str(read_ray_address() or "")
    if address in ("", "local"):
        return None
    host, colon, port = address.rpartition(":")
    if address == "auto" or "://" in address or not (colon and port.isdigit()):
        return address
    try:
        socket.create_connection((host.strip("[]"), int(port)), _KNOCK).close()
    except OSError as error:
        if not given:
            return None
        raise RequestError(
            f"RAY_ADDRESS: {given}",
            f"no cluster answers there: {error}",
            "start it with `ray start --head`, or unset the variable for one of this machine",
        ) from None
    return address


def _many_machines() -> bool:
    """Return whether Ray in this process takes part in clusters of many machines."""
    from ray._private import ray_constants

    return bool(ray_constants.ENABLE_RAY_CLUSTER)


def _reread(many: bool) -> None:
    """Let Ray in this process see the environment: it reads that once, when it is imported and first called."""
    from ray._private import ray_constants

    raylet: Any = import_module("ray._raylet")
    ray_constants.ENABLE_RAY_CLUSTER = many
    raylet.Config.initialize("")
    raylet.AuthenticationTokenLoader.instance().reset_cache()


def _late(what: str, seconds: float) -> RequestError:
    """Return the error of what took too long."""
    return RequestError(
        "run.executor: ray",
        f"{what} within {seconds:g} seconds",
        "is the machine or the cluster overloaded? try again, or use run.executor: processes",
    )
