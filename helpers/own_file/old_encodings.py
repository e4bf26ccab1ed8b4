"""Which of the old encodings bytes were saved in that are no UTF-8: the one in which they look like somebody's text.

charset-normalizer says how orderly a text looks in each encoding. For a short text several look alike; then the
characters decide that are common in the languages for which an encoding is used.
"""

from charset_normalizer import from_bytes

_SIGNS = "“”„‚‘’–—…€°£§«»¿¡·\xa0©®×²³½"
_WESTERN = "äöüßéèêëàâáãåçñóòôõøúùûíìîïœæ" + _SIGNS
_CHINESE_SIGNS = "，。？！、：；（）《》「」“”…—　％～"
_SIMPLIFIED = (
    "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生自会那后能对着事其里所去行过家十"
    "用发天如然作方成者多日都三小军二无同么经法当起与好看学进种将还分此心前面又定见只主没公从问答题案吗呢吧请谢您店员"
    "客户产品保修类别备注序号茶水钱元买卖开关门几点怎么什么可以是否第次月号单价付款退换货送寄快递电话营业间服务支持期内"
    "等顾名称内容信息帮助使用设置系统文件数据需要哪很多少新老四五六七八九百千万半早晚午周末星期天热冷饭菜酒店房间预订"
)
_TRADITIONAL = (
    "的一是不了人我在有他這為之大來以個中上們到說國和地也子時道出而要於就下得可你年生自會那後能對著事其裡所去行過家十用"
    "發天如然作方成者多日都三小軍二無同麼經法當起與好看學進種將還分此心前面又定見只主沒公從問答題案嗎呢吧請謝您店員客戶"
    "產品保修類別備註序號茶水錢元買賣開關門幾點怎麼什麼可以是否第次月號單價付款退換貨送寄快遞電話營業間服務支持期內顧名稱"
    "現金刷卡早等晚午週星期休四五六七八九百千萬"
)
_JAPANESE = "".join(map(chr, range(0x3041, 0x30FF))) + "、。「」？！日本人時間何質問回答営業電話予約料金円年月"
_KOREAN = (
    "이다는가에을의하고를은지한도로서기사어리자인대시정있그들나일수해라아게전부여요만네보니주습질문답변무까세용장제상"
    "마안내구오원합면스연동경조비성신으것거우미과와러소년월분입예약환불능"
)
_CYRILLIC_VOWELS = set("аеиоуыэюяіїё")
_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюяієїґё"

# The first of those that fit equally well is taken.
COMMON_CHARACTERS = {
    "gb18030": _SIMPLIFIED + _CHINESE_SIGNS,
    "big5": _TRADITIONAL + _CHINESE_SIGNS,
    "cp932": _JAPANESE,
    "euc_jp": _JAPANESE,
    "cp949": _KOREAN + "，。？！",
    "cp1252": _WESTERN,
    "cp1250": "ąćęłńóśźżáčďéěíňřšťúůýžőűăâîșţäöüß" + _SIGNS,
    "cp1255": "אבגדהוזחטיכךלמםנןסעפףצץקרשת" + _SIGNS,
    "cp1251": _CYRILLIC + _SIGNS + "№",
    "koi8_r": _CYRILLIC,
    "cp1253": "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋ" + _SIGNS,
    "cp1254": "çğışöüâîû" + _SIGNS,
    "cp1256": "ابتثجحخدذرزسشصضطظعغفقكلمنهويءآأؤإئىة؟،؛پچژگ" + _SIGNS,
    "cp874": "".join(map(chr, range(0x0E01, 0x0E5C))) + _SIGNS,
    "mac_roman": _WESTERN,
    "cp850": _WESTERN,
    "cp437": _WESTERN,
}


def decodes(content: bytes, codec: str) -> bool:
    try:
        content.decode(codec)
    except (UnicodeDecodeError, LookupError):
        return False
    return True


def most_probable(sample: bytes) -> str:
    """The encoding in which this looks most like a text that somebody wrote."""
    untidy = {}
    for match in from_bytes(sample, cp_isolation=list(COMMON_CHARACTERS)):
        untidy.update(dict.fromkeys([match.encoding, *match.could_be_from_charset], match.chaos))
    places = {codec: place for place, codec in enumerate(COMMON_CHARACTERS)}
    scores = {}
    for codec, common in COMMON_CHARACTERS.items():
        if decodes(sample, codec):
            text = sample.decode(codec)
            scores[codec] = _share_of_common(text, set(common)) * _weight(codec, text) - 2 * untidy.get(codec, 0.1)
    return max(scores, key=lambda codec: (round(scores[codec], 2), -places[codec]), default="latin-1")


def _weight(codec: str, text: str) -> float:
    """That bytes give the few hundred common ones of ten thousand characters is no accident; that they give letters of
    an alphabet may be one."""
    if codec in ("gb18030", "big5", "cp932", "euc_jp", "cp949"):
        return 1.3
    if COMMON_CHARACTERS[codec].startswith(_CYRILLIC):
        letters = [sign for sign in text.lower() if sign in _CYRILLIC]
        return 1.0 if sum(sign in _CYRILLIC_VOWELS for sign in letters) > len(letters) * 0.3 else 0.5
    return 1.0


def _share_of_common(text: str, common: set[str]) -> float:
    """Of the characters that are not ASCII. A sign in the middle of a word is a letter that was read wrongly."""
    others = [(place, sign) for place, sign in enumerate(text) if sign > "\x7f"]
    good = 0
    for place, sign in others:
        within = text[place - 1 : place].isalpha() and text[place + 1 : place + 2].isalpha()
        capital = sign != sign.lower() and text[place - 1 : place].islower()
        good += sign.lower() in common and not capital and (sign.isalpha() or not within or sign in "’–—…“”，。？！、")
    return good / len(others) if others else 1.0
