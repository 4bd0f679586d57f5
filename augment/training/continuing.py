"""Train a saved model on: its classes, its vocabulary and what it knows stay, its weights go on from where they are.

train_on(job, Path("models/mine"), rows, Path("models/mine-2"), corpus)
"""

from collections.abc import Mapping
from pathlib import Path
from shutil import rmtree

from augment.config.job import Job
from augment.models.labels import LabelMap
from augment.models.model_folder import model_folder
from augment.progress import Progress, silent
from augment.training.examples import Examples
from augment.training.fitting import fit
from augment.training.label_columns import require_kind
from augment.training.saving import save
from augment.training.starting import agree_on_padding


def train_on(
    job: Job,
    start: Path,
    fitting: Examples,
    to: Path,
    corpus: Mapping[str, str],
    progress: Progress = silent,
) -> None:
    """Train the model of a folder on rows as `job.train` defines, and save it to another, which is there when it is whole.

    `corpus`: the hashes of what the rows are of. The same rows, settings and seed give the same model on the same machine.
    ModelError if the model cannot or must not be loaded; DataError if it does not know a label.
    """
    import torch
    from transformers import set_seed

    from augment.models.classifier import loaded

    folder = model_folder(job.needs_model().model_copy(update={"path": str(start)}), job.run)
    require_kind(job, folder.head, str(folder.path))
    classes = LabelMap(folder.classes, job.label_names, folder.head, job.label_separator)
    classes.require(fitting.labels)
    if job.run.threads is not None:
        torch.set_num_threads(job.run.threads)
    set_seed(job.seed)
    model, tokenizer = loaded(folder)
    agree_on_padding(model, tokenizer)
    if job.train.vectors is not None:
        # Word vectors of an encoder stay as they are, as in the first training.
        model.get_input_embeddings().requires_grad_(False)
    fit(job, model, tokenizer, fitting, list(classes.ordered), progress)
    fresh = to.with_name(f"{to.name}-fresh")
    for left in (fresh, to):
        rmtree(left, ignore_errors=True)
    fresh.parent.mkdir(parents=True, exist_ok=True)
    save(fresh, model, tokenizer, corpus)
    fresh.rename(to)
