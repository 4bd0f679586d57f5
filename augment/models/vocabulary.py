"""A tokenizer learned from a corpus: characters for Chinese, word pieces for the rest, both lower-cased.

WordPiece over BERT's pre-tokenizer, so one vocabulary serves Chinese, English and mixed text, and every piece knows
its offsets in the text.
"""

from collections.abc import Iterable

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

_SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def learn(texts: Iterable[str], size: int, max_length: int) -> PreTrainedTokenizerFast:
    """Return a tokenizer with at most `size` pieces learned from the texts; the same texts give the same pieces."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=64))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, min_frequency=2, special_tokens=_SPECIALS, limit_alphabet=6000, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    # Specials are numbered first, in their order.
    cls, sep = _SPECIALS.index("[CLS]"), _SPECIALS.index("[SEP]")
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", sep), ("[CLS]", cls))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=max_length,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )
