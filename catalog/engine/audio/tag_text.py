"""From the bytes of a tag of unknown encoding to text; run by path in the decoder's own process (tag_reader.py).

A few letters are too little for a statistical detector alone. So charset-normalizer names the possible encodings, and
each reading gets a price: the bits that its letters cost at their frequency in that language. Another reading than the
Western one is taken only where it is clearly cheaper than all others.
"""

import codecs
import itertools
import unicodedata
from collections.abc import Iterable

import charset_normalizer

MAX_GUESSED_BYTES = 4096
LEAST_LETTERS = 3  # beyond ASCII; fewer say nothing
CLEARLY_BITS = 5.0

ASCII_BITS, FREQUENT_BITS, WESTERN_BITS, RARE_BITS, MARK_BITS = 5.0, 8.0, 8.5, 18.0, 11.0
MIXED_BITS = 16.0  # a letter of ASCII beside one of another script
ODD_CASE_BITS = 9.0  # a word such as "лЕТО"

# Letters by frequency, the most frequent first.
_CYRILLIC = "оеаинтсрвлкмдпугяыьзбйчжшхюцэщфёіїєґъў"
ALPHABETS = {
    "cp1251": _CYRILLIC,
    "koi8_r": _CYRILLIC,
    "cp1253": "ατοιενρσκηπςυμλίόάγέδήωχθύφβξζώψϊϋΐ",
    "cp1255": "יוהלרבתמאשנעםדקחפסכגטצןזךףץ",
    "cp1256": "اليمونرتبةعدسفهكقأحجشطصىخإذضزظثغئآءؤ",
    "cp874": "านรอกเงมยลวดทสตะปบคหแจพชขใไโผซธศถภณษฟญฐฉฮุิีื่้๊์ัูำ็",
}
# The most frequent characters, then the character set and its first bytes where the other common ones are.
CHARACTERS = {
    "gb18030": (
        (
            "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家"
            "种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实爱情歌月夜花风雨梦王李张刘陈杨周林"
        ),
        ("gb2312", 0xB0, 0xD7, 12.3),
    ),
    "big5": (
        (
            "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家"
            "種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實愛情歌月夜花風雨夢王李張劉陳楊周林"
        ),
        ("big5", 0xA4, 0xC6, 12.8),
    ),
    "cp949": (
        "이다에의는로하을가고지서한은기으년대사시를리도인스일나너그아수자라해어정랑우내게만면전보장부소주원제안비동상선유영마오",
        ("euc_kr", 0xB0, 0xC8, 11.5),
    ),
    "cp932": (
        "のにるたとはしいをでてがなれからさっりーンスルトリイアラックド日一人年大",
        ("shift_jis", 0x88, 0x97, 12.0),
    ),
}
ENCODINGS = (*ALPHABETS, *CHARACTERS)
for _name in (*ENCODINGS, "cp1252", "latin_1", "gb2312", "euc_kr", "shift_jis"):
    codecs.lookup(_name)  # loaded now: the confined process can open no file


def decoded(raws: Iterable[bytes]) -> list[str]:
    """The texts of one file, all read in the encoding that fits them best together; Western where unsure."""
    values = list(raws)
    encoding = _encoding_of(b"\n".join(values)[:MAX_GUESSED_BYTES])
    return [_read(value, encoding) for value in values]


def _encoding_of(data: bytes) -> str:
    if data.isascii():
        return "ascii"
    if _is_utf8(data):
        return "utf-8"
    if sum(byte >= 0x80 for byte in data) < LEAST_LETTERS:
        return ""
    possible = charset_normalizer.from_bytes(data, cp_isolation=list(ENCODINGS))
    prices = sorted(
        (_price(str(match), match.encoding), match.encoding) for match in possible if match.encoding in ENCODINGS
    )
    if not prices:
        return ""
    others = [price for price, _ in prices[1:]] + [_western_price(_read(data, ""))]
    return prices[0][1] if prices[0][0] + CLEARLY_BITS <= min(others) else ""


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError as error:  # a short field may end within a character
        return error.reason == "unexpected end of data" and not data[: error.start].isascii()
    return True


def _read(raw: bytes, encoding: str) -> str:
    if encoding:
        return raw.decode(encoding, "ignore")
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _price(text: str, encoding: str) -> float:
    """Bits that `text` costs."""
    one_by_one = sum(_letter_bits(letter, encoding) for letter in text)
    return one_by_one + MIXED_BITS * _seams(text) + ODD_CASE_BITS * sum(_is_odd(word) for word in text.split())


def _letter_bits(letter: str, encoding: str) -> float:
    if letter.isascii():
        return ASCII_BITS
    alphabet = ALPHABETS.get(encoding, "")
    place = alphabet.find(letter.lower())
    if place >= 0:
        return 3.0 + 0.17 * place
    if unicodedata.category(letter)[0] in "PSZ":
        return MARK_BITS
    return RARE_BITS if alphabet else _character_bits(letter, encoding)


def _character_bits(letter: str, encoding: str) -> float:
    frequent, (codec, first, last, bits) = CHARACTERS[encoding]
    if letter in frequent:
        return FREQUENT_BITS
    if "ぁ" <= letter <= "ー":
        return WESTERN_BITS if encoding == "cp932" else RARE_BITS
    encoded = letter.encode(codec, "ignore")
    return bits if len(encoded) == 2 and first <= encoded[0] <= last else RARE_BITS


def _western_price(text: str) -> float:
    return sum(ASCII_BITS if letter.isascii() else _western_bits(letter) for letter in text)


def _western_bits(letter: str) -> float:
    if letter.isalpha():
        return WESTERN_BITS
    return MARK_BITS if letter.isprintable() else RARE_BITS


def _seams(text: str) -> int:
    """How often a letter of ASCII stands beside one that is none."""
    pairs = itertools.pairwise(text)
    return sum(one.isascii() != other.isascii() and one.isalpha() and other.isalpha() for one, other in pairs)


def _is_odd(word: str) -> bool:
    """Whether capitals and small letters are where no language of two cases has them."""
    letters = [letter for letter in word if letter.isalpha() and not letter.isascii()]
    tail = "".join(letters[1:])
    return bool(tail) and tail != tail.lower() and "".join(letters) != "".join(letters).upper()
