"""A tokenizer learned from a corpus: characters for Chinese, word pieces for the rest, both lower-cased.

WordPiece over BERT's pre-tokenizer, so one vocabulary serves Chinese, English and mixed text, and every piece knows
its offsets in the text.
"""

from collections import Counter
from collections.abc import Iterable

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

_SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
_ALPHABET = 6000
_LONGEST_WORD = 64


def learn(texts: Iterable[str], size: int, max_length: int) -> PreTrainedTokenizerFast:
    """Return a tokenizer of about `size` pieces learned from the texts, and at least their characters.

    The same texts give the same pieces.
    """
    kept = list(texts)
    tokenizer = _around(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=_LONGEST_WORD))
    alphabet = _alphabet(tokenizer, kept)
    # The trainer numbers continuing characters in the order of a hash table and breaks ties by number. Numbering them
    # first, as if they were special, makes the outcome the same every time.
    first = [*_SPECIALS, *(f"##{mark}" for mark in alphabet if not "\u4e00" <= mark <= "\u9fff")]
    trainer = trainers.WordPieceTrainer(
        vocab_size=max(size, len(first)),
        min_frequency=2,
        special_tokens=first,
        initial_alphabet=alphabet,
        limit_alphabet=len(alphabet),
        show_progress=False,
    )
    tokenizer.train_from_iterator(kept, trainer)
    vocabulary = tokenizer.get_vocab(with_added_tokens=True)
    learned = models.WordPiece(vocab=vocabulary, unk_token="[UNK]", max_input_chars_per_word=_LONGEST_WORD)
    return PreTrainedTokenizerFast(
        tokenizer_object=_around(learned),
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=max_length,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )


def _around(model: models.WordPiece) -> Tokenizer:
    """Return a tokenizer that normalises and splits as BERT does."""
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    cls, sep = _SPECIALS.index("[CLS]"), _SPECIALS.index("[SEP]")
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", sep), ("[CLS]", cls))
    return tokenizer


def _alphabet(tokenizer: Tokenizer, texts: list[str]) -> list[str]:
    """Return the most frequent characters of the normalised texts, equal counts in code-point order."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(tokenizer.normalizer.normalize_str(text))
    marks = sorted((mark for mark in counts if not mark.isspace()), key=lambda mark: (-counts[mark], mark))
    return marks[:_ALPHABET]
