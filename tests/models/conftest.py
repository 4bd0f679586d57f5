"""What the tests of models share."""

from pathlib import Path

import pytest

from tests.models.nets import NETS, save


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the folder of every net."""
    root = tmp_path_factory.mktemp("nets")
    return {name: save(net, root / name) for name, net in NETS.items()}
