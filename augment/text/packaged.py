"""The version of an installed package and its data files, found without importing the package."""

import importlib.util
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def packaged_file(package: str, inside: str) -> Path | None:
    """Return the path of a file in a package; None where the package, or the file in it, is not installed."""
    spec = importlib.util.find_spec(package)
    folders = [Path(folder) for folder in (spec.submodule_search_locations or ())] if spec else []
    return next((file for folder in folders if (file := folder / inside).is_file()), None)


def installed_version(package: str) -> str | None:
    """Return the version of an installed package; None where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
