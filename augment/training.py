"""Train the classifier of a job: the built-in ones from scratch, any other by fine-tuning.

result = train(read_job([Path("configs/demo-zh.yaml")]))
result.accuracy, result.macro_f1
"""

import json
import os
import shutil
import time
from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from augment import __version__
from augment.corpus import fold_of, read, with_label_names
from augment.errors import DataError, ModelError, RequestError
from augment.job import Job, TrainConfig
from augment.models.folder import resolve
from augment.models.folds import folds_in
from augment.models.labels import listed
from augment.progress import Progress, silent
from augment.text.segment import segment

if TYPE_CHECKING:
    from datasets import Dataset
    from torch import Tensor, nn
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# Raised when the same request would train another model than before.
ALGORITHM = 2
# The file that marks a model folder as ours to replace.
MADE = "augment.json"
_RATES = {"textcnn": 2e-3, "bert-small": 5e-4}
# What is trained from nothing; any other start is fine-tuned.
SCRATCH = frozenset(_RATES)
_FINE_TUNING = 3e-5
# Least steps, and the most passes over the rows to come to them: few rows want many passes (Mosbach et al. 2021).
_STEPS, _PASSES = {True: 600, False: 200}, {True: 20, False: 60}


@dataclass(frozen=True)
class Examples:
    """Labelled texts of one split."""

    texts: list[str]
    pairs: list[str | None]
    labels: list[str]

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self.texts)


@dataclass(frozen=True)
class Training:
    """What came of a training: where the model lies, on how many rows, and how well it does on the held-out split.

    majority: the share of the most frequent label there, which a model must beat to have learned anything; folds: how well
    each fold model does on the rows it did not see.
    baseline_accuracy: TF-IDF with logistic regression on the same rows, if the job asks for it.
    """

    folder: Path
    start: str
    rows: int
    held_out: str
    held_out_rows: int
    accuracy: float
    macro_f1: float
    majority: float
    baseline_accuracy: float | None
    seconds: float
    folds: tuple["FoldScore", ...] = ()

    @property
    def fold_accuracy(self) -> float | None:
        """The mean accuracy of the fold models on the rows they did not see; None without folds."""
        known = [fold.accuracy for fold in self.folds if fold.accuracy is not None]
        return round(sum(known) / len(known), 4) if known else None


@dataclass(frozen=True)
class FoldScore:
    """How well a fold model does on the rows it did not see: their number and its accuracy, None where there are none."""

    fold: int
    rows: int
    accuracy: float | None


def train(job: Job, progress: Progress | None = None) -> Training:
    """Train on the train split, save to `model.path`, and return the scores on the test split.

    With `model.folds` also one model for each fold, trained without it, in fold-0, fold-1, … of that folder. The same job gives the same model on the same machine. RequestError if the job has no corpus or model; DataError if
    there are no labels; ModelError if the model to start from cannot or must not be loaded.
    """
    began = time.monotonic()
    folder = Path(job.needs_model().path)
    for old in (folder, *folds_in(folder)):
        _check_folder(old)
    job = with_label_names(job)
    splits = _splits(job)
    fitting, held_out = _limited(job, splits["train"]), "test" if "test" in splits else "validation"
    divided = _divided(job, fitting)
    say = progress or silent
    # Those of an earlier training would be taken for folds of this one.
    for old in folds_in(folder):
        shutil.rmtree(old)
    classes = sorted(set(fitting.labels))
    _make(job, fitting, classes, say)
    folds = tuple(_make_fold(job, divided, fold, classes, say) for fold in divided)
    accuracy, macro_f1 = _score(job, splits[held_out])
    baseline = _baseline(fitting, splits[held_out]) if job.train.baseline else None
    majority = round(max(Counter(splits[held_out].labels).values()) / len(splits[held_out]), 4)
    seconds = round(time.monotonic() - began, 1)
    rows = len(splits[held_out])
    return Training(
        folder,
        job.train.start,
        len(fitting),
        held_out,
        rows,
        accuracy,
        macro_f1,
        majority,
        baseline,
        seconds,
        folds,
    )


def _make(job: Job, fitting: Examples, classes: list[str], say: Progress) -> None:
    """Train a model on these rows and save it to `model.path`."""
    model, tokenizer = _start(job, fitting, classes)
    _fit(job, model, tokenizer, fitting, classes, say)
    _save(Path(job.needs_model().path), model, tokenizer)


