"""What a shell offers behind the words of a command: names of pipelines and configs, shipped or in the current folder.

`augment --install-completion` sets it up; only the list of a folder is read here.
"""

from pathlib import Path

from augment.config.shipped import ShippedFolder, names


def complete_pipelines(incomplete: str) -> list[str]:
    """Return the pipelines that begin with what is typed, and the YAML files here."""
    return _beginning("pipelines", incomplete)


def complete_configs(incomplete: str) -> list[str]:
    """Return the configs that begin with what is typed, and the YAML files here."""
    return _beginning("configs", incomplete)


def _beginning(kind: ShippedFolder, incomplete: str) -> list[str]:
    """Return the names of one kind, and of YAML files here, that begin with what is typed."""
    local = sorted(str(path) for path in Path().glob("*.y*ml"))
    return [name for name in [*names(kind), *local] if name.startswith(incomplete)]
