"""The words that the rules for other orders and other words know.

In a list of groups the words of a line can be put for each other; `|` is between those that have a space in them.
"""


def _words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


# Chinese qualities that dictionaries have as something else.
STATES = _words(
    """
好吃 难吃 给力 到位 周到 满意 喜欢 棒 超值 划算 实惠 值得 适中 还行 足 不错 一流 下饭 合口味 足够 好听 好看 好用 耐用 齐全 热心 准时 及时
迅速 神速 快速 快 慢 好 差 贵 便宜 大 小 多 少 高 低 旧 新 远 近
"""
)
# Nouns that dictionaries have as verbs.
THINGS = _words("位置 装修 包装 设计 布置 服务 配送 管理 隔音 送餐 味道 卫生 性价比")
# A clause with these reports when something was, or sums up: its position means something.
FIXED = _words(
    """
总体 总的来说 整体 总之 下次 以后 希望 建议 推荐 一般 其他 其它 首先 最后 结果 后来 然后 现在 目前 原来 之前 刚 先 再 第一次 这次 上次 唯一
尤其 特别是 比 最 更 同样 相比 除了
"""
)
WHEN = _words(
    """
今天 昨天 前天 今晚 昨晚 这次 上次 这回 当时 后来 平时 周末 最近 现在 今年 去年 晚上 早上 中午 下午 第二天 当天 每次 每天 以前 有时 有时候 之前
"""
)
WHO = _words("我 我们 咱们 本人 我家 俺 老公 老婆 朋友 同事 孩子 妈妈 爸爸 家人 大家")
ENDINGS = _words("的 了 啊 哦 呢 吧 哈 呀 啦 滴 噢 嘛")
DROPPED = _words("啊 哦 呀 哈 啦 噢 哟 呐 喔")
# Words that 的 can follow behind a quality: 还是不错的; and such qualities.
SPOKEN = _words("挺 蛮 还 还是 都 很 非常")
PRAISED = _words("不错 好 方便 满意 舒服 到位 快 棒 好吃 干净 热情 周到 大 实惠 划算 好用 漂亮 清楚 安静")
# What a group does not mean the same behind, and before.
NOT_BEHIND = {
    "可能": _words("有 不 最 很 尽"),
    "有点": _words("还 没"),
    "时候": _words("有 小 什么"),
    "谢谢": _words("我"),
    # At one o'clock.
    "一点": _words("快 将近 到 中午 下午 凌晨 晚上 等到 都 差 从"),
}
NOT_BEFORE = {
    "用": _words("了 来 得 完 过 的"),
    "住": _words("了 得 的 在 进 下 满 不 房 处 店"),
    "和": _words("一样 。"),
    "一点": _words("才 到 半 左右 多 钟 了 前 后 还 就 没 也 都"),
    "忘": _words("啊 吧 的 ， 。 ！"),
    "忘记": _words("了 过 的 ， 。 ！"),
    "真的": frozenset(("", *"，。！？,.!?~…；;、 是吧吗么")),
}
DAYTIMES = _words("晚上 夜里 早上 早晨")
# Behind something they mean: after that; where a clause begins: from now on.
AFTER = _words("以后 之后")
# Words that mean the same where a clause begins.
OPENING = """
但是 但 不过 可是
而且 并且
所以 因此
因为 由于
如果 要是 假如
虽然 尽管 虽说
另外 此外
其实 实际上 事实上
总之 总的来说 总体来说 总体来讲 总的来讲 总体上 整体来说 总体而言
特别是 尤其是
感觉 觉得
即使 就算 即便
无论 不管
不仅 不但 不光
味道 口味
"""
# Words that mean the same anywhere.
ANYWHERE = """
有点 有些
居然 竟然
终于 总算
总是 老是
经常 常常 时常
偶尔 有时 有时候
很多 许多 好多
大概 大约
好像 似乎 貌似
马上 立刻 立即 立马
一直 始终
刚 刚刚
每次 每回
这次 这回
上次 上回
下次 下回
以后 今后
里面 里边
外面 外边
旁边 边上
晚上 夜里
早上 早晨
现在 目前 如今
什么 啥
怎么 咋
为什么 为啥
应该 应当
我们 咱们
一起 一块
其他 其它
更 更加
确实 的确
绝对 肯定
稍微 略微
仅 仅仅
已经 已
买 购买
用 使用
住 入住
孩子 小孩
父母 爸妈
或者 或
来说 来讲 而言
几乎 差不多
和 跟
和 与
时候 时
店家 商家
一点 一点儿
整体 总体
以前 之前
之后 以后
也许 可能 或许
本来 原本
正好 刚好 恰好
赶紧 赶快
随便 随意
互相 相互
忽然 突然
仿佛 好似
没想到 想不到
谢谢 感谢
送餐员 配送员 外卖员
送餐小哥 外卖小哥 快递小哥
有点 有点儿
一会 一会儿
这里 这儿
那里 那儿
哪里 哪儿
真心 真的
很久 好久
第一次 头一次
是否 是不是
每个 每一个
么 吗
仍 仍然
比如 例如
即将 快要
还行 还可以
忘了 忘记
总共 一共
上面 上边
下面 下边
前面 前边
后面 后边
多一点 多一些
刚才 刚刚
快点 快些
早点 早些
分量 份量
订餐 定餐
卫生间 洗手间
早餐 早饭
午餐 午饭
晚餐 晚饭
服务员 服务生
大堂 大厅
附近 周边
超级 超
骑手 送餐员 配送员
最近 近来
即便 即使
几回 几次
好几回 好几次
"""
# Words of which the second means the same as the first, but not the other way round.
CHINESE_ONE_WAY = """
全是 都是
"""
# Negations that mean the same: anywhere, and where a clause begins.
NEGATED = """
没有 没
不太 不是很
不要 别
"""
# What the writer did, with 我 or without.
DEEDS = _words(
    "等 点 订 定 吃 买 喝 叫 选 要 打电话 觉得 感觉 已经 一直 还是 从 下单 住 入住 去 备注 等待 收到 拿到 尝 看 用 试 看到 打开"
)
# What is counted with, and numbers with their digits.
COUNTED = _words(
    "个 份 杯 次 遍 片 只 块 盒 瓶 根 袋 碗 串 件 本 张 元 天 顿 条 间 种 位 颗 斤 台 部 套 双 包"
)
COUNTS = {"两": "2", "三": "3", "四": "4", "五": "5", "六": "6", "七": "7", "八": "8", "九": "9", "十": "10"}
# What means the same in some places, by the rules of `chinese_variants`.
SWAPPED = {
    "的": "得",
    "得": "的",
    "也": "都",
    "都": "也",
    "就是": "只是",
    "只是": "就是",
    "里": "里面",
    "里面": "里",
}
# Before 也 or 都 and a negation these mean: not even.
EXTREMES = _words("连 一点 一个 丝毫 一次 一句 任何 谁 什么 啥 怎么 一点儿")
HOUSES = _words("店 酒店 宾馆 饭店 餐厅")
HOURS = {"一": "1"} | COUNTS
# Pairs of English words that have one order.
ONE_ORDER = _words(
    """
black white pros cons ups downs ins outs rock roll back forth up down in out on off here there now then more again over time and come go
try wait sit stop ladies gentlemen men women boys girls mr mrs dead alive bits pieces cut paste copy plug play name number first last
high low trial error supply demand cat mouse good evil life death love hate war peace father son mother daughter beginning end start
finish before after far wide loud clear safe sound sick tired through nice easy short sweet body soul heart mind flesh blood sight sounds
fury rise fall crime punishment cops robbers adam eve romeo juliet science fiction arts crafts day night done north south east west left
right top bottom milk honey
"""
)
ENGLISH = """
perhaps | maybe
almost | nearly
often | frequently
completely | totally | entirely
mostly | largely | mainly
especially | particularly
clearly | obviously
certainly | definitely | surely
basically | essentially
everyone | everybody
anyone | anybody
someone | somebody
toward | towards
for example | for instance
a bit | a little
kind of | sort of
because of | due to
as if | as though
a lot of | lots of | plenty of
at times | sometimes | occasionally
usually | normally | typically
movie | film
movies | films
kids | children
tv | television
begins | starts
begin | start
began | started
buy | purchase
bought | purchased
whole | entire
whether | whether or not
despite | in spite of
until | till
although | though
simply | just
absolutely | utterly
too | as well
which | that
but | yet
each other | one another
apart from | aside from | except for
once again | once more
over and over | again and again
as long as | so long as
rather than | instead of
seems | appears
seem | appear
seemed | appeared
about | around
more than | over
exactly | precisely
truly | genuinely
even though | although
two | 2
three | 3
four | 4
five | 5
six | 6
ten | 10
may | might
each | every
try to | attempt to
tries to | attempts to
tried to | attempted to
trying to | attempting to
offers | provides
offer | provide
offering | providing
viewers | audiences
script | screenplay
i think | i believe
i guess | i suppose
quite | rather | fairly | pretty
all of the | all the
such as | like
"""
# English words that others mean the same as, but not the other way round.
ONE_WAY = """
in order to | to
is able to | can
are able to | can
was able to | could
were able to | could
the majority of | most of
a number of | several
a great deal of | a lot of
prior to | before
amongst | among
whilst | while
thru | through
folks | people
has got to | has to
have got to | have to
's got to | has to
"""
# What opens an English sentence before a comma.
OPENERS = tuple(
    tuple(tuple(phrase.split()) for phrase in line.split(" | "))
    for line in """
overall | all in all | on the whole
ultimately | in the end
unfortunately | sadly | regrettably
fortunately | luckily | thankfully
moreover | furthermore | in addition | additionally | also
however | nevertheless | nonetheless
in short | in brief
in fact | indeed
at first | initially
therefore | thus | consequently
frankly | honestly | to be honest
""".strip().split("\n")
)
# Nouns that have scenes, nouns that a whole thought follows, nouns of time, what a clause without `that` can follow, and what makes a
# noun one of a kind.
SCENES = _words(
    "film movie story book comedy drama thriller scene scenes sequence world place country town society situation case moments"
)
ABSTRACT = _words(
    """
fact hope idea belief feeling impression conclusion point sense notion doubt way sign proof news claim argument view assumption
understanding reminder case chance reason thought message kind sort
"""
)
TIMES = _words("time times day days moment minute second hour week month year years night morning now today")
HEADS = _words("everything anything something nothing all")
UNIQUE = _words("only first second third last best worst any every all no few other same most")
SPEAKERS = _words("i you we they he she")
# Qualities of which there is no more.
EXTREME = _words(
    """
horrible terrible awful dreadful hideous disgusting atrocious horrendous abysmal amazing excellent perfect fantastic wonderful superb
awesome brilliant outstanding gorgeous fabulous incredible phenomenal hilarious flawless marvelous magnificent exquisite stunning
spectacular sublime essential impossible unique dead huge enormous tiny useless worthless invaluable priceless identical complete total
absolute whole entire endless fatal unbelievable unforgettable irresistible
"""
)
# Negated verbs that are drawn together, and apart.
NEGATED_VERBS = {
    "don't": (("do", "not"),),
    "doesn't": (("does", "not"),),
    "didn't": (("did", "not"),),
    "isn't": (("is", "not"),),
    "aren't": (("are", "not"),),
    "wasn't": (("was", "not"),),
    "weren't": (("were", "not"),),
    "can't": (("cannot",), ("can", "not")),
    "couldn't": (("could", "not"),),
    "won't": (("will", "not"),),
    "wouldn't": (("would", "not"),),
    "haven't": (("have", "not"),),
    "hasn't": (("has", "not"),),
}
# What has parts of its own in reviews: the film's premise, the premise of the film.
# What is counted in numbers that are written in digits as well.
MEASURES = _words(
    "hours hour minutes minute seconds years days weeks months times stars people dollars bucks inches miles pounds feet pages"
)
OWNERS = _words(
    "film movie picture story book phone camera player product plot director comedy drama script cast audience genre year city town world"
)
# What is drawn to a pronoun, and the verb that it is.
DRAWN = {
    "'s": "is",
    "’s": "is",
    "'re": "are",
    "’re": "are",
    "'m": "am",
    "’m": "am",
    "'ve": "have",
    "’ve": "have",
    "'ll": "will",
    "’ll": "will",
    "'d": "would",
    "’d": "would",
}
WHOLE = {
    "is": ("'s", _words("it that there he she what here who")),
    "are": ("'re", _words("they you we")),
    "am": ("'m", _words("i")),
    "will": ("'ll", _words("it they you we i he she")),
    "have": ("'ve", _words("i they you we")),
    "would": ("'d", _words("i they you we he she")),
}
THINKING = _words(
    """
think thinks thought believe believes know knows knew feel feels felt hope hopes guess say says said suggest suggests suspect wish realize
realizes find
"""
)
SUBJECTS = _words("it he she they we you i this there the")
# Of people `who` or `that` is written, not `which`; many of their nouns end so.
PEOPLE = _words(
    "people person man men woman women child children boy boys girl girls guy guys kid kids friend friends one those anyone someone everyone cast"
)
PEOPLE_END = ("er", "ers", "or", "ors", "ist", "ists", "ian", "ians")
# Subjects of reviews that `this` and `the` point at alike.
REVIEWED = _words("film movie picture book phone camera player product router")
