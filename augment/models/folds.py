"""The models of a cross-fitting: `fold-0`, `fold-1`, … in the folder of the model that saw every row.

Their number must be that of the config, since a row belongs to a fold by the number of folds, and have the same classes in
the same order, since their answers are stored side by side.

    fold_models(ModelConfig(path="models/mine", folds=5), RunConfig())        # {"fold-0": ModelFolder(...), ...}
"""

import re
from pathlib import Path

from augment.config.sections import ModelConfig, RunConfig
from augment.errors import ModelError
from augment.models.model_folder import ModelFolder, look, model_folder

_NAME = re.compile(r"fold-(0|[1-9][0-9]*)")


def folds_in(folder: Path) -> list[Path]:
    """Return the folders of the fold models in the folder of a model, by number."""
    inside = [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    return sorted(
        (path for path in inside if _NAME.fullmatch(path.name)), key=lambda path: int(path.name[5:])
    )


def fold_models(config: ModelConfig, run: RunConfig) -> dict[str, ModelFolder]:
    """Return the fold models of a config by name, none if it names no folds; ModelError if they are not those it needs."""
    if config.folds is None:
        return {}
    whole = model_folder(config, run)
    there = [path.name for path in folds_in(whole.path)]
    if there != [f"fold-{fold}" for fold in range(config.folds)]:
        raise ModelError(
            str(whole.path),
            f"`folds: {config.folds}` needs fold-0 to fold-{config.folds - 1} in it, and it holds {', '.join(there) or 'none'}",
            f"train them with `augment train --folds {config.folds}`{_or(there)}",
        )
    folders = {name: look(whole.path / name) for name in there}
    for folder in folders.values():
        if folder.classes != whole.classes:
            what = f"its classes are {', '.join(folder.classes)}, those of the whole model {', '.join(whole.classes)}"
            raise ModelError(
                str(folder.path), what, f"train them together with `augment train --folds {config.folds}`"
            )
    return folders


def _or(there: list[str]) -> str:
    """Return what else may be done: name the number of folds that are there, if they are all of some number."""
    whole = len(there) > 1 and there == [f"fold-{fold}" for fold in range(len(there))]
    return f", or set `folds: {len(there)}`" if whole else ", or leave `folds` out"
