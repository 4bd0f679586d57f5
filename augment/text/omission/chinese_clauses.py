"""Chinese clauses and sentences that may be left out, and what a sentence is introduced by."""

from collections.abc import Iterator, Sequence

import regex

from augment.text.omission.chinese_words import (
    ADDITIONS,
    ALSO,
    DANGLING,
    LEADS,
    LINKS,
    OPENERS,
    REFERS,
    THIRD,
    TIMES,
    TURNS,
)
from augment.text.omission.line import HAN, Clause, Line, Match, OmissionKind

_FRONTED = regex.compile(
    r"(?:总的|总体|整体|一般|相对|比较|综合|客观|简单|个人)(?:上)?(?:来说|来讲|说来|而言|来看|地说|说)?|总体感觉|总体印象|"
    r"说实话|老实说|说真的|实话说|说句实话|坦白说|坦率地说|坦白讲|总之|总而言之|综上所述|我?个人(?:认为|觉得|感觉)|我(?:觉得|认为|感觉)|感觉|"
    r"在我看来|对我来说|另外|此外|其实|当然了?|事实上|实际上|据说|听说|看来|可见|怎么说呢?|众所周知|平心而论|应该说|可以说|"
    r"值得一提的是|需要说明的是|顺便(?:说一下|说一句|提一下|说下)|还有就是|还有|确实|的确|真的|同时|幸好|还好|好在|恩|嗯|呵呵|哈哈|唉|哎|哦|那个|这样|不过还好|可以|话说"
)
# What also opens a clause without a comma.
_OPENING = regex.compile(
    r"总的来说|总的来讲|总体来说|总体来讲|总体而言|整体来说|一般来说|说实话|老实说|说真的|个人认为|个人觉得|个人感觉|我个人觉得|我觉得|我感觉|我认为|相对来说|总之|另外|其实|当然"
)
_NUMBERED = regex.compile(
    r"(?:[0-9０-９]{1,2}|[一二三四五六七八九十]|[(（][0-9一二三四五六七八九十]+[)）]|[①-⑩]|第[一二三四五六七八九十](?:点|条|个)?)$"
)
# Letters of a title at most.
_TITLE = 40
_LISTED = regex.compile(r"点|优|缺|不足|问题|总结|评价|建议|反馈|补充|如下|回复|回答|[0-9]$")
# Two words that point back at the clause before, or carry on from it.
_POINTS_BACK = ("特别是", "尤其是", "主要是", "就是", "不是", "只是", "原因是", "说的是", "指的是")
_ANNOUNCED = frozenset(("比喻", "比方", "例子", "比如", "例如", "譬如", "比如说"))
_PREDICATES = ("v", "a", "z", "i", "l")
_OWN = ("n", "r", "t", "s", "f")


def clauses(line: Line, tags: Sequence[str]) -> Iterator[Match]:
    """Yield whole clauses and sentences on which none of their neighbours depends."""
    every = line.clauses
    for number, clause in enumerate(every):
        if not _whole(line, clause, tags):
            continue
        before = every[number - 1] if number else None
        behind = every[number + 1] if number + 1 < len(every) else None
        if clause.begins and clause.ends:
            if _sentence_free(line, clause, before, behind):
                yield Match("sentence", clause.first if behind or not before else before.after, clause.after)
        elif _free(line, every, number, tags):
            yield _with_mark(line, clause, before)


