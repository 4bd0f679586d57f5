"""Small random classifiers of six architectures, saved as a user would find them: what parity is tested on.

Two layers of width 32. Weights are drawn with a standard deviation of 0.3, so that gradients are not tiny and the
path from zero is as curved as that of a trained model.

    folder = save(NETS["gpt2"], tmp_path / "gpt2", side="left")
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    GPT2Config,
    GPT2ForSequenceClassification,
    LlamaConfig,
    LlamaForSequenceClassification,
    OPTConfig,
    OPTForSequenceClassification,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3ForSequenceClassification,
    RobertaConfig,
    RobertaForSequenceClassification,
    XLNetConfig,
    XLNetForSequenceClassification,
)
from transformers.utils import logging

from augment.models.textcnn import TextCNN, TextCNNConfig
from tests.texts import TEXTS

SPREAD = 0.3
CLASSES = {0: "bad", 1: "fair", 2: "good"}


@dataclass(frozen=True)
class Net:
    """An architecture: its tokenizer, its model for that tokenizer, and the name of its embedding module."""

    tokenizer: Callable[[str], PreTrainedTokenizerFast]
    model: Callable[[PreTrainedTokenizerFast], PreTrainedModel]
    embedding: str


def save(net: Net, folder: Path, side: str = "right") -> Path:
    """Write a net with its tokenizer, which pads on `side`, to a folder and return the folder."""
    logging.disable_progress_bar()
    tokenizer = net.tokenizer(side)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = net.model(tokenizer)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def word_pieces(side: str) -> PreTrainedTokenizerFast:
    """Return a tokenizer like BERT's: characters for Chinese, word pieces for the rest, [CLS] and [SEP].

    Its vocabulary is written out, because the trainer of word pieces breaks ties anew each time.
    """
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = sorted({letter for text in TEXTS for letter in text.lower() if not letter.isspace()})
    words = sorted(
        {word for text in TEXTS for word in text.lower().split() if word.isascii() and word.isalpha()}
    )
    pieces = dict.fromkeys([*names, *letters, *(f"##{letter}" for letter in letters), *words[::2]])
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        padding_side=side,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )


def bytes_with_ends(side: str) -> PreTrainedTokenizerFast:
    """Return a tokenizer like RoBERTa's: pairs of bytes, <s> and </s>, and no token type ids."""
    tokenizer = _byte_pairs(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        padding_side=side,
        bos_token="<s>",
        cls_token="<s>",
        pad_token="<pad>",
        eos_token="</s>",
        sep_token="</s>",
        unk_token="<unk>",
        mask_token="<mask>",
        model_input_names=["input_ids", "attention_mask"],
    )


def bytes_alone(side: str) -> PreTrainedTokenizerFast:
    """Return a tokenizer like GPT-2's: pairs of bytes, nothing around them, and no padding token."""
    return PreTrainedTokenizerFast(
        tokenizer_object=_byte_pairs(["<|endoftext|>"]),
        padding_side=side,
        eos_token="<|endoftext|>",
        model_input_names=["input_ids", "attention_mask"],
    )


def bytes_padded(side: str) -> PreTrainedTokenizerFast:
    """Return a tokenizer like Qwen's: as GPT-2's, and padding of its own."""
    return PreTrainedTokenizerFast(
        tokenizer_object=_byte_pairs(["<|endoftext|>", "<|im_end|>"]),
        padding_side=side,
        pad_token="<|endoftext|>",
        eos_token="<|im_end|>",
        model_input_names=["input_ids", "attention_mask"],
    )


