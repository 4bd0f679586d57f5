"""Fit a model to rows with the Trainer of transformers: its batches, its steps, R-Drop."""

from collections.abc import Callable, Sequence
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from augment.config.job import Job
from augment.config.sections import TrainConfig
from augment.progress import Progress
from augment.training.examples import Examples
from augment.training.label_columns import kind_of, targets

if TYPE_CHECKING:
    from datasets import Dataset
    from torch import Tensor, nn
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_RATES = {"textcnn": 2e-3, "bert-small": 5e-4}
# What is trained from nothing; any other start is fine-tuned.
SCRATCH = frozenset(_RATES)
_FINE_TUNING = 3e-5
# Least steps, and the most passes over the rows to come to them: few rows want many passes (Mosbach et al. 2021).
_STEPS, _PASSES = {True: 600, False: 200}, {True: 20, False: 60}


def fit(
    job: Job,
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    fitting: Examples,
    classes: list[str],
    report: Progress,
) -> int:
    """Train the model in place with the Trainer of transformers; return of how many rows only the first window was read."""
    from transformers import Trainer, TrainerCallback, TrainingArguments

    from augment.models.device import device_of, dtype_of
    from augment.training.freezing import freeze
    from augment.training.length_buckets import LengthBuckets, padding
    from augment.training.r_drop import disagreement, doubled

    settings, dtype, device = job.train, dtype_of(job.run), device_of(job.run.device)
    rows, cut = _features(job, tokenizer, fitting, classes, model)
    weights = fitting.weights
    own_loss = _own_loss(job, weights)
    if settings.freeze is not None:
        freeze(model, settings.freeze)

    class ReportProgress(TrainerCallback):
        """Passes the step on to the caller's progress."""

        def on_step_end(self, args: object, state: "object", control: object, **_: object) -> None:
            """Report how far the training is."""
            report("train", int(getattr(state, "global_step", 0)), int(getattr(state, "max_steps", 0)))

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
            # Models of several labels have a loss of their own, in which labels are smoothed.
            label_smoothing_factor=settings.label_smoothing if kind_of(job) == "single" else 0.0,
            bf16=dtype == "bfloat16",
            fp16=dtype == "float16",
            tf32=True if dtype == "tf32" and device.startswith("cuda") else None,
            # The Trainer would take away the numbers of the rows, which no model reads.
            remove_unused_columns=not weights,
        )
        lengths = rows["length"]
        if weights:
            rows = rows.remove_columns("length").add_column("row", list(range(len(weights))))

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
                if own_loss is not None:
                    loss, outputs = own_loss(model, inputs)
                    return (loss, outputs) if return_outputs else loss
                if not settings.r_drop:
                    single: Tensor = super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
                    return single
                loss, outputs = super().compute_loss(model, doubled(inputs), return_outputs=True)
                both: Tensor = loss + settings.r_drop / 2 * disagreement(outputs["logits"])
                return both

        trainer = Sorted(
            model=model,
            args=arguments,
            train_dataset=rows,
            data_collator=padding(tokenizer),
            callbacks=[ReportProgress()],
        )
        for callback in list(trainer.callback_handler.callbacks):
            if type(callback).__name__ == "PrinterCallback":
                trainer.remove_callback(callback)
        trainer.train()
    model.to("cpu")
    return cut


def _own_loss(
    job: Job, weights: Sequence[float]
) -> "Callable[[nn.Module, dict[str, Tensor]], tuple[Tensor, object]] | None":
    """Return the loss of a batch and what the model gives, for rows that count differently or answers of another kind."""
    from augment.training.head_loss import head_loss
    from augment.training.row_weights import weighted_loss

    settings, kind = job.train, kind_of(job)

    def of_head(model: "nn.Module", inputs: "dict[str, Tensor]") -> "tuple[Tensor, object]":
        """Return the loss of several labels, or of a number."""
        given = dict(inputs)
        labels = given.pop("labels")
        outputs = model(**given)
        return head_loss(outputs["logits"], labels, kind, settings.label_smoothing), outputs

    def of_rows(model: "nn.Module", inputs: "dict[str, Tensor]") -> "tuple[Tensor, object]":
        """Return the loss of rows that count differently."""
        return weighted_loss(model, inputs, weights, settings.label_smoothing, settings.r_drop), None

    return of_head if kind != "single" else of_rows if weights else None


def default_epochs(settings: TrainConfig, rows: int) -> int:
    """Return how often training goes through `rows` rows where neither epochs nor steps are given.

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
) -> "tuple[Dataset, int]":
    """Return the rows as the Trainer wants them, and how many were cut: input ids, mask, segment ids where the model takes them, label."""
    from datasets import Dataset

    from augment.models.bounded import encode
    from augment.models.classifier import require_known, takes

    pairs = examples.pairs if any(pair is not None for pair in examples.pairs) else None
    wanted = [name for name in tokenizer.model_input_names if takes(model, name)]
    encoded = encode(
        tokenizer,
        examples.texts,
        None if pairs is None else [pair or "" for pair in pairs],
        job.needs_model().max_length,
    )
    require_known(max((max(row, default=0) for row in encoded["input_ids"]), default=0), model)
    columns = {name: encoded[name] for name in wanted if name in encoded}
    numbers = targets(job, examples.labels, classes)
    rows = Dataset.from_dict(
        {**columns, "labels": numbers, "length": [len(row) for row in encoded["input_ids"]]}
    )
    return rows, sum(bool(row.overflowing) for row in encoded.encodings or ())
