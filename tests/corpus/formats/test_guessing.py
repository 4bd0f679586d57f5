"""Encodings are distinguished by the text that the bytes hold; where they cannot be, no guess is made."""

import pytest

from augment.corpus.formats.guessing import guess

SIMPLIFIED = (
    "房间很干净，前台的服务也不错，下次还会来。",
    "送餐太慢了，饭都凉了，味道一般。",
    "这本书写得真好，我一口气读完了！",
    "电池用了两天就坏了，客服一直不回复。",
    "昨天和朋友去看了电影，剧情很感人。",
    "iPhone6手机very好用，性价比100%！！",
)
TRADITIONAL = (
    "房間很乾淨，前台的服務也不錯，下次還會來。",
    "送餐太慢了，飯都涼了，味道一般。",
    "這本書寫得真好，我一口氣讀完了！",
    "電池用了兩天就壞了，客服一直不回覆。",
    "昨天和朋友去看了電影，劇情很感人。",
    "呢間餐廳啲嘢好好食，我哋下次再嚟。",
)
ENGLISH = (
    "I don’t think we’ll come back; the staff wasn’t friendly.",
    "“Lovely” is the word: the café serves crème brûlée for £5…",
    "My sister’s room was small – and the bed wasn’t made.",
    "It’s the best résumé of the story I’ve read.",
)
RIGHT = [
    *((text, codec) for text in SIMPLIFIED for codec in ("utf-8", "gb18030")),
    *((text, codec) for text in TRADITIONAL for codec in ("utf-8", "gb18030")),
    *((text, "cp950") for text in TRADITIONAL[:-1]),
    (TRADITIONAL[-1], "big5hkscs"),
    *((text, codec) for text in ENGLISH for codec in ("utf-8", "cp1252")),
    *(
        (f"{text}\n", codec)
        for text in (*SIMPLIFIED, *TRADITIONAL, *ENGLISH)
        for codec in ("utf-16-le", "utf-16-be")
    ),
]
STRANGE = {
    "cp1251": "Номер был чистый, персонал очень вежливый, но завтрак нам не понравился.",
    "koi8_r": "Номер был чистый, персонал очень вежливый, но завтрак нам не понравился.",
    "cp866": "Номер был чистый, персонал очень вежливый, но завтрак нам не понравился.",
    "cp1250": "Pokój był czysty, obsługa bardzo miła, ale śniadanie nam się nie podobało, żółć.",
    "iso8859_2": "Pokoj byl čistý, obsluha velmi příjemná, ale snídaně se nám nelíbila, děkujeme.",
    "cp1254": "Oda temizdi, çalışanlar çok kibardı ama kahvaltıyı beğenmedik, teşekkür ederiz.",
    "cp1253": "Το δωμάτιο ήταν καθαρό, το προσωπικό ευγενικό αλλά το πρωινό δεν μας άρεσε.",
    "cp932": "部屋はとても綺麗で、スタッフも親切でしたが、朝食はあまり美味しくなかったです。",
    "euc_jp": "部屋はとても綺麗で、スタッフも親切でしたが、朝食はあまり美味しくなかったです。",
    "cp949": "방은 깨끗하고 직원들도 친절했지만 아침 식사는 별로였어요.",
    "cp1255": "החדר היה נקי והצוות היה אדיב אבל ארוחת הבוקר לא הייתה טובה",
    "cp874": "ห้องสะอาดมาก พนักงานสุภาพ แต่อาหารเช้าไม่อร่อย",
    "cp850": "L'hôtel était très propre, le personnel aimable, mais le déjeuner ne nous a pas plu.",
    "mac_roman": "L’hôtel était très propre, le personnel aimable, mais le déjeuner ne nous a pas plu.",
}


@pytest.mark.parametrize(("text", "codec"), RIGHT)
def test_one_sentence_tells_its_encoding(text: str, codec: str) -> None:
    assert guess(text.encode(codec)).encoding == codec


@pytest.mark.parametrize("codec", ["gb18030", "cp950", "utf-8", "utf-16-le"])
@pytest.mark.parametrize("size", range(1, 22))
def test_a_beginning_of_a_sentence_is_read_rightly_or_not_at_all(size: int, codec: str) -> None:
    for text in SIMPLIFIED + TRADITIONAL:
        try:
            content = f"{text[:size]}\n".encode(codec)
        except UnicodeEncodeError:
            continue
        result = guess(content).encoding
        assert result is None or content.decode(result) == content.decode(codec)


@pytest.mark.parametrize(("codec", "text"), STRANGE.items())
@pytest.mark.parametrize("times", [1, 20])
def test_text_in_another_encoding_is_not_taken_for_one_of_ours(codec: str, text: str, times: int) -> None:
    assert guess(f"{text}\n".encode(codec) * times).encoding is None


def test_a_file_of_many_lines_differs_from_a_cut_of_it() -> None:
    content = ("\n".join(SIMPLIFIED) * 50).encode("gb18030")
    for size in range(2000, 2010):
        assert guess(content[:size], cut=True).encoding == "gb18030"


def test_damaged_utf_8_is_no_other_encoding() -> None:
    content = "\n".join(SIMPLIFIED[:2]).encode()
    assert guess(content[:30] + b"\xff" + content[30:]).encoding is None


def test_unclear_encodings_have_choices() -> None:
    result = guess("很".encode("gb18030"))
    assert result.encoding is None
    assert "gb18030" in result.choices
