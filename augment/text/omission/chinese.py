"""Chinese phrases that may be left out: clauses, free adverbs, modifiers with 的, items of a list, fronted phrases.

The dictionary gives a word one part of speech, whatever the sentence, so a rule proposes only what its words leave no doubt of.
"""

import itertools
from collections.abc import Iterator, Sequence

import regex

from augment.text.negation import is_negation
from augment.text.omission.line import HAN, Clause, Found, Line
from augment.text.segment import tag

_OPENERS = frozenset(
    [
        "虽然",
        "虽说",
        "虽",
        "尽管",
        "即使",
        "即便",
        "就算",
        "哪怕",
        "因为",
        "由于",
        "因",
        "既然",
        "如果",
        "要是",
        "假如",
        "倘若",
        "若",
        "若是",
        "万一",
        "只要",
        "只有",
        "除非",
        "除了",
        "除",
        "无论",
        "不管",
        "不论",
        "不仅",
        "不但",
        "不光",
        "不只",
        "不单",
        "非但",
        "既",
        "与其",
        "宁可",
        "一方面",
        "一边",
        "一来",
        "首先",
        "第一",
        "其一",
        "为了",
        "自从",
        "自",
        "当",
        "每当",
        "随着",
        "至于",
        "对于",
        "关于",
        "根据",
        "按照",
        "通过",
        "不是",
        "要么",
        "尤其",
        "一旦",
        "任凭",
        "固然",
        "说",
        "说是",
        "问",
        "告诉",
        "觉得",
        "感觉",
        "认为",
        "发现",
        "希望",
        "建议",
        "本来",
        "原本",
        "原来",
        "原以为",
        "以为",
        "本以为",
        "刚",
        "刚刚",
        "作为",
        "比起",
        "相比",
        "相对",
        "对",
        "在",
        "从",
        "以",
        "经",
        "经过",
        "据",
        "再",
        "越",
        "先",
        "看到",
        "听说",
        "想",
        "想到",
        "最",
        "之所以",
        "并非",
        "与",
        "跟",
        "和",
        "比",
    ]
)
_LINKS = frozenset(
    [
        "但是",
        "但",
        "不过",
        "可是",
        "可",
        "然而",
        "只是",
        "而是",
        "而",
        "所以",
        "因此",
        "因而",
        "于是",
        "结果",
        "否则",
        "不然",
        "要不然",
        "要不",
        "就",
        "才",
        "却",
        "则",
        "那么",
        "那",
        "并且",
        "而且",
        "并",
        "且",
        "甚至",
        "甚至于",
        "反而",
        "反倒",
        "同时",
        "另外",
        "还有",
        "还",
        "也",
        "又",
        "都",
        "更",
        "更是",
        "再",
        "其次",
        "第二",
        "第三",
        "第四",
        "最后",
        "其中",
        "例如",
        "比如",
        "譬如",
        "像",
        "如",
        "以及",
        "和",
        "与",
        "及",
        "或",
        "或者",
        "还是",
        "另一方面",
        "后来",
        "然后",
        "接着",
        "之后",
        "之前",
        "以后",
        "以前",
        "才能",
        "以便",
        "以免",
        "使",
        "使得",
        "让",
        "导致",
        "造成",
        "从而",
        "进而",
        "等",
        "当然",
        "毕竟",
        "尤其",
        "特别是",
        "尤其是",
        "主要",
        "主要是",
        "原因",
        "因为",
        "由于",
        "难怪",
        "怪不得",
        "可见",
        "总之",
        "其他",
        "其它",
        "其余",
        "别的",
        "此外",
        "除此之外",
        "同样",
        "一样",
        "反正",
        "何况",
        "况且",
        "何必",
        "何况是",
        "难道",
        "幸好",
        "幸亏",
        "好在",
        "只好",
        "只能",
        "只有",
        "只要",
        "只",
        "仅",
        "仅仅",
        "竟然",
        "居然",
        "竟",
        "倒",
        "倒是",
        "倒也",
        "仍",
        "仍然",
        "依然",
        "依旧",
        "还要",
        "还会",
        "也是",
        "也就是",
        "就是",
        "就算",
        "都是",
        "又是",
        "更何况",
        "不是",
        "而非",
        "即",
        "也就是说",
        "换句话说",
        "说明",
        "算是",
        "算",
        "至少",
        "起码",
        "用",
        "来",
    ]
)
_REFERS = frozenset(
    [
        "这",
        "那",
        "这样",
        "那样",
        "这个",
        "那个",
        "这些",
        "那些",
        "此",
        "该",
        "其",
        "它",
        "他",
        "她",
        "他们",
        "她们",
        "它们",
        "这里",
        "那里",
        "这种",
        "那种",
        "这点",
        "这么",
        "那么",
        "如此",
        "这是",
        "那是",
        "这次",
        "那次",
        "这家",
        "那家",
        "这边",
        "那边",
        "这儿",
        "那儿",
        "前者",
        "后者",
        "两者",
        "人家",
        "对方",
    ]
)
_THIRD = frozenset(["它", "他", "她", "他们", "她们", "它们", "其", "人家", "对方", "前者", "后者"])
_ALSO = frozenset(
    [
        "也",
        "还",
        "又",
        "都",
        "更",
        "更是",
        "再",
        "同样",
        "也是",
        "还是",
        "还有",
        "都是",
        "更加",
        "另外",
        "一样",
        "也许",
        "也都",
    ]
)
_TURNS = frozenset(
    [
        "就",
        "却",
        "才",
        "则",
        "但",
        "所以",
        "反而",
        "倒",
        "倒是",
        "而",
        "便",
        "竟然",
        "居然",
        "结果",
        "只能",
        "只好",
        "于是",
        "因此",
        "否则",
        "不然",
    ]
)
_DANGLING = frozenset(
    [
        "的",
        "地",
        "得",
        "是",
        "和",
        "与",
        "及",
        "或",
        "在",
        "对",
        "把",
        "被",
        "给",
        "说",
        "说是",
        "觉得",
        "感觉",
        "认为",
        "建议",
        "希望",
        "发现",
        "等",
        "像",
        "如",
        "比",
        "从",
        "向",
        "由",
        "为",
        "因为",
        "以",
        "以为",
        "想",
        "想到",
        "知道",
        "看",
        "看到",
        "就是",
        "还是",
        "而且",
        "但是",
        "并且",
        "让",
        "使",
        "跟",
        "叫",
        "问",
        "有",
        "没有",
        "最",
        "于",
        "关于",
        "至于",
        "例如",
        "比如",
        "以及",
        "而",
        "但",
        "并",
        "就",
        "也",
        "又",
        "都",
        "还",
        "要",
        "会",
        "能",
        "可以",
        "称",
        "表示",
        "告诉",
        "听说",
        "据说",
        "原因",
        "不是",
        "总之",
        "只有",
        "只能",
        "时",
        "后",
        "前",
        "时候",
        "之后",
        "以后",
        "之前",
        "以前",
        "上",
        "下",
        "里",
        "中",
        "内",
        "外",
        "来说",
        "来讲",
        "来看",
        "而言",
        "方面",
        "的话",
        "之外",
        "以外",
        "外",
        "起来",
        "一样",
        "似的",
        "当中",
        "期间",
        "情况下",
        "看来",
        "说来",
        "除了",
        "虽然",
    ]
)
_DEGREE = frozenset(
    ["非常", "十分", "相当", "比较", "很", "特别", "极其", "超级", "颇", "格外", "极为", "分外", "好", "超"]
)
_MODAL = frozenset(
    ["其实", "真的", "确实", "的确", "实在", "简直", "居然", "竟然", "显然", "当然", "绝对", "完全", "真心"]
)
_SHORT = frozenset(["有", "想", "爱", "像", "能", "会", "让", "懂", "值得", "适合"])
_CARRIERS = frozenset(
    [
        "是",
        "有",
        "像",
        "成",
        "变",
        "变成",
        "成为",
        "属于",
        "算",
        "算是",
        "没有",
        "为",
        "作为",
        "叫",
        "当",
        "就是",
        "还是",
        "也是",
        "都是",
        "真是",
        "的确是",
        "只是",
        "只有",
        "需要",
        "显得",
        "给",
        "比",
        "作",
        "当作",
    ]
)
_LIGHT = frozenset(
    [
        "感觉",
        "地方",
        "方式",
        "样子",
        "东西",
        "人",
        "人们",
        "时候",
        "情况",
        "事",
        "事情",
        "选择",
        "态度",
        "印象",
        "原因",
        "问题",
        "状态",
        "程度",
        "水平",
        "话",
        "一面",
        "一点",
        "一家",
        "一个",
        "一次",
        "体验",
        "感受",
        "心情",
        "时间",
        "时",
        "机会",
        "方法",
        "价格",
        "价钱",
        "味道",
        "口味",
        "效果",
        "质量",
        "氛围",
        "气氛",
        "条件",
        "环境",
        "作用",
        "性格",
        "角度",
        "姿态",
        "方面",
        "部分",
        "语气",
        "口气",
        "声音",
        "表情",
        "颜色",
        "人士",
        "人生",
        "生活",
        "故事",
        "一天",
        "日子",
        "精神",
        "意义",
        "关系",
    ]
)
_FRONTED = regex.compile(
    r"(?:总的来说|总的来讲|总的说来|总体来说|总体来讲|总体而言|总体上来说|总体上|总体|整体来说|整体而言|整体上|一般来说|一般来讲|一般而言|说实话|老实说|说真的|实话说|说句实话|坦白说|坦率地说|坦白讲|"
    r"总之|总而言之|综上所述|综合来说|综合来看|(?:我)?个人认为|(?:我)?个人觉得|(?:我)?个人感觉|我觉得|我认为|我感觉|在我看来|个人而言|对我来说|相对来说|相对而言|比较而言|另外|此外|其实|当然|当然了|事实上|实际上|据说|听说|"
    r"看来|可见|怎么说呢|怎么说|众所周知|客观地说|客观来说|客观说|平心而论|简单来说|简单说|应该说|可以说|值得一提的是|需要说明的是|顺便说一下|顺便说一句|顺便提一下|还有就是|确实|的确|真的|同时|幸好|还好|好在|恩|嗯|呵呵|哈哈|唉|哎|哦)"
)
_NUMBERED = regex.compile(
    r"^(?:[0-9０-９]{1,2}|[一二三四五六七八九十]|[(（][0-9一二三四五六七八九十]+[)）]|[①-⑩]|第[一二三四五六七八九十](?:点|条|个)?)$"
)
_QUESTION = regex.compile(r"[？?]")
_COUNT = regex.compile(r"^(?:[两三四五六七八九十几]|[0-9]+)(?:个|大|种|样|点|项|方面|者|家|位|款)?$")


