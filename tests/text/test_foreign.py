"""Which texts are in a language that no lexicon knows."""

from pathlib import Path

import pytest

from augment.text.foreign import is_foreign
from tests.texts import TEXTS

_FOREIGN = """
Das Hotel war gut und die Hand fast wie ein Gift, aber der Rat am Ende half bald allen.
Das Zimmer war sehr sauber und das Personal freundlich.
Nicht zu empfehlen, nie wieder!
La chambre était propre et le personnel très aimable.
Je ne recommande pas cet hôtel à mes amis.
La habitación estaba limpia y el personal fue muy amable.
No recomiendo este hotel a nadie.
La camera era pulita e il personale molto gentile.
O quarto estava limpo e os funcionários foram muito simpáticos.
De kamer was schoon en het personeel was erg vriendelijk.
Rummet var rent och personalen var mycket trevlig.
Pokój był czysty, a personel bardzo miły.
Oda temizdi ve personel çok nazikti, kahvaltı güzeldi.
はい、そうです
この映画はとても面白かったです。
방이 깨끗하고 직원이 친절했어요
Отлично, всё понравилось
خیلی خوب بود
ห้องสะอาดมาก
"""
_KNOWN = """
a gorgeous , witty , seductive movie .
no movement , no yuks , not much of anything .
effective but too-tepid biopic
et tu, Brute?
a Jean-Luc Godard film, déjà vu
Woody Allen, Steve Oedekerk, Penélope Cruz
yay yay yay yay yay #mets
immediate trial for alleged crimes
merci!
这家酒店的服务很好
這家飯店的服務很好，沒有問題
呢間酒店真係好正，但係唔平
这个 app 很好用
iPhone手机very好用
优の良品，便宜又好吃
(づ￣ ³￣)づ 好开心
so happy (´・ω・`)
我喜欢听《さくら》这首歌
我喜欢 방탄소년단 的新歌
The film 《红高粱》 is great
12345 😂😂
"""
FOREIGN, KNOWN = _FOREIGN.strip().splitlines(), _KNOWN.strip().splitlines()


@pytest.mark.parametrize("text", FOREIGN)
def test_text_that_is_neither_chinese_nor_english_is_foreign(text: str) -> None:
    assert is_foreign(text)


@pytest.mark.parametrize("text", [*KNOWN, ""])
def test_chinese_english_and_mixed_text_with_names_and_faces_is_not(text: str) -> None:
    assert not is_foreign(text)


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_has_an_answer(text: str) -> None:
    assert is_foreign(text) in (True, False)


def test_no_short_english_snippet_is_taken_for_another_language(shared: Path) -> None:
    file = shared / "datasets" / "sentences-en" / "stsa.binary.dev"
    if not file.is_file():
        pytest.skip(f"needs the sentences {file.name}")
    texts = [line.split(" ", 1)[1] for line in file.read_text(encoding="utf-8").splitlines()]
    assert [text for text in texts if is_foreign(text)] == []