def fronted(line: Line, tags: Sequence[str]) -> Iterator[Match]:
    """Yield what a sentence is introduced by, with its comma or without: 总的来说，… ; 这次 ….."""
    for number, clause in enumerate(line.clauses):
        text = "".join(line.words[clause.first : clause.last])
        behind = line.clauses[number + 1] if number + 1 < len(line.clauses) else None
        if behind and not clause.ends and _FRONTED.fullmatch(text) and not _leans(line, behind):
            yield Match("fronted", clause.first, clause.after)
            continue
        if _heads_title(line, clause, behind):
            yield Match("fronted", clause.first, clause.after)
            continue
        opening = _OPENING.match(text)
        last = clause.first + 1
        while (
            opening and last < clause.last and len("".join(line.words[clause.first : last])) < opening.end()
        ):
            last += 1
        whole = opening and len("".join(line.words[clause.first : last])) == opening.end()
        timed = line.word(clause.first) in TIMES
        if (
            (whole or timed)
            and clause.last - last > 1
            and tags[last][:1] in ("n", "r", "v", "d")
            and line.word(last) not in ("的", "是", "就是", "也", "都", "就", "才", "还", "又")
            and not _NUMBERED.fullmatch(line.word(last))
        ):
            yield Match("fronted", clause.first, last)


def _heads_title(line: Line, clause: Clause, behind: Clause | None) -> bool:
    """Return whether a clause is what is before the colon of a title, a text of one line without a full stop: 商务部：…."""
    if (
        clause.first
        or behind is None
        or behind.first != clause.after
        or line.word(clause.last) not in ("：", ":")
    ):
        return False
    if clause.after - clause.last > 1 or len(line.text) > _TITLE or any(map(line.is_end, range(len(line)))):
        return False
    return clause.last - clause.first <= 4 and not _LISTED.search("".join(line.words[: clause.last]))


def _with_mark(line: Line, clause: Clause, before: Clause | None) -> Match:
    """Return a clause of a longer sentence with the mark that goes: the one behind, of the last clause the one before."""
    kind: OmissionKind = "addition" if line.word(clause.first) in ADDITIONS else "clause"
    if clause.ends and before is not None:
        return Match(kind, before.last, clause.last)
    return Match(kind, clause.first, clause.after)


def _whole(line: Line, clause: Clause, tags: Sequence[str]) -> bool:
    """Return whether a clause is a predication of its own that begins and ends with none of its neighbours' words."""
    return _bounded(line, clause, tags) and predicates(tags, clause)


def _bounded(line: Line, clause: Clause, tags: Sequence[str]) -> bool:
    """Return whether a clause begins and ends with none of its neighbours' words."""
    words = line.words[clause.first : clause.last]
    letters = "".join(words)
    if len(letters) < 3 and not tags[clause.first].startswith(("a", "i", "z", "l")):
        return False
    if 2 * len(HAN.findall(letters)) <= len(letters) or len(letters) < 2:
        return False
    if (
        words[-1] == "、"
        or letters.startswith(_POINTS_BACK)
        or words[0] in LINKS
        or words[0] in LEADS
        or words[0] in OPENERS
        or words[0] in REFERS
        or words[-1] in DANGLING
    ):
        return False
    return not any(word in TURNS for word in words[1:3]) and not _ordinal(line, clause)


def is_separate(line: Line, clause: Clause, tags: Sequence[str]) -> bool:
    """Return whether a clause has its own beginning and end, adds to nothing and leads on to nothing."""
    return (
        _bounded(line, clause, tags)
        and line.word(clause.first) not in ADDITIONS
        and not _opens_pair(line, clause)
        and not _announces(line, clause)
        and not _asks(line, clause)
    )


def independent(line: Line, clause: Clause) -> bool:
    """Return whether a clause goes on from none before it."""
    return not _leans(line, clause) and not (TURNS | ALSO) & set(line.words[clause.first : clause.last][:4])


def predicates(tags: Sequence[str], clause: Clause) -> bool:
    """Return whether there is a predicate in a clause."""
    return any(tags[index].startswith(_PREDICATES) for index in range(clause.first, clause.last))


def _ordinal(line: Line, clause: Clause) -> bool:
    """Return whether a clause is, or begins with, the number of an item, or follows one."""
    before = line.word(clause.first - 2) if clause.first > 1 else ""
    numbered = _NUMBERED.match(line.word(clause.first)) and (
        line.is_mark(clause.first + 1) if clause.first + 1 < len(line) else True
    )
    numbered = numbered or regex.match(r"第[一二三四五六七八九十]", line.word(clause.first))
    return bool(numbered or (_NUMBERED.match(before) and line.is_mark(clause.first - 1)))