def chinese(line: Line) -> Iterator[Found]:
    """Yield the Chinese phrases of a line that may be left out."""
    tags = [tag(word) or "" for word in line.words]
    yield from _clauses(line, tags)
    yield from _adverbs(line, tags)
    yield from _modifiers(line, tags)
    yield from _items(line)
    yield from _fronted(line)


def _clauses(line: Line, tags: Sequence[str]) -> Iterator[Found]:
    """Yield whole clauses and sentences on which none beside them depends."""
    clauses = line.clauses
    for number, clause in enumerate(clauses):
        if not _whole(line, clause, tags):
            continue
        before = clauses[number - 1] if number else None
        behind = clauses[number + 1] if number + 1 < len(clauses) else None
        if clause.begins and clause.ends:
            if _sentence_free(line, clause, before, behind):
                first = clause.first if behind or not before else before.after
                yield Found("sentence", first, clause.after)
        elif _free(line, clauses, number, tags):
            yield _with_mark(clause, before)


def _with_mark(clause: Clause, before: Clause | None) -> Found:
    """Return a clause of a longer sentence with the mark that goes: the one behind, of the last clause the one before."""
    if clause.ends and before is not None:
        return Found("clause", before.last, clause.last)
    return Found("clause", clause.first, clause.after)


def _whole(line: Line, clause: Clause, tags: Sequence[str]) -> bool:
    """Return whether a clause is a predication of its own that begins and ends with none of its neighbours' words."""
    words = line.words[clause.first : clause.last]
    if len(words) < 2 or sum(len(word) for word in words) < 4 or not _mostly_han(words):
        return False
    if words[0] in _LINKS or words[0] in _OPENERS or words[0] in _REFERS or words[-1] in _DANGLING:
        return False
    if any(word in _TURNS or (word in _LINKS and word in _ALSO) for word in words[1:3]) or _ordinal(
        line, clause
    ):
        return False
    return any(tags[place][:1] in ("v", "a", "z", "i", "l") for place in range(clause.first, clause.last))


