"""The words that two texts have in common, in the order of both: their longest common subsequence.

common_tokens(["how", "to", "pay"], ["To", "pay", "back"])      # [(1, 0), (2, 1)]
"""

from collections.abc import Sequence


def common_tokens(first: Sequence[str], second: Sequence[str]) -> list[tuple[int, int]]:
    """Return the indices, in either text, of the longest common subsequence of their tokens, whatever their case.

    Wagner and Fischer 1974; of several that are equally long, the one that begins earliest.
    """
    left, right = [token.casefold() for token in first], [token.casefold() for token in second]
    # longest[i][j]: the length for left[i:] and right[j:].
    longest = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i in range(len(left) - 1, -1, -1):
        for j in range(len(right) - 1, -1, -1):
            skipped = max(longest[i + 1][j], longest[i][j + 1])
            longest[i][j] = longest[i + 1][j + 1] + 1 if left[i] == right[j] else skipped
    pairs: list[tuple[int, int]] = []
    i = j = 0
    while i < len(left) and j < len(right):
        if left[i] == right[j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif longest[i + 1][j] >= longest[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs
