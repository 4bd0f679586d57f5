"""A Ray cluster of our own is for this machine and this run alone, and no wait for one is endless."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("ray", reason="the package ray is not installed")

OURS = """
import os
import psutil
import ray
from augment.engine.joining import Joined
joined = Joined()
assert os.environ["RAY_AUTH_MODE"] == "token" and len(os.environ["RAY_AUTH_TOKEN"]) == 64
family = {os.getpid(), *(child.pid for child in psutil.Process().children(recursive=True))}
for one in psutil.net_connections("tcp"):
    if one.pid in family and one.status == "LISTEN":
        print(one.laddr.ip)
joined.leave()
assert not ray.is_initialized()
assert "RAY_AUTH_TOKEN" not in os.environ
"""
TOO_SHORT = """
from augment.engine.joining import Joined
from augment.errors import RequestError
try:
    Joined(0.001)
except RequestError as error:
    print(error.what)
import os
os._exit(0)
"""
NOBODY = """
import os
from augment.engine.joining import Joined
from augment.errors import RequestError
os.environ["RAY_ADDRESS"] = "127.0.0.1:1"
try:
    Joined()
except RequestError as error:
    print(error.where)
"""


def printed_by(source: str, folder: Path) -> list[str]:
    """Return the lines that a program of its own prints; the clusters that others run are not looked for."""
    names = ("RAY_ADDRESS", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN")
    alone = {name: value for name, value in os.environ.items() if name not in names}
    alone |= {"RAY_ADDRESS": "local", "HOME": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=False, timeout=600, env=alone
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_our_own_cluster_listens_on_the_loopback_and_asks_for_a_token(tmp_path: Path) -> None:
    addresses = printed_by(OURS, tmp_path)
    assert addresses
    assert set(addresses) <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
    assert not (tmp_path / ".ray").exists()


def test_a_cluster_that_does_not_come_is_an_error(tmp_path: Path) -> None:
    assert printed_by(TOO_SHORT, tmp_path) == ["no Ray cluster was there within 0.001 seconds"]


def test_an_address_at_which_nobody_answers_is_an_error(tmp_path: Path) -> None:
    assert printed_by(NOBODY, tmp_path) == ["RAY_ADDRESS: 127.0.0.1:1"]