def _mostly_han(words: Sequence[str]) -> bool:
    """Return whether most of the letters of words are Chinese."""
    letters = "".join(words)
    return 2 * len(HAN.findall(letters)) > len(letters)


def _ordinal(line: Line, clause: Clause) -> bool:
    """Return whether a clause is, or begins with, the number of an item, or follows one."""
    before = line.word(clause.first - 2) if clause.first > 1 else ""
    return bool(_NUMBERED.match(line.word(clause.first)) or _NUMBERED.match(before))


def _sentence_free(line: Line, clause: Clause, before: Clause | None, behind: Clause | None) -> bool:
    """Return whether a sentence of one clause may go: nothing behind refers to it, and it answers no question."""
    if behind is not None and (
        _leans(line, behind) or _ALSO & set(line.words[behind.first : behind.first + 3])
    ):
        return False
    if _asks(line, clause) and behind is not None:
        return False
    return before is None or not (_asks(line, before) or _announces(line, before))


def _free(line: Line, clauses: Sequence[Clause], number: int, tags: Sequence[str]) -> bool:
    """Return whether a clause within a sentence may go."""
    clause = clauses[number]
    first = number
    while not clauses[first].begins:
        first -= 1
    if any(_opens_pair(line, earlier) for earlier in clauses[first:number]) or (
        clause.ends and _asks(line, clause)
    ):
        return False
    before = clauses[number - 1] if number > first else None
    if before is not None and not (_stands(line, before, tags) and not _announces(line, before)):
        return False
    if _announces(line, clause):
        return False
    behind = clauses[number + 1] if number + 1 < len(clauses) else None
    return behind is None or _stays(line, clause, behind, number, tags)