def _make_fold(
    job: Job, divided: dict[int, tuple[Examples, Examples]], fold: int, classes: list[str], say: Progress
) -> FoldScore:
    """Train and save the model that does not see a fold, and return how well it does there."""
    seen, unseen = divided[fold]
    own, name = job.of_fold(fold), f"train without fold {fold}"
    _make(own, seen, classes, lambda phase, done, total: say(name, done, total))
    return FoldScore(fold, len(unseen), _score(own, unseen)[0] if len(unseen) else None)


def _divided(job: Job, fitting: Examples) -> dict[int, tuple[Examples, Examples]]:
    """Return for each fold the rows outside it and the rows inside; DataError if those outside have but one label."""
    count = job.needs_model().folds
    if count is None:
        return {}
    folds = [fold_of(text, pair, count) for text, pair in zip(fitting.texts, fitting.pairs, strict=True)]
    divided: dict[int, tuple[Examples, Examples]] = {}
    for fold in range(count):
        outside, inside = (
            _taken(fitting, [row for row, own in enumerate(folds) if (own == fold) is inside])
            for inside in (False, True)
        )
        if len(set(outside.labels)) < 2:
            what = f"outside fold {fold} of {count} the training rows have fewer than two labels"
            raise DataError(
                str(job.root), what, "give more rows, or raise train.limit; equal texts share a fold"
            )
        divided[fold] = outside, inside
    return divided


def _check_folder(folder: Path) -> None:
    """Raise RequestError if saving a model would replace something that was not trained here."""
    if not folder.exists() or (folder.is_dir() and ((folder / MADE).is_file() or not any(folder.iterdir()))):
        return
    raise RequestError(
        f"model.path: {folder}",
        "something is there that `augment train` did not make",
        "name a new folder; to fine-tune that model, name it as train.start",
    )


def _splits(job: Job) -> dict[str, Examples]:
    """Return the labelled texts of each split; DataError if train or a held-out split is missing or has one label."""
    splits: dict[str, Examples] = {}
    for chunk in read(job.needs_corpus(), job.run.allow_download):
        for row in chunk.rows.select(["text", "text_pair", "label", "split"]).to_pylist():
            if row["label"] is None:
                there = listed([field.name for field in chunk.rows.schema.field("source").type])
                raise DataError(
                    str(job.root),
                    f"the corpus has no labels; its columns: {there}",
                    "name one with corpus.label",
                )
            examples = splits.setdefault(row["split"], Examples([], [], []))
            examples.texts.append(row["text"])
            examples.pairs.append(row["text_pair"])
            examples.labels.append(row["label"])
    if "train" not in splits or not {"test", "validation"} & set(splits):
        hint = "give corpus.files by split, or no split at all: then rows are divided 80/10/10"
        raise DataError(str(job.root), f"the corpus has only the splits {', '.join(sorted(splits))}", hint)
    if len(set(splits["train"].labels)) < 2:
        raise DataError(str(job.root), "all training rows have the same label", "a classifier needs two")
    return splits


def _limited(job: Job, examples: Examples) -> Examples:
    """Return at most `train.limit` of the examples, chosen by hash of their texts, in their order."""
    if job.train.limit is None or job.train.limit >= len(examples):
        return examples
    keys = [blake2b(f"{job.seed}\0train\0{text}".encode(), digest_size=8).digest() for text in examples.texts]
    rows = sorted(sorted(range(len(keys)), key=lambda row: (keys[row], row))[: job.train.limit])
    return _taken(examples, rows)


def _taken(examples: Examples, rows: list[int]) -> Examples:
    """Return the examples in these places."""
    texts, pairs, labels = examples.texts, examples.pairs, examples.labels
    return Examples([texts[row] for row in rows], [pairs[row] for row in rows], [labels[row] for row in rows])


