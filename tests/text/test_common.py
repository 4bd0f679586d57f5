"""The longest common subsequence: common to both, in the order of both, and no longer one exists."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from augment.text.common import common_tokens

WORDS = st.lists(st.sampled_from(["a", "b", "A", "好", "不"]), max_size=6)


@given(WORDS, WORDS)
def test_it_is_a_subsequence_of_both_and_the_longest(first: list[str], second: list[str]) -> None:
    pairs = common_tokens(first, second)
    assert [first[i].casefold() for i, _ in pairs] == [second[j].casefold() for _, j in pairs]
    assert pairs == sorted(pairs)
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    folded = [[word.casefold() for word in words] for words in (first, second)]
    others = {part for size in range(len(first) + 1) for part in combinations(folded[0], size)} & {
        part for size in range(len(second) + 1) for part in combinations(folded[1], size)
    }
    assert len(pairs) == max(map(len, others))


def test_an_example() -> None:
    assert common_tokens(["how", "to", "pay"], ["To", "pay", "back"]) == [(1, 0), (2, 1)]