def _stays(line: Line, clause: Clause, behind: Clause, number: int, tags: Sequence[str]) -> bool:
    """Return whether the clause behind does not need the one before it: no link, no reference, a subject of its own."""
    words = line.words[behind.first : behind.last]
    if _leans(line, behind) or _TURNS & set(words[:4]):
        return False
    if not number and _ALSO & set(words[:4]):
        return False
    if clause.ends:
        return True
    own = tags[behind.first][:1] in ("n", "r", "t", "s") or tags[behind.first][:2] in ("vn", "an")
    return own or tags[clause.first][:1] in ("v", "d", "a", "z", "i", "l")


def _leans(line: Line, clause: Clause) -> bool:
    """Return whether a clause leans on what is before it: it begins with a link, or says it or that."""
    words = line.words[clause.first : clause.last]
    head = words[0] if words else ""
    return head in _LINKS or head in _REFERS or bool(_REFERS & set(words[:3])) or bool(_THIRD & set(words))


def _opens_pair(line: Line, clause: Clause) -> bool:
    """Return whether a clause begins with what a later one must complete: 虽然, 因为, 除了."""
    words = line.words[clause.first : clause.last]
    opening = {*words[:3], *(["的话"] if words[-1] == "的话" else [])}
    return (
        bool((opening & _OPENERS) - {"对", "在", "从", "以", "再", "最", "先", "和", "与", "跟", "比", "想"})
        or words[0] in _OPENERS
    )


def _stands(line: Line, clause: Clause, tags: Sequence[str]) -> bool:
    """Return whether a clause can be the last before the gap: it predicates something and ends with no word that leads on."""
    if line.words[clause.last - 1] in _DANGLING:
        return False
    return any(tags[place][:1] in ("v", "a", "z", "i", "l") for place in range(clause.first, clause.last))


def _announces(line: Line, clause: Clause) -> bool:
    """Return whether a colon or a dash is behind a clause."""
    return any(
        line.word(place)[:1] in ("：", ":", "—", "–", "-") for place in range(clause.last, clause.after)
    )


def _asks(line: Line, clause: Clause) -> bool:
    """Return whether a question mark is behind a clause."""
    return any(_QUESTION.search(line.word(place)) for place in range(clause.last, clause.after))


def _adverbs(line: Line, tags: Sequence[str]) -> Iterator[Found]:
    """Yield adverbs before a predicate that needs none."""
    for place, word in enumerate(line.words):
        if (word in _DEGREE and _after_free(line, place) and _takes_none(line, place + 1, tags)) or (
            word in _MODAL and _after_free(line, place) and _predicate(line, place + 1, tags)
        ):
            yield Found("adverb", place, place + 1)


