"""Insults, slurs and swear words: a thesaurus lists them next to harmless words (东西: 杂种), and nobody wants them put into a text.

They are offered in place of each other only.

    is_insult("混蛋"), is_insult("Bastards"), is_insult("东西")      # (True, True, False)
"""

from functools import lru_cache

from augment.text.editable import simplified

_CHINESE_WRITTEN = """
杂种 混蛋 混账 混账东西 王八 王八蛋 王八羔子 畜生 畜牲 贱货 贱人 婊子 孽种 野种 野鸡 狗崽子 狗东西 狗杂种 狗娘养的 兔崽子 龟孙 龟儿子
乌龟王八蛋 坏蛋 坏种 败类 人渣 废物 饭桶 草包 酒囊饭袋 窝囊废 蠢货 蠢驴 蠢猪 笨蛋 笨猪 傻瓜 傻逼 傻子 白痴 呆子 二百五 神经病 疯子 泼妇
骚货 破鞋 淫妇 荡妇 娼妇 妓女 老鸨 流氓 地痞 无赖 下流坯 下贱货 色鬼 色狼 死鬼 鬼子 洋鬼子 倭寇 支那 黑鬼 蛮子 土包子 乡巴佬 狗屁 屁话 他妈的
妈的 操蛋 鸡巴 走狗 狗腿子 汉奸 卖国贼 贼子 逆子 不肖子孙 丧门星 扫把星 害人虫 猪猡 窑子 瘪三 小瘪三 阿猫阿狗 杂碎
"""
_ENGLISH_WRITTEN = """
piss bastard bitch whore slut cunt fuck fucker motherfucker shit bullshit crap ass arse asshole arsehole dick dickhead prick cock pussy twat wanker
tosser bugger faggot fag dyke queer tranny nigger nigga negro chink gook jap kike spic wetback honky paki retard cretin moron imbecile idiot
halfwit dimwit dolt dunce scum scumbag slag tramp hussy tart strumpet harlot trollop skank hooker pimp tit boob turd fart jackass douche
douchebag goddam goddamn damn damned bloody screw shag hump bonk suck
"""
_CHINESE, _ENGLISH = frozenset(_CHINESE_WRITTEN.split()), frozenset(_ENGLISH_WRITTEN.split())
_ENDINGS = ("s", "es", "ed", "er", "ers", "ing", "y")


@lru_cache(maxsize=1 << 16)
def is_insult(word: str) -> bool:
    """Return whether a word is an insult, a slur or a swear word, in any form and script."""
    if not word.isascii():
        return simplified(word) in _CHINESE
    lower = word.lower()
    stems = {lower, *(lower.removesuffix(ending) for ending in _ENDINGS)}
    # Of pissed and shitting.
    stems |= {stem[:-1] for stem in stems if len(stem) > 3 and stem[-1:] == stem[-2:-1]}
    return bool(stems & _ENGLISH)
