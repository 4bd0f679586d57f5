"""The hash of a row's texts: another text, another hash, and the bounds of a pair count."""

from augment.text.text_hash import text_hash


def test_every_change_of_a_text_is_another_hash() -> None:
    texts = [
        ("a", None),
        ("a ", None),
        ("a", ""),
        ("a", "b"),
        ("ab", ""),
        ("b", "a"),
        ("好", None),
        ("\ud800", None),
    ]
    hashes = {text_hash(*pair) for pair in texts}
    assert len(hashes) == len(texts)
    assert all(len(each) == 16 for each in hashes)