def _after_free(line: Line, place: int) -> bool:
    """Return whether what is before an adverb does not rest on it."""
    before = line.word(place - 1)
    if before in (
        "的",
        "得",
        "地",
        "也",
        "都",
        "还",
        "就",
        "却",
        "又",
        "才",
        "更",
        "最",
        "太",
        "不",
        "没",
        "是",
        "比",
        "再",
    ) or is_negation(before):
        return False
    clause = next((clause for clause in line.clauses if clause.first <= place < clause.last), None)
    words = line.words[clause.first : clause.last] if clause else []
    return (
        not any(is_negation(word) for word in line.words[clause.first : place]) and "比" not in words
        if clause
        else False
    )


def _takes_none(line: Line, place: int, tags: Sequence[str]) -> bool:
    """Return whether a predicate reads well without a word of degree: of two syllables or more, and no 的 or 了 at its end alone."""
    word, behind = line.word(place), line.word(place + 1)
    if not HAN.match(word) or (
        behind in ("的", "了") and (place + 2 >= len(line) or line.is_mark(place + 2))
    ):
        return False
    if is_negation(word):
        return len(word) > 1 or bool(HAN.match(behind))
    if word in _SHORT:
        return bool(HAN.match(behind))
    return len(word) > 1 and tags[place][:1] in ("a", "v", "z", "i", "l") and tags[place] != "vn"


def _predicate(line: Line, place: int, tags: Sequence[str]) -> bool:
    """Return whether a predicate that stands by itself begins at a place."""
    word = line.word(place)
    if word in _DEGREE or word in ("太", "挺", "蛮", "最"):
        return True
    return word not in ("是", "的", "地", "得") and _takes_none(line, place, tags)


def _modifiers(line: Line, tags: Sequence[str]) -> Iterator[Found]:
    """Yield adjective + 的 before a noun that means something without it, and is not all that the clause is about."""
    for place in range(len(line) - 2):
        word, head = line.words[place], line.words[place + 2]
        if (
            line.words[place + 1] != "的"
            or len(word) < 2
            or tags[place][:1] not in ("a", "z")
            or not HAN.match(word)
        ):
            continue
        if tags[place + 2][:1] != "n" or len(head) < 2 or head in _LIGHT or is_negation(word):
            continue
        if _after_noun_gap(line, place, tags) and not _carried(line, place):
            yield Found("modifier", place, place + 2)


def _after_noun_gap(line: Line, place: int, tags: Sequence[str]) -> bool:
    """Return whether what is before a modifier is no part of it: a mark, a verb, a preposition, a measure word."""
    if not place or line.is_mark(place - 1):
        return True
    before = line.word(place - 1)
    if before in _DEGREE or before in _CARRIERS or is_negation(before):
        return False
    return (tags[place - 1][:1] in ("v", "p", "q", "m", "c") and tags[place - 1] != "vn") or before in (
        "了",
        "着",
        "过",
        "的",
    )


def _carried(line: Line, place: int) -> bool:
    """Return whether the clause up to a modifier is one of being or having, which says nothing without it."""
    first = place
    while first and not line.is_mark(first - 1):
        first -= 1
    words = line.words[first:place]
    return any(word in _CARRIERS or is_negation(word) for word in words)


def _items(line: Line) -> Iterator[Found]:
    """Yield the items of a list that are between two list commas; none where the list is counted."""
    commas = [place for place, word in enumerate(line.words) if word == "、"]
    for left, right in itertools.pairwise(commas):
        inside = line.words[left + 1 : right]
        if not inside or len(inside) > 6 or any(line.is_mark(place) for place in range(left + 1, right)):
            continue
        if _NUMBERED.match(line.word(left - 1)) or _NUMBERED.match(line.word(right - 1)):
            continue
        near = line.words[max(0, left - 12) : left] + line.words[right + 1 : right + 8]
        if not any(_COUNT.match(word) for word in near) and HAN.search("".join(inside)):
            yield Found("item", left + 1, right + 1)


def _fronted(line: Line) -> Iterator[Found]:
    """Yield what a sentence is introduced by, up to its comma: 总的来说，."""
    for clause, behind in zip(line.clauses, line.clauses[1:], strict=False):
        text = "".join(line.words[clause.first : clause.last])
        if not clause.ends and _FRONTED.fullmatch(text) and not _leans(line, behind):
            yield Found("fronted", clause.first, clause.after)