def _byte_pairs(specials: list[str]) -> Tokenizer:
    """Return byte pairs learned from the awkward texts; their pieces cut Chinese and emoji inside a character."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=[AddedToken(name, special=True) for name in specials],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    return tokenizer


def _textcnn(tokenizer: PreTrainedTokenizerFast) -> PreTrainedModel:
    """Return a TextCNN whose windows are up to four pieces wide."""
    sizes = {"hidden_size": 32, "filters": 16, "initializer_range": SPREAD}
    model = TextCNN(TextCNNConfig(vocab_size=len(tokenizer), id2label=CLASSES, **sizes))
    # Where a response passes zero the path has a kink; without biases it would have none.
    for convolution in model.convolutions:
        torch.nn.init.normal_(torch.as_tensor(convolution.bias), std=SPREAD)
    return model


def _bert(tokenizer: PreTrainedTokenizerFast) -> PreTrainedModel:
    """Return a BERT."""
    return BertForSequenceClassification(BertConfig(**_encoder(tokenizer), type_vocab_size=2))


def _roberta(tokenizer: PreTrainedTokenizerFast) -> PreTrainedModel:
    """Return a RoBERTa, whose positions count from the padding id on."""
    return RobertaForSequenceClassification(RobertaConfig(**_encoder(tokenizer), type_vocab_size=1))


def _distilbert(tokenizer: PreTrainedTokenizerFast) -> PreTrainedModel:
    """Return a DistilBERT."""
    sizes = {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64, "max_position_embeddings": 128}
    config = DistilBertConfig(
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        initializer_range=SPREAD,
        id2label=CLASSES,
        **sizes,
    )
    return DistilBertForSequenceClassification(config)


def _gpt2(tokenizer: PreTrainedTokenizerFast) -> PreTrainedModel:
    """Return a GPT-2 without a padding token, as GPT-2 is published."""
    ends = {"bos_token_id": tokenizer.eos_token_id, "eos_token_id": tokenizer.eos_token_id}
    sizes = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 128}
    return GPT2ForSequenceClassification(
        GPT2Config(vocab_size=len(tokenizer), initializer_range=SPREAD, id2label=CLASSES, **ends, **sizes)
    )


def _qwen(tokenizer: PreTrainedTokenizerFast) -> PreTrainedModel:
    """Return a Qwen3: rotary positions, grouped queries, root-mean-square norms.

    Its first norm undoes the scale of the embeddings, so for large ones F is constant but for the last thousandth of
    the path, and float32 scores are rounding noise (4e-4 at 0.3). They are drawn at 0.02, Qwen's own value.
    """
    sizes = {"head_dim": 8, "num_key_value_heads": 2, "eos_token_id": tokenizer.eos_token_id}
    model = Qwen3ForSequenceClassification(Qwen3Config(**_encoder(tokenizer), **sizes))
    model.get_input_embeddings().weight.data.normal_(0, 0.02)
    return model


def _encoder(tokenizer: PreTrainedTokenizerFast) -> dict[str, object]:
    """Return the sizes that most configs name alike."""
    return {
        "vocab_size": len(tokenizer),
        "pad_token_id": tokenizer.pad_token_id,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "max_position_embeddings": 128,
        "initializer_range": SPREAD,
        "id2label": CLASSES,
    }


NETS = {
    "textcnn": Net(word_pieces, _textcnn, "embedding"),
    "bert": Net(word_pieces, _bert, "bert.embeddings.word_embeddings"),
    "roberta": Net(bytes_with_ends, _roberta, "roberta.embeddings.word_embeddings"),
    "distilbert": Net(word_pieces, _distilbert, "distilbert.embeddings.word_embeddings"),
    "gpt2": Net(bytes_alone, _gpt2, "transformer.wte"),
    "qwen3": Net(bytes_padded, _qwen, "model.embed_tokens"),
}


def _llama(tokenizer: PreTrainedTokenizerFast) -> LlamaForSequenceClassification:
    """Return a small net with rotary positions and shared keys."""
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    config = LlamaConfig(
        vocab_size=len(tokenizer), num_key_value_heads=2, initializer_range=SPREAD, id2label=CLASSES, **sizes
    )
    return LlamaForSequenceClassification(config)


def _opt(tokenizer: PreTrainedTokenizerFast) -> OPTForSequenceClassification:
    """Return a small net whose positions are counted by its mask."""
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "ffn_dim": 64}
    config = OPTConfig(
        vocab_size=len(tokenizer), word_embed_proj_dim=32, init_std=SPREAD, id2label=CLASSES, **sizes
    )
    return OPTForSequenceClassification(config)


def _xlnet(tokenizer: PreTrainedTokenizerFast) -> XLNetForSequenceClassification:
    """Return a small net that answers from what is last in a batch."""
    return XLNetForSequenceClassification(
        XLNetConfig(vocab_size=len(tokenizer), d_model=16, n_layer=1, n_head=2, d_inner=16)
    )


# Nets that answer from the last piece of a text.
DECODERS = {
    "gpt2": NETS["gpt2"],
    "qwen3": NETS["qwen3"],
    "llama": Net(bytes_padded, _llama, "model.embed_tokens"),
    "llama without padding": Net(bytes_alone, _llama, "model.embed_tokens"),
    "opt": Net(bytes_alone, _opt, "model.decoder.embed_tokens"),
}
# One that answers from the last index of a batch.
XLNET = Net(bytes_padded, _xlnet, "transformer.word_embedding")
