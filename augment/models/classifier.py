"""A sequence classifier with its tokenizer: encodes texts, predicts, and gives gradients at its embeddings.

The real ids, mask and positions are always kept. For a point on a path only the output of the input-embedding module
is replaced, by a forward hook: at a = 1 the logits are those of the plain call on every architecture tried (BERT,
RoBERTa, DistilBERT, GPT-2, Qwen and TextCNN are in the tests), which `inputs_embeds` does not give for decoders. The
last layer of BERT and its kin computes one piece only (`models.first_piece`), which moves the last bits of the answer.

    classifier = open_classifier(ModelConfig(path="models/hotel-zh"), RunConfig())
    logits = classifier.answer(classifier.encode(["很好"], [None]))
"""

import copy
import inspect
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.modeling_layers import GradientCheckpointingLayer

from augment.config.in_memory import FunctionModel, LoadedModel
from augment.config.sections import ModelConfig, RunConfig
from augment.errors import AugmentError, ModelError, RequestError
from augment.ig.baseline import FillerName, replaced, zero
from augment.ig.gradients import Batch
from augment.models import bounded
from augment.models.device import (
    Dtype,
    budget_of,
    device_of,
    dtype_of,
    products,
    reduced,
    remember_few_shapes,
)
from augment.models.first_piece import first_only
from augment.models.heads import probabilities
from augment.models.kept_context import KeptContext, kept_context
from augment.models.kind import Kind
from augment.models.memory_retries import count
from augment.models.model_folder import TEXTCNN, ModelFolder, model_folder, quiet
from augment.models.packing import pack
from augment.models.textcnn import TextCNN
from augment.models.windows import Windows

_OPENED: OrderedDict[tuple[str, ...], "Classifier"] = OrderedDict()
_KEPT = 2
# After this many batches that fit, one after the other, a budget that was halved is doubled.
_FITTING = 64
# Pieces of the rows that are tried to see how much memory batches take.
_TRIED = 128


@dataclass(frozen=True)
class Encoding:
    """A row as the model is fed it. pieces, segments: input and token type ids, specials included.

    offsets: code-point range of each piece in its side. sides: 0 or 1, None for special pieces.
    """

    pieces: list[int]
    segments: list[int]
    offsets: list[tuple[int, int]]
    sides: list[int | None]


class Classifier:
    """A frozen model on its device. It satisfies `augment.models.predictor.Differentiable`."""

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        config: ModelConfig,
        run: RunConfig,
        classes: tuple[str, ...],
        kind: Kind = "single",
    ) -> None:
        """Move the model to the run's device, freeze its weights and set it to evaluation."""
        _require_movable(model)
        self.kind: Kind = kind
        device = device_of(run.device)
        self.device = torch.device(device)
        self.model = model.to(self.device).eval().requires_grad_(False)
        self.tokenizer = tokenizer
        self.classes = classes
        self.max_length = min(config.max_length, positions(model))
        self._fitting = 0
        self.dtype: Dtype = dtype_of(run)
        self._first = first_only(self.model)
        self.recomputes = False
        if run.recompute:
            self.recompute()
        # GPT-2 takes segment ids too, and adds word embeddings for them; only its tokenizer knows that it gives none.
        self._wants_segments = "token_type_ids" in tokenizer.model_input_names and takes(
            model, "token_type_ids"
        )
        before, after = framing(tokenizer)
        self.windows = Windows(
            self.max_length,
            before,
            after,
            config.overlap,
            config.most_windows,
            config.windows,
            between_texts(tokenizer, self._wants_segments),
        )
        self._pad = (
            tokenizer.pad_token_id if tokenizer.pad_token_id is not None else (tokenizer.eos_token_id or 0)
        )
        hidden = {tokenizer.mask_token_id, tokenizer.unk_token_id}
        self._frame = {piece for piece in tokenizer.all_special_ids if piece not in hidden}
        # A decoder would keep keys and values for a next piece that never comes.
        model.config.use_cache = False
        # Decoders pool the last piece that is not padding: what pads and what they look for must be the same id.
        model.config.pad_token_id = self._pad
        self.budget = self._most = budget_of(run.token_budget, device, self.try_gradient)

    def encode(self, texts: Sequence[str], pairs: Sequence[str | None]) -> list[Encoding]:
        """Return what the model is fed for each text, or pair of texts.

        A text or pair is cut to the pieces of its windows (`models.windows`). Segments of a pair are those of the tokenizer; where the
        model takes none, they are 1 from the second text on.
        """
        if len({pair is None for pair in pairs}) > 1:
            # The tokenizer takes pairs for all rows or none.
            alone = [self.encode([text], [pair]) for text, pair in zip(texts, pairs, strict=True)]
            return [encoding for one in alone for encoding in one]
        if not texts:
            return []
        rows = bounded.encode(
            self.tokenizer,
            texts,
            None if pairs[0] is None else [pair or "" for pair in pairs],
            self.windows.longest if pairs[0] is None else self.windows.longest_pair,
            return_offsets_mapping=True,
            return_token_type_ids=True,
        )
        kinds = rows.get("token_type_ids")
        encodings = []
        for row, pieces in enumerate(rows["input_ids"]):
            segments = list(kinds[row]) if kinds is not None else [0] * len(pieces)
            encoding = Encoding(
                list(pieces), segments, list(rows["offset_mapping"][row]), rows.sequence_ids(row)
            )
            encodings.append(encoding if pieces else Encoding([self._pad], [0], [(0, 0)], [None]))
        return encodings if pairs[0] is None else [self._pair(encoding) for encoding in encodings]

    def _pair(self, encoding: Encoding) -> Encoding:
        """Return what is read of a pair, with segments that show where its second text begins."""
        if self.windows.between is not None and not self._wants_segments:
            second = self.windows.before + encoding.sides.count(0) + self.windows.between
            segments = [int(index >= second) for index in range(len(encoding.pieces))]
            encoding = replace(encoding, segments=segments)
        read = self.windows.read_of_pair(encoding.sides, self.tokenizer.truncation_side == "left")
        if read is None:
            return encoding
        return Encoding(
            [encoding.pieces[index] for index in read],
            [encoding.segments[index] for index in read],
            [encoding.offsets[index] for index in read],
            [encoding.sides[index] for index in read],
        )

    def longest(self, paired: bool) -> int:
        """Return up to how many pieces any text, or pair, is read whole."""
        return self.max_length if paired else self.windows.longest

    def batch(self, pieces: Sequence[Sequence[int]], segments: Sequence[Sequence[int]]) -> dict[str, Tensor]:
        """Return tensors [B, T] on the model's device, padded on the right whatever the tokenizer would do.

        Padding on the left moves the positions of GPT-2 and the pooled piece of BERT: a row would get another answer
        in other company.
        """
        longest = max(len(row) for row in pieces)
        ids = np.full((len(pieces), longest), self._pad, dtype=np.int64)
        mask = np.zeros((len(pieces), longest), dtype=np.int64)
        types = np.zeros((len(pieces), longest), dtype=np.int64)
        for row, (piece, segment) in enumerate(zip(pieces, segments, strict=True)):
            filled = slice(len(piece))
            ids[row, filled], mask[row, filled], types[row, filled] = piece, 1, segment
        require_known(int(ids.max()), self.model)
        tensors = {"input_ids": ids, "attention_mask": mask}
        if self._wants_segments:
            tensors["token_type_ids"] = types
        return {name: torch.from_numpy(values).to(self.device) for name, values in tensors.items()}

    def embed(self, batch: Batch) -> Tensor:
        """Return the output of the input-embedding module, [B, T, D] float32."""
        embeddings: Tensor = self.model.get_input_embeddings()(batch["input_ids"])
        return embeddings.float()

    def logits(self, batch: Batch, embeddings: Tensor | None = None) -> Tensor:
        """Return logits [B, C] float32; `embeddings` [B, T, D] replace the output of the embedding module."""
        return self.run(lambda: torch.as_tensor(self.model(**batch).logits), embeddings)

    @property
    def has_closed_form(self) -> bool:
        """Whether the path integral from the zero embedding has a closed form."""
        return isinstance(self.model, TextCNN) and self.model.config.pooling == "max"

    @cached_property
    def kept_context(self) -> KeptContext | None:
        """What answers texts with some pieces replaced from what the others had; None where the model has another form."""
        return kept_context(self.model)

    def run(self, forward: Callable[[], Tensor], embeddings: Tensor | None) -> Tensor:
        """Return what a forward pass gives, float32, with `embeddings` in place of the embedding output if given."""
        with reduced(self.dtype, str(self.device)):
            if embeddings is None:
                return forward().float()
            module = self.model.get_input_embeddings()
            replacement = [embeddings.to(module.weight.dtype)]
            # Only the first call: GPT-2 embeds segment ids, if its tokenizer gives any, with the same module.
            handle = module.register_forward_hook(lambda *_: replacement.pop() if replacement else None)
            try:
                return forward().float()
            finally:
                handle.remove()

    def answer(
        self,
        pieces: Sequence[Sequence[int]],
        segments: Sequence[Sequence[int]],
        baseline: FillerName | Sequence[Sequence[int]] | None = None,
    ) -> Tensor:
        """Return logits [N, C] float32 on the CPU for any number of rows, or for the baseline of each row.

        baseline: a filler, or for each row pieces of the same length, of which only the embeddings are put in: what pads, the
        positions and the pooled piece stay those of the row. The logits of a row of several windows are pooled.
        """
        parts = self.windows.of(pieces, segments)
        if parts is None:
            return self._answered(pieces, segments, baseline)
        starts = baseline if baseline is None or isinstance(baseline, str) else parts.spread(baseline)
        return parts.pooled(self._answered(parts.spread(pieces), parts.spread(segments), starts))

    def _answered(
        self,
        pieces: Sequence[Sequence[int]],
        segments: Sequence[Sequence[int]],
        baseline: FillerName | Sequence[Sequence[int]] | None,
    ) -> Tensor:
        """Return logits [N, C] float32 on the CPU for rows of one window each."""
        result = torch.empty(len(pieces), len(self.classes))

        def enter(rows: list[int]) -> None:
            """Answer one batch."""
            batch = self.batch([pieces[row] for row in rows], [segments[row] for row in rows])
            with torch.no_grad():
                if baseline is None:
                    embeddings = None
                elif isinstance(baseline, str):
                    embeddings = self.baseline(baseline, batch, self.embed(batch))
                else:
                    other = self.batch([baseline[row] for row in rows], [segments[row] for row in rows])
                    embeddings = self.embed(other)
                result[rows] = self.logits(batch, embeddings).cpu()

        self.in_batches([len(row) for row in pieces], enter)
        return result

    def baseline(self, name: FillerName, batch: Batch, embeddings: Tensor) -> Tensor:
        """Return what the paths of a batch start from, [B, T, D]; RequestError if the tokenizer lacks the piece."""
        if name == "zero":
            return zero(embeddings)
        ids = batch["input_ids"]
        speaks = ~torch.isin(ids, torch.tensor(sorted(self._frame), device=ids.device))
        if name == "mean":
            filler = torch.as_tensor(self.model.get_input_embeddings().weight).float().mean(0)
        else:
            piece = torch.tensor(
                [[self.filler(name, f"baseline: {name}", "use `mean` or `zero`")]], device=ids.device
            )
            filler = self.embed({"input_ids": piece})[0, 0]
        return replaced(embeddings, filler, speaks & (batch["attention_mask"] == 1))

    def frame(self, pieces: Sequence[int], name: FillerName) -> tuple[int, ...]:
        """Return what the answer at a baseline depends on: the length, and the pieces that frame the text.

        At zero of those only what pads: a decoder pools the last piece that does not, and others count positions by it.
        """
        if name == "zero":
            return tuple(int(piece == self._pad) for piece in pieces)
        return tuple(piece if piece in self._frame else -1 for piece in pieces)

    def some_pieces(self, count: int = 6) -> list[int]:
        """Return a few pieces of the text itself from all over the vocabulary, to try the model on."""
        size = len(self.model.get_input_embeddings().weight)
        offsets = range(size // (count + 1), size, max(size // (count + 1), 1))
        return self.content(offsets)[:count] or [0, 0]

    def content(self, pieces: Sequence[int]) -> list[int]:
        """Return the pieces of the text itself, without those that frame it."""
        return [piece for piece in pieces if piece not in self._frame]

    def filled(self, pieces: Sequence[int], other: Sequence[int]) -> list[int]:
        """Return a row of the same length and frame whose text is another, cut or padded to fit."""
        blank = self.tokenizer.mask_token_id if self.has_mask else self._pad
        rest = iter(other)
        return [piece if piece in self._frame else next(rest, blank) for piece in pieces]

    @property
    def has_mask(self) -> bool:
        """Whether the model has a mask piece."""
        return self.tokenizer.mask_token_id is not None

    def filler(self, name: FillerName, where: str, hint: str) -> int:
        """Return the id of the mask, pad or unk piece; RequestError, with `where` and `hint`, if there is none."""
        attribute = {"mask": "mask_token_id", "pad": "pad_token_id", "unk": "unk_token_id"}[name]
        piece = getattr(self.tokenizer, attribute)
        if piece is None:
            raise RequestError(where, f"the tokenizer has no {name} piece", hint)
        return int(piece)

    def in_batches(self, lengths: Sequence[int], work: Callable[[list[int]], None]) -> None:
        """Call `work` with the indices of each batch of items of these lengths, packed to the budget.

        A batch that does not fit the device's memory is halved, and so is the budget, which grows again when many batches
        have fitted. For one item that does not fit alone activations are recomputed; if it does not fit then,
        torch.OutOfMemoryError is raised.
        """
        with products(self.dtype, str(self.device)):
            self._work(deque(pack(lengths, self.budget)), lengths, work)

    def _work(
        self, waiting: deque[list[int]], lengths: Sequence[int], work: Callable[[list[int]], None]
    ) -> None:
        """Work through batches, halved where memory does not suffice."""
        while waiting:
            batch = waiting.popleft()
            size = len(batch) * max(lengths[index] for index in batch)
            fits = size <= self.budget or len(batch) == 1
            if fits:
                try:
                    work(batch)
                except torch.OutOfMemoryError:
                    self._fitting = 0
                    if len(batch) > 1:
                        fits, self.budget = False, max(size // 2, 1)
                        count("batches halved")
                    elif self.recompute():
                        waiting.appendleft(batch)
                        count("layers recomputed")
                    else:
                        raise
                else:
                    self._grow()
            if not fits:
                half = len(batch) // 2
                waiting.extendleft([batch[half:], batch[:half]])

    def _grow(self) -> None:
        """Try a larger budget again when many batches have fitted a smaller one."""
        self._fitting += 1
        if self._fitting >= _FITTING and self.budget < self._most:
            self._fitting, self.budget = 0, min(2 * self.budget, self._most)

    def try_gradient(self, pieces: int) -> None:
        """Compute the gradient of a batch of this many filler pieces, to see what memory it takes."""
        length = min(self.max_length, pieces, _TRIED)
        rows = [[self._pad] * length] * max(pieces // length, 1)
        batch = self.batch(rows, [[0] * length] * len(rows))
        embeddings = self.embed(batch).requires_grad_(True)
        torch.autograd.grad(self.logits(batch, embeddings).sum(), embeddings)

    def recompute(self) -> bool:
        """Keep nothing of a layer but its input for the backward pass, from now on, and compute the rest again there.

        The numbers stay the same, a third more time is spent, and a fraction of the memory is used. False if that is
        so already, or if the architecture knows no such thing.
        """
        layers = [part for part in self.model.modules() if isinstance(part, GradientCheckpointingLayer)]
        if self.recomputes or not layers:
            return False
        for layer in layers:
            layer.forward = _recomputed(layer.forward, self._again)
        self.recomputes = True
        return True

    def _again(self) -> tuple[AbstractContextManager[object], AbstractContextManager[object]]:
        """Return the contexts of a layer, which is computed in one already, and of computing it again."""
        return nullcontext(), reduced(self.dtype, str(self.device))

    @contextmanager
    def every_piece(self) -> Iterator[None]:
        """Compute all pieces of all layers within the block, whether or not the answer depends on them."""
        if self._first is not None:
            self._first.on = False
        try:
            yield
        finally:
            if self._first is not None:
                self._first.on = True

    @contextmanager
    def in_float32(self) -> Iterator[None]:
        """Compute in float32 within the block, whatever the run's dtype."""
        dtype, self.dtype = self.dtype, "float32"
        try:
            yield
        finally:
            self.dtype = dtype

    @contextmanager
    def in_float64(self) -> Iterator[None]:
        """Compute in float64 within the block, where the device can, by the same weights, which come back as they were.

        Answers are still given in float32, but rounded once, not after every operation.
        """
        tensors = [*self.model.parameters(), *self.model.buffers()] if self.device.type != "mps" else []
        before = [(tensor, tensor.data) for tensor in tensors if tensor.is_floating_point()]
        try:
            for tensor, values in before:
                tensor.data = values.double()
            yield
        finally:
            for tensor, values in before:
                tensor.data = values

    def ask(self, texts: Sequence[str], pairs: Sequence[str | None]) -> np.ndarray:
        """Return the probability of each class, [N, C] float32, for any number of texts or pairs; of a regression model its number."""
        encodings = self.encode(texts, pairs)
        logits = self.answer([row.pieces for row in encodings], [row.segments for row in encodings])
        return np.asarray(probabilities(logits, self.kind).numpy())


def open_classifier(config: ModelConfig, run: RunConfig) -> Classifier:
    """Return the classifier of a config, kept for the next call; ModelError if it cannot or must not be loaded.

    At most two are kept in a process: the model and the judge. RequestError for a Python function, which has no gradients.
    """
    if isinstance(config, FunctionModel):
        what = "a Python function answers texts, and has no pieces, word vectors or gradients"
        hint = "`attribute` can use `method: occlusion`, `neighbours` a `resources.encoder`; else name a model folder"
        raise RequestError(config.path, what, hint)
    folder = model_folder(config, run)
    read = (config.max_length, config.windows, config.overlap, config.most_windows)
    sizes = (*map(str, read), str(run.token_budget), str(run.recompute))
    own = config.token if isinstance(config, LoadedModel) else ""
    key = (own, folder.digest(), run.device, run.dtype, *sizes)
    if key in _OPENED:
        _OPENED.move_to_end(key)
        return _OPENED[key]
    if run.threads is not None:
        torch.set_num_threads(run.threads)
    remember_few_shapes()
    model, tokenizer = _given(config) if isinstance(config, LoadedModel) else loaded(folder)
    with reading(str(folder.path), "the model cannot be opened", "save it again with transformers"):
        _OPENED[key] = Classifier(model, tokenizer, config, run, folder.classes, folder.head)
    while len(_OPENED) > _KEPT:
        _OPENED.popitem(last=False)
    return _OPENED[key]


def loaded(folder: ModelFolder) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Return the model and the tokenizer of a folder."""
    return load(folder, TextCNN if folder.kind == TEXTCNN else AutoModelForSequenceClassification)


def _given(config: LoadedModel) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Return a copy of a loaded model, and its tokenizer; ModelError if they are not of transformers.

    The model is copied since it is frozen, moved and set to evaluation here, which its owner may not want.
    """
    model, tokenizer = config.model, config.tokenizer
    if not isinstance(model, PreTrainedModel) or not isinstance(tokenizer, PreTrainedTokenizerBase):
        what = f"{type(model).__name__} and {type(tokenizer).__name__} are no transformers model with its tokenizer"
        raise ModelError(config.path, what, "give both, or wrap the model in a FunctionModel")
    if not tokenizer.is_fast:
        raise ModelError(config.path, "its tokenizer gives no offsets", "use its fast tokenizer")
    bounded.require_bounded(tokenizer, config.path)
    return copy.deepcopy(model).float(), tokenizer


def _require_movable(model: PreTrainedModel) -> None:
    """Raise ModelError for a model whose answer comes from the last index, padding or not, such as XLNet's."""
    if getattr(model.config, "summary_type", None) == "last" and hasattr(model, "sequence_summary"):
        what = (
            f"a {model.config.model_type} model answers from the last piece of a batch, which may be padding"
        )
        raise ModelError(
            model.name_or_path, what, "use a model that pools the first piece, or the last of the text"
        )


def _recomputed(
    forward: Callable[..., object],
    contexts: Callable[[], tuple[AbstractContextManager[object], AbstractContextManager[object]]],
) -> Callable[..., object]:
    """Return a function that keeps nothing of `forward` but what it is given, and calls it again for the gradient.

    contexts: gives those of the first and of the second call.
    """

    def run(*args: object, **kwargs: object) -> object:
        """Call it in place of the layer."""
        again: object = checkpoint(
            partial(forward, **kwargs),
            *args,
            use_reentrant=False,
            preserve_rng_state=False,
            context_fn=contexts,
        )
        return again

    return run


@contextmanager
def reading(where: str, what: str, hint: str) -> Iterator[None]:
    """Let transformers read a model in silence; ModelError, with the first line of the reason, if it cannot.

    Whatever goes wrong: a wrong value in a config may end in any exception of transformers, torch, safetensors and
    tokenizers, of which the last also raises plain Exception, and, where it panics, one that is none.
    """
    try:
        with quiet():
            yield
    except AugmentError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        first = (str(error).splitlines() or [""])[0] or type(error).__name__
        raise ModelError(where, f"{what}: {first}", hint) from None


def load(folder: ModelFolder, kind: type[PreTrainedModel]) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Return model and tokenizer of a folder, float32, from safetensors, without code or files from elsewhere.

    `kind` is the class, or Auto class, to load it as. ModelError if that cannot be, or if weights are missing.
    """
    settings: dict[str, object] = {"use_safetensors": True, "local_files_only": True, "dtype": torch.float32}
    if kind is not TextCNN:
        settings["trust_remote_code"] = False
    hint = "fetch it again, or save it again with transformers"
    with reading(str(folder.path), "the model cannot be loaded", hint):
        tokenizer = AutoTokenizer.from_pretrained(folder.path, local_files_only=True, trust_remote_code=False)
        model, report = kind.from_pretrained(folder.path, output_loading_info=True, **settings)
    if report["missing_keys"]:
        some = ", ".join(sorted(report["missing_keys"])[:3])
        what = f"the weights do not have {some}: it was not trained for this"
        raise ModelError(
            str(folder.path), what, "fine-tune it first: `train: {start: FOLDER}` and `augment train`"
        )
    if not tokenizer.is_fast:
        raise ModelError(
            str(folder.path), "its tokenizer gives no offsets", "use a model with a tokenizer.json"
        )
    bounded.require_bounded(tokenizer, str(folder.path))
    return model, tokenizer


def require_known(largest: int, model: PreTrainedModel) -> None:
    """Raise ModelError for a piece whose id is beyond the embeddings; on a CUDA device it would end the process."""
    rows = model.get_input_embeddings().weight.shape[0]
    if largest >= rows:
        raise ModelError(
            model.name_or_path,
            f"its tokenizer gives a piece the id {largest}, its embeddings have {rows} rows",
            "save the tokenizer that belongs to the model in its folder",
        )


def framing(tokenizer: PreTrainedTokenizerBase) -> tuple[int, int]:
    """Return how many pieces a tokenizer puts before a text, and how many after it."""
    sides = tokenizer("a").sequence_ids(0)
    inside = [index for index, side in enumerate(sides) if side is not None]
    return (inside[0], len(sides) - 1 - inside[-1]) if inside else (len(sides), 0)


def between_texts(tokenizer: PreTrainedTokenizerBase, wants_segments: bool) -> int | None:
    """Return how many pieces a tokenizer puts between two texts; None where a model's segments do not show where the second begins."""
    row = tokenizer("a", "a", return_token_type_ids=True)
    sides = row.sequence_ids(0)
    if 0 not in sides or 1 not in sides:
        return None
    last, second = len(sides) - 1 - sides[::-1].index(0), sides.index(1)
    kinds = row["token_type_ids"]
    shown = not wants_segments or (any(kinds) and next(i for i, kind in enumerate(kinds) if kind) == second)
    return second - last - 1 if shown and last < second else None


def positions(model: PreTrainedModel) -> int:
    """Return how many pieces the model has positions for; a large number if it has no such limit."""
    positions = getattr(model.config, "max_position_embeddings", None)
    if not isinstance(positions, int) or positions < 0:
        return 1 << 20
    # RoBERTa and its kin begin to count after the padding id.
    return positions - 2 if model.config.model_type in {"roberta", "xlm-roberta", "camembert"} else positions


def takes(model: PreTrainedModel, name: str) -> bool:
    """Return whether the model's forward has an argument called `name`."""
    return name in inspect.signature(model.forward).parameters
