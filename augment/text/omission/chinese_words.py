"""The words that the rules for Chinese phrases know."""


def _words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


# What a later clause must complete.
OPENERS = _words(
    """
虽然 虽说 虽 尽管 即使 即便 就算 哪怕 因为 由于 因 既然 如果 要是 假如 倘若 若 若是 万一 只要 只有
除非 除了 除 无论 不管 不论 不仅 不但 不光 不只 不单 非但 既 与其 宁可 一方面 一边 一来 首先 第一
其一 为了 自从 自 当 每当 随着 至于 对于 关于 根据 按照 通过 不是 要么 一旦 任凭 固然 本来 原本 原来
原以为 以为 本以为 作为 比起 越 之所以 并非 问 告诉 说是 说 还没 没等 自打 明明 明知 下次 以后 今后 下回 有机会
"""
)
# A clause that begins so is not left out: what follows goes on from it.
LEADS = _words(
    """
刚 刚刚 相比 相对 对 以 经 经过 据 再 先 想到 最 与 跟 和 比 尤其 原因 结果 关键 主要 问题 缺点 优点 不足 等到 直到 从 问题是
"""
)
LINKS = _words(
    """
都 但是 但 不过 可是 可 然而 只是 而是 而 否则 不然 要不然 要不 就 才 却 则 那么 那 甚至 甚至于 反而
反倒 再 其次 第二 第三 第四 最后 其中 例如 比如 譬如 像 如 以及 和 与 及 或 或者 还是 另一方面 后来
然后 接着 之后 之前 以后 以前 才能 以便 以免 使 使得 让 导致 造成 从而 进而 等 当然 毕竟 尤其 特别是
尤其是 主要 主要是 原因 因为 由于 可见 总之 其他 其它 其余 别的 除此之外 反正 何况 况且 何必 难道 幸好
幸亏 好在 只好 只能 只有 只要 只 仅 仅仅 竟然 居然 竟 倒 倒是 倒也 仍 仍然 依然 依旧 就是 就算 更何况
不是 而非 即 也就是说 换句话说 说明 算是 算 至少 起码 用 来 难怪 怪不得 所以 因此 因而 于是 结果 可惜 偏偏 反 且不说 理由 理由是 意思 意思是 原因是
"""
)
# A clause that begins so adds to the one before it, and goes with its link.
ADDITIONS = _words(
    "而且 并且 并 且 同时 另外 此外 还有 还 也 又 也是 还是 更 更是 同样 还要 还会 又是 再加上 加上 外加"
)
REFERS = _words(
    """
这 那 这样 那样 这个 那个 这些 那些 此 该 其 它 他 她 他们 她们 它们 这里 那里 这种 那种 这点 这么
那么 如此 这是 那是 那次 那家 这边 那边 这儿 那儿 前者 后者 两者 人家 对方
"""
)
THIRD = _words("它 他 她 他们 她们 它们 其 人家 对方 前者 后者 两者 为此 对此 如此 因此 由此")
ALSO = _words("也 还 又 都 更 更是 再 同样 也是 还是 还有 都是 更加 另外 一样 也都 也许")
TURNS = _words("就 却 才 则 但 所以 反而 倒 倒是 而 便 竟然 居然 结果 只能 只好 于是 因此 否则 不然")
DANGLING = _words(
    """
的 地 得 是 和 与 及 或 在 对 把 被 给 说 说是 觉得 感觉 认为 建议 希望 发现 等 像 如 比 从 向
由 为 因为 以 以为 想 想到 知道 看 看到 就是 还是 而且 但是 并且 让 使 跟 叫 问 有 没有 最 于
关于 至于 例如 比如 以及 而 但 并 就 也 又 都 还 要 会 能 可以 称 表示 告诉 听说 据说 原因 不是
总之 只有 只能 时 后 前 时候 之后 以后 之前 以前 上 下 里 中 内 外 来说 来讲 来看 而言 方面 的话
之外 以外 起来 似的 当中 期间 情况下 看来 说来 除了 虽然 可惜 遗憾 关键 问题
"""
)
# Words of degree: a predicate of two syllables or more reads well without.
DEGREE = _words("非常 十分 相当 比较 很 特别 极其 超级 颇 格外 极为 分外 超 较 较为 蛮 挺 太过 过于 真")
# Words of the speaker's, of time and of manner that any predicate reads well without.
FREE = _words(
    """
其实 真的 确实 的确 实在 简直 居然 竟然 竟 显然 绝对 完全 真心 已经 终于 一定 肯定 再次 特意 专门 特地 主动 马上
赶紧 尽快 尽量 足足 整整 依然 依旧 稍微 略微 稍 略 顺便 随便 直接 基本上 基本 总体 整体 大约 大概 彻底 纯粹
一向 果然 果真 着实 未免 反正 干脆 亲自 立即 立刻 及时 偶尔 平时 平常 向来 大体 大体上 总算
"""
)
_TIMES = "今天 今晚 昨天 昨晚 这次 此次 本次 目前 现在 当时 平时 周末 上次 今年 去年 最近 近日 日前"
TIMES = _words(_TIMES)
# Verbs of one syllable that a word of degree can be left out before.
SHORT = _words("有 想 爱 像 能 会 让 懂 值得 适合")
CARRIERS = _words(
    """
是 有 像 成 变 变成 成为 属于 算 算是 没有 为 作为 叫 当 就是 还是 也是 都是 真是 的确是 只是 只有
需要 显得 给 比 作 当作 不是 如
"""
)
# Of what is no adjective, what can be left out before a noun.
MODIFIERS = _words("唯一 所谓 所有 最大 配套 偌大 全部")
# Nouns that mean little without what modifies them.
LIGHT = _words(
    """
感觉 地方 方式 样子 东西 人 人们 时候 情况 事 事情 选择 态度 印象 原因 问题 状态 程度 水平 水准 话 一面
一点 一家 一个 一次 体验 感受 心情 时间 时 机会 方法 价格 价钱 味道 口味 效果 质量 氛围 气氛 条件
环境 作用 性格 角度 姿态 方面 部分 语气 口气 声音 表情 颜色 人士 人生 生活 故事 一天 日子 精神 意义
关系 结果 过程 评价 朋友 顾客 客人 客户 服务 爸爸 妈妈 孩子 心智 内容 目的 基础 前提 期间 同时 代价 名字 本身 样 天 小时
"""
)
# What a possessor can be left out before, at the beginning of a clause.
HOLDERS = _words(
    """
酒店 宾馆 饭店 旅馆 客栈 房间 客房 餐厅 大堂 前台 店家 商家 店 店里 酒楼 卫生间 浴室 书 本书 全书 手机 电脑 机器 笔记本 本子 产品 商品 外卖
电影 影片 小说 作者 整体 总体 宿舍
"""
)
# Words that need both of two joined nouns.
BOTH = _words(
    "都 均 皆 全 之间 一样 相同 不同 同 比 区别 差距 距离 相比 结合 分开 搭配 相差 俩 两 两个 两种 三 三方 几种 双方 各种 互相 一起 分别 各 之 合 匹配 关系 矛盾 合作 对比 到 与其"
)
