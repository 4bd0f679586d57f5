"""The words that two texts have in common, in the order of both: their longest common subsequence.

common_tokens(["how", "to", "pay"], ["To", "pay", "back"])      # [(1, 0), (2, 1)]
"""

from collections.abc import Sequence


def common_tokens(first: Sequence[str], second: Sequence[str]) -> list[tuple[int, int]]:
    """Return the indices, in either text, of the longest common subsequence of their tokens, whatever their case.

    Of several that are equally long, the one that begins earliest.
    """
    left, right = [token.casefold() for token in first], [token.casefold() for token in second]
    return longest_common(left, right, [1] * len(left))


def longest_common(
    first: Sequence[str], second: Sequence[str], weights: Sequence[int]
) -> list[tuple[int, int]]:
    """Return the indices, in either list, of the common subsequence that weighs most: `weights` of those of the first.

    Wagner and Fischer 1974; of several that weigh the same, the one that begins earliest.
    """
    # sums[i][j]: the weight for first[i:] and second[j:].
    sums = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
    for i in range(len(first) - 1, -1, -1):
        here, below, word, weight = sums[i], sums[i + 1], first[i], weights[i]
        for j in range(len(second) - 1, -1, -1):
            skipped = max(below[j], here[j + 1])
            here[j] = max(skipped, below[j + 1] + weight) if word == second[j] else skipped
    pairs: list[tuple[int, int]] = []
    i = j = 0
    while i < len(first) and j < len(second):
        if first[i] == second[j] and sums[i][j] == sums[i + 1][j + 1] + weights[i]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif sums[i + 1][j] >= sums[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs


def equal_ends(first: Sequence[str], second: Sequence[str]) -> tuple[int, int]:
    """Return how many words two lists have in common where they begin, and, of the rest, where they end."""
    least = min(len(first), len(second))
    begin = 0
    while begin < least and first[begin] == second[begin]:
        begin += 1
    end = 0
    while end < least - begin and first[-1 - end] == second[-1 - end]:
        end += 1
    return begin, end
