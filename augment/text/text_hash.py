"""The hash of a row's texts by which a decision on them is known to be about them still.

text_hash("很好", None)        # "b0b30a6a6f0f4b2c"
"""

from hashlib import blake2b


def text_hash(text: str, text_pair: str | None) -> str:
    """Return 16 hexadecimal digits that depend on both texts, code point for code point."""
    parts = [text] if text_pair is None else [text, text_pair]
    whole = blake2b(digest_size=8)
    for part in parts:
        written = part.encode(errors="surrogatepass")
        whole.update(len(written).to_bytes(8, "big") + written)
    return whole.hexdigest()
