"""What a training starts from: the built-in classifiers with a vocabulary of the rows, or a pretrained encoder."""

from typing import TYPE_CHECKING

from augment.config.job import Job
from augment.errors import RequestError
from augment.models.model_folder import resolve
from augment.training.examples import Examples
from augment.training.label_columns import problem_of

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def start_of(
    job: Job, fitting: Examples, classes: list[str]
) -> "tuple[PreTrainedModel, PreTrainedTokenizerBase]":
    """Return the model to train and its tokenizer."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, set_seed

    from augment.models.textcnn import TextCNN, TextCNNConfig
    from augment.training.wordpiece import learn

    if job.run.threads is not None:
        torch.set_num_threads(job.run.threads)
    set_seed(job.seed)
    settings, longest = job.train, job.needs_model().max_length
    names = {
        "id2label": dict(enumerate(classes)),
        "label2id": {name: index for index, name in enumerate(classes)},
        **problem_of(job),
    }
    shape = {"num_labels": len(classes), "pooling": settings.pooling, **names}
    if settings.start not in ("textcnn", "bert-small"):
        return _pretrained(job, names)
    if settings.vectors is not None:
        from augment.models.model_folder import look
        from augment.training.pretrained_vectors import on_vectors

        folder = look(resolve(settings.vectors, None, job.run.allow_download)).path
        return on_vectors(folder, TextCNNConfig(**shape))
    texts = fitting.texts + [pair for pair in fitting.pairs if pair is not None]
    tokenizer = learn(texts, settings.vocabulary, longest)
    if settings.start == "textcnn":
        if any(pair is not None for pair in fitting.pairs):
            raise RequestError(
                "train.start: textcnn", "this model reads one text, the corpus has pairs", "use bert-small"
            )
        return TextCNN(TextCNNConfig(vocab_size=len(tokenizer), **shape)), tokenizer
    sizes = {
        "hidden_size": 128,
        "num_hidden_layers": settings.layers or 2,
        "num_attention_heads": 2,
        "intermediate_size": 512,
    }
    config = BertConfig(
        vocab_size=len(tokenizer), max_position_embeddings=max(512, longest), **sizes, **names
    )
    return BertForSequenceClassification(config), tokenizer


def _pretrained(job: Job, names: dict[str, object]) -> "tuple[PreTrainedModel, PreTrainedTokenizerBase]":
    """Return a pretrained encoder with a fresh classification head, cut to `train.layers`."""
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

    from augment.models.bounded import require_bounded
    from augment.models.classifier import reading
    from augment.models.model_folder import look

    folder = look(resolve(job.train.start, None, job.run.allow_download)).path
    safe = {"local_files_only": True, "trust_remote_code": False}
    with reading(str(folder), "cannot be fine-tuned", "start from another model"):
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
        tokenizer = AutoTokenizer.from_pretrained(folder, **safe)
    if tokenizer.is_fast:
        require_bounded(tokenizer, str(folder))
    agree_on_padding(model, tokenizer)
    return model, tokenizer


def agree_on_padding(model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase") -> None:
    """Let a model look for the piece that its tokenizer pads with, the end of a text where it has none of its own.

    A decoder answers from the last piece that is no padding, and refuses batches where it does not know what pads.
    """
    if tokenizer.pad_token_id is None and tokenizer.eos_token is not None:
        tokenizer.pad_token = tokenizer.eos_token
    model.config.pad_token_id = tokenizer.pad_token_id or 0
