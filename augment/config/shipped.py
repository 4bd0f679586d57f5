"""The pipelines and configs that come with the package: plain YAML files, found by name.

In an installed wheel they are inside the package; in a checkout they are next to it.
"""

import os
from pathlib import Path
from typing import Literal, get_args

from augment.errors import RequestError, nearest

ShippedFolder = Literal["pipelines", "configs"]
_PACKAGE = Path(__file__).resolve().parents[1]


def folder(kind: ShippedFolder) -> Path:
    """Return the folder of the shipped files of one kind."""
    inside = _PACKAGE / "_shipped" / kind
    return inside if inside.is_dir() else _PACKAGE.parent / kind


def names(kind: ShippedFolder) -> list[str]:
    """Return the names of the shipped files of one kind, sorted."""
    return sorted(path.stem for path in folder(kind).glob("*.yaml"))


def _local() -> list[str]:
    """Return the YAML files of the current folder, without their endings."""
    return sorted(path.stem for path in Path().glob("*.y*ml"))


def find(kind: ShippedFolder, name: str) -> Path:
    """Return the file of a shipped name, else that of the name in the current folder, or the path itself.

    RequestError naming what there is.
    """
    if name.endswith((".yaml", ".yml")) or "/" in name or "\\" in name:
        return Path(name)
    path = folder(kind) / f"{name}.yaml"
    if not os.path.isfile(path):
        here = next(
            (own for own in (f"{name}.yaml", f"{name}.yml", name) if name and os.path.isfile(own)), None
        )
        if here is not None:
            return Path(here)
        other = next(
            (other for other in get_args(ShippedFolder) if other != kind and name in names(other)), None
        )
        what = f"this is a {other[:-1]}" if other else f"no such {kind[:-1]}"
        raise RequestError(f"{kind[:-1]} `{name}`", what, nearest(name, [*names(kind), *_local()]))
    return path