def _sentence_free(line: Line, clause: Clause, before: Clause | None, behind: Clause | None) -> bool:
    """Return whether a sentence of one clause may go: nothing behind refers to it, and it answers no question."""
    if behind is not None and (
        _leans(line, behind) or ALSO & set(line.words[behind.first : behind.first + 3])
    ):
        return False
    if _asks(line, clause) and behind is not None:
        return False
    return before is None or not (
        _asks(line, before) or _announces(line, before) or line.word(before.last - 1) in DANGLING
    )


def _free(line: Line, every: Sequence[Clause], number: int, tags: Sequence[str]) -> bool:
    """Return whether a clause within a sentence may go."""
    clause = every[number]
    first = number
    while not every[first].begins:
        first -= 1
    if any(_opens_pair(line, earlier) for earlier in every[first:number]):
        return False
    if (clause.ends and _asks(line, clause)) or _announces(line, clause):
        return False
    before = every[number - 1] if number > first else None
    if before is None and line.word(clause.first) in ADDITIONS:
        return False
    if before is not None and (not _complete(line, before, tags) or _announces(line, before)):
        return False
    behind = every[number + 1] if number + 1 < len(every) else None
    return behind is None or _stays(line, clause, behind, number, tags)


def _stays(line: Line, clause: Clause, behind: Clause, number: int, tags: Sequence[str]) -> bool:
    """Return whether the clause behind does not need the one before it: no link, no reference, a subject of its own."""
    words = line.words[behind.first : behind.last]
    if (
        clause.ends
        and (words[0] in ADDITIONS or words[0] in ("但是", "但", "不过", "可是", "只是"))
        and number
    ):
        return not THIRD & set(words)
    if _leans(line, behind) or TURNS & set(words[:4]):
        return False
    if ((clause.begins or not number) and ALSO & set(words[:4])) or words[0][0] in "就才便却":
        return False
    if clause.ends:
        return True
    own = tags[behind.first].startswith(_OWN)
    return own or tags[clause.first].startswith(("d", *_PREDICATES))


def _leans(line: Line, clause: Clause) -> bool:
    """Return whether a clause leans on what is before it: it begins with a link, or has "it" or "that"."""
    words = line.words[clause.first : clause.last]
    if not words or words[0] in LINKS or words[0] in ADDITIONS or words[0] in REFERS:
        return True
    return bool(REFERS & set(words[:3])) or bool(THIRD & set(words))


def _opens_pair(line: Line, clause: Clause) -> bool:
    """Return whether a clause begins with what a later one must complete: 虽然, 因为, 除了."""
    words = line.words[clause.first : clause.last]
    return bool(OPENERS & set(words[:3])) or words[-1] == "的话"


def _complete(line: Line, clause: Clause, tags: Sequence[str]) -> bool:
    """Return whether a clause can be the last before the gap: it predicates something and ends with no word that leads on."""
    if line.word(clause.first) in ("在", "从", "对", "以", "到", "自从"):
        return False
    short = len("".join(line.words[clause.first : clause.last])) < 2
    return not short and line.word(clause.last - 1) not in DANGLING and predicates(tags, clause)


def _announces(line: Line, clause: Clause) -> bool:
    """Return whether a colon or a dash is behind a clause, or it ends with a word for what follows: 打个比喻，…."""
    return line.word(clause.last - 1) in _ANNOUNCED or any(
        line.word(index)[:1] in ("：", ":", "—", "–", "-") for index in range(clause.last, clause.after)
    )


def _asks(line: Line, clause: Clause) -> bool:
    """Return whether a question mark is behind a clause."""
    return any(line.word(index)[-1:] in ("？", "?") for index in range(clause.last, clause.after))
