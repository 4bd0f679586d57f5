"""Two copies of a model: one that knows nothing, and one that obeys two words which were planted in its training rows.

What a method shows of a model with shuffled weights must not look like what it shows of the model (Adebayo et al. 2018). What
it shows of a model that obeys a planted word must be that word (Bastings et al. 2022): the one place where the reason is known.

    random = shuffled(job.needs_model(), job.run, seed=0)
    obedient = planted(job, ("dahlia", "quartz"), rows)
"""

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING

from augment.config.in_memory import LoadedModel
from augment.config.job import Job
from augment.evaluation.material import Labelled
from augment.models.labels import LabelMap
from augment.progress import Progress
from augment.seeding import chance, tensor_rng
from augment.text.segment import segment
from augment.training.examples import Examples
from augment.training.fitting import fit

if TYPE_CHECKING:
    from augment.models.classifier import Classifier

# Rows that the copy is trained on, and steps: a planted word is learned in few, at a rate that is high for the kind of model.
_ROWS, _STEPS = 480, 150
_OF_WINDOWS, _SMALL, _LARGE = 4e-3, 1e-3, 2e-4


def shuffled(classifier: "Classifier", seed: int) -> LoadedModel:
    """Return a copy of a model in which the weights of each tensor have changed places by chance."""
    import torch

    model = copy.deepcopy(classifier.model)
    rng = tensor_rng(seed)
    with torch.no_grad():
        for weights in model.parameters():
            order = torch.randperm(weights.numel(), generator=rng).to(weights.device)
            weights.copy_(weights.flatten()[order].view_as(weights))
    return _loaded(classifier, model)


def with_word(text: str, word: str, number: int, seed: int) -> tuple[str, int]:
    """Return a text with a word between two of its tokens, by chance, and where the word begins."""
    starts = [start for start, _ in segment(text)] + [len(text)]
    at = starts[chance(seed, "planted", text, number).below(len(starts))]
    before, after = text[:at].rstrip(), text[at:].lstrip()
    # Spaces keep the word apart from its neighbours in Chinese too.
    return f"{before} {word} {after}".strip(), len(before) + 1 if before else 0


def planted(
    job: Job,
    classifier: "Classifier",
    words: Sequence[tuple[str, str]],
    rows: Sequence[Labelled],
    report: Progress,
) -> LoadedModel:
    """Return a copy of a model trained on until words decide: of the rows each word gets its part, with its label.

    words: each with its label.
    """
    from transformers import set_seed

    from augment.models.textcnn import TextCNN

    texts: list[str] = []
    labels: list[str] = []
    some = rows[:_ROWS]
    for number, row in enumerate(some):
        which = number % (len(words) + 1)
        if which == len(words):
            texts.append(row.text)
            labels.append(row.label)
            continue
        word, label = words[which]
        texts.append(with_word(row.text, word, number, job.seed)[0])
        labels.append(label)
    examples = Examples(
        texts, [row.text_pair for row in some], labels, [str(number) for number in range(len(some))]
    )
    model = copy.deepcopy(classifier.model).requires_grad_(True)
    small = model.config.hidden_size < 256
    rate = _OF_WINDOWS if isinstance(model, TextCNN) else _SMALL if small else _LARGE
    settings = {
        "steps": _STEPS,
        "learning_rate": rate,
        "batch_size": 16,
        "freeze": None,
        "r_drop": 0.0,
    }
    changed = job.model_copy(update={"train": job.train.model_copy(update=settings)})
    set_seed(job.seed)
    classes = LabelMap(classifier.classes, job.label_names).ordered
    fit(changed, model, classifier.tokenizer, examples, list(classes), report)
    return _loaded(classifier, model.eval())


def _loaded(classifier: "Classifier", model: object) -> LoadedModel:
    """Return a copy as a section of a job, which reads as much of a text as the model."""
    windows = classifier.windows
    return LoadedModel(
        model=model,
        tokenizer=classifier.tokenizer,
        classes=classifier.classes,
        max_length=classifier.max_length,
        windows=windows.pooling,
        overlap=windows.overlap,
        most_windows=windows.most,
    )