def _start(
    job: Job, fitting: Examples, classes: list[str]
) -> "tuple[PreTrainedModel, PreTrainedTokenizerBase]":
    """Return the model to train and its tokenizer."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, set_seed

    from augment.models.textcnn import TextCNN, TextCNNConfig
    from augment.models.vocabulary import learn

    if job.run.threads is not None:
        torch.set_num_threads(job.run.threads)
    set_seed(job.seed)
    settings, longest = job.train, job.needs_model().max_length
    names = {
        "id2label": dict(enumerate(classes)),
        "label2id": {name: index for index, name in enumerate(classes)},
    }
    if settings.start not in ("textcnn", "bert-small"):
        return _pretrained(job, names)
    if settings.vectors is not None:
        from augment.models.folder import look
        from augment.models.pretrained_vectors import on_vectors

        folder = look(resolve(settings.vectors, None, job.run.allow_download)).path
        return on_vectors(folder, TextCNNConfig(num_labels=len(classes), **names))
    texts = fitting.texts + [pair for pair in fitting.pairs if pair is not None]
    tokenizer = learn(texts, settings.vocabulary, longest)
    if settings.start == "textcnn":
        if any(pair is not None for pair in fitting.pairs):
            raise RequestError(
                "train.start: textcnn", "this model reads one text, the corpus has pairs", "use bert-small"
            )
        return TextCNN(TextCNNConfig(vocab_size=len(tokenizer), num_labels=len(classes), **names)), tokenizer
    sizes = {
        "hidden_size": 128,
        "num_hidden_layers": settings.layers or 2,
        "num_attention_heads": 2,
        "intermediate_size": 512,
    }
    shape = BertConfig(vocab_size=len(tokenizer), max_position_embeddings=max(512, longest), **sizes, **names)
    return BertForSequenceClassification(shape), tokenizer


def _pretrained(job: Job, names: dict[str, object]) -> "tuple[PreTrainedModel, PreTrainedTokenizerBase]":
    """Return a pretrained encoder with a fresh classification head, cut to `train.layers`."""
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

    from augment.models.folder import look, quiet

    folder = look(resolve(job.train.start, None, job.run.allow_download)).path
    safe = {"local_files_only": True, "trust_remote_code": False}
    try:
        with quiet():
            config = AutoConfig.from_pretrained(folder, **names, **safe)
            if job.train.layers is not None:
                config.num_hidden_layers = job.train.layers
            model = AutoModelForSequenceClassification.from_pretrained(
                folder,
                config=config,
                use_safetensors=True,
                dtype=torch.float32,
                ignore_mismatched_sizes=True,
                **safe,
            )
            return model, AutoTokenizer.from_pretrained(folder, **safe)
    except (OSError, ValueError, KeyError) as error:
        first = str(error).splitlines()[0]
        raise ModelError(str(folder), f"cannot be fine-tuned: {first}", "start from another model") from None


def _fit(
    job: Job,
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    fitting: Examples,
    classes: list[str],
    say: Progress,
) -> None:
    """Train the model in place with the Trainer of transformers."""
    from transformers import Trainer, TrainerCallback, TrainingArguments

    from augment.models.agreement import disagreement, doubled
    from augment.models.buckets import LengthBuckets, padding
    from augment.models.device import device_of, dtype_of
    from augment.models.layers import freeze

    settings, dtype, device = job.train, dtype_of(job.run), device_of(job.run.device)
    rows = _features(job, tokenizer, fitting, classes, model)
    if settings.freeze is not None:
        freeze(model, settings.freeze)

    class Tell(TrainerCallback):
        """Passes the step on to the caller's progress."""

        def on_step_end(self, args: object, state: "object", control: object, **_: object) -> None:
            """Say how far the training is."""
            say("train", int(getattr(state, "global_step", 0)), int(getattr(state, "max_steps", 0)))

    epochs = settings.epochs or default_epochs(settings, len(fitting))
    steps = settings.steps or epochs * len(fitting) / settings.batch_size
    with TemporaryDirectory() as scratch:
        arguments = TrainingArguments(
            output_dir=scratch,
            num_train_epochs=epochs,
            max_steps=settings.steps or -1,
            per_device_train_batch_size=settings.batch_size,
            learning_rate=settings.learning_rate or _RATES.get(settings.start, _FINE_TUNING),
            weight_decay=0.01,
            warmup_steps=max(1, int(0.06 * steps)),
            save_strategy="no",
            logging_strategy="no",
            report_to=[],
            disable_tqdm=True,
            use_cpu=device == "cpu",
            seed=job.seed,
            data_seed=job.seed,
            dataloader_pin_memory=False,
            max_grad_norm=0.0,
            label_smoothing_factor=settings.label_smoothing,
            bf16=dtype == "bfloat16",
            fp16=dtype == "float16",
            tf32=True if dtype == "tf32" and device.startswith("cuda") else None,
        )
        lengths = rows["length"]

        class Sorted(Trainer):
            """A Trainer whose batches hold texts of like length, and which may ask the model twice."""

            def _get_train_sampler(self, *_: object) -> LengthBuckets:
                return LengthBuckets(lengths, settings.batch_size, job.seed)

            def compute_loss(
                self,
                model: "nn.Module",
                inputs: "dict[str, Tensor]",
                return_outputs: bool = False,
                num_items_in_batch: "Tensor | int | None" = None,
            ) -> "Tensor | tuple[Tensor, object]":
                """Return the loss, of two passes where R-Drop is wanted."""
                if not settings.r_drop:
                    found: Tensor = super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
                    return found
                loss, outputs = super().compute_loss(model, doubled(inputs), return_outputs=True)
                both: Tensor = loss + settings.r_drop / 2 * disagreement(outputs["logits"])
                return both

        trainer = Sorted(
            model=model,
            args=arguments,
            train_dataset=rows,
            data_collator=padding(tokenizer),
            callbacks=[Tell()],
        )
        for callback in list(trainer.callback_handler.callbacks):
            if type(callback).__name__ == "PrinterCallback":
                trainer.remove_callback(callback)
        trainer.train()
    model.to("cpu")


def default_epochs(settings: TrainConfig, rows: int) -> int:
    """Return how often training goes through so many rows where neither epochs nor steps are given.

    Three times, or as often as 600 steps take from scratch, 200 to fine-tune, up to 20 and 60 times.
    """
    scratch = settings.start in SCRATCH
    return min(_PASSES[scratch], max(3, -(-_STEPS[scratch] * settings.batch_size // rows)))


def _features(
    job: Job,
    tokenizer: "PreTrainedTokenizerBase",
    examples: Examples,
    classes: list[str],
    model: "PreTrainedModel",
) -> "Dataset":
    """Return the rows as the Trainer wants them: input ids, mask, segment ids where the model takes them, label."""
    from datasets import Dataset

    from augment.models.classifier import takes

    pairs = examples.pairs if any(pair is not None for pair in examples.pairs) else None
    wanted = [name for name in tokenizer.model_input_names if takes(model, name)]
    encoded = tokenizer(examples.texts, pairs, truncation=True, max_length=job.needs_model().max_length)
    columns = {name: encoded[name] for name in wanted if name in encoded}
    numbers = [classes.index(label) for label in examples.labels]
    return Dataset.from_dict(
        {**columns, "labels": numbers, "length": [len(row) for row in encoded["input_ids"]]}
    )


def _save(folder: Path, model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase") -> None:
    """Write model and tokenizer beside the folder, then move each file to its place; other files there stay."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    fresh = folder.with_name(f"{folder.name}.tmp")
    shutil.rmtree(fresh, ignore_errors=True)
    model.save_pretrained(fresh)
    tokenizer.save_pretrained(fresh)
    (fresh / MADE).write_text(json.dumps({"augment": __version__}) + "\n", encoding="utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    for file in sorted(fresh.iterdir()):
        os.replace(file, folder / file.name)
    fresh.rmdir()


def _score(job: Job, examples: Examples) -> tuple[float, float]:
    """Return accuracy and macro-F1 of the saved model on held-out texts."""
    from sklearn.metrics import accuracy_score, f1_score

    from augment.models.classifier import open_classifier
    from augment.models.labels import LabelMap

    classifier = open_classifier(job.needs_model(), job.run)
    labels = LabelMap(classifier.classes, job.label_names)
    predicted = [labels.name(int(row)) for row in classifier.ask(examples.texts, examples.pairs).argmax(-1)]
    macro = f1_score(examples.labels, predicted, average="macro", zero_division=0)
    return round(float(accuracy_score(examples.labels, predicted)), 4), round(float(macro), 4)


def _baseline(fitting: Examples, held_out: Examples) -> float:
    """Return the accuracy of TF-IDF over words and word pairs with logistic regression."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    def words(text: str) -> list[str]:
        return [text[start:end].lower() for start, end in segment(text)]

    model = make_pipeline(
        TfidfVectorizer(
            analyzer="word",
            tokenizer=words,
            token_pattern=None,
            lowercase=False,
            ngram_range=(1, 2),
            min_df=2,
            sublinear_tf=True,
        ),
        LogisticRegression(C=10, max_iter=1000),
    )
    joined = [
        [
            text if pair is None else f"{text} {pair}"
            for text, pair in zip(part.texts, part.pairs, strict=True)
        ]
        for part in (fitting, held_out)
    ]
    model.fit(joined[0], fitting.labels)
    return round(float(model.score(joined[1], held_out.labels)), 4)
