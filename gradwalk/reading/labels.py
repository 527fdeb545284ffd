"""A word as a reader sees it: what cannot be seen is spelled out, and no two words of a vocabulary look the same.

>>> readable(" dog"), readable("a\\nb"), readable(b"caf\\xc3\\xa9"), readable(b"\\xe2\\x80")
('␣dog', 'a\\\\nb', 'café', '\\\\xe2\\\\x80')
"""

from __future__ import annotations

LONGEST = 40  # letters
SPACE, EMPTY = "␣", r"\empty"
JOINERS = "\u200c\u200d"  # inside a word they shape its letters, in Persian and Hindi; at an end they cannot be seen


def readable(word: str | bytes, number: int | None = None) -> str:
    r"""A space is ␣, a line's end \n, a backslash two; other signs that leave no mark go by their code, as \u202e.

    Bytes are read as UTF-8; those of a letter that is cut in two stand as \xe2. More than 40 letters are cut, and
    `number`, the word's own, follows the dots: two long words that begin alike are still two.
    """
    if isinstance(word, bytes):
        word = word[: 4 * LONGEST + 8].decode("utf-8", errors="surrogateescape")  # a stray byte: a lone surrogate
        signs = [rf"\x{ord(sign) - 0xDC00:02x}" if "\udc80" <= sign <= "\udcff" else _visible(sign) for sign in word]
    else:
        word = word[: LONGEST + 1]
        signs = [_visible(sign) for sign in word]
    for k in range(1, len(signs) - 1):
        if word[k] in JOINERS:
            signs[k] = word[k]
    label = "".join(signs)
    if len(label) <= LONGEST:
        return label or EMPTY
    while len(label) > LONGEST:  # an escape is left out whole
        label = label[: -len(signs.pop())]
    return label + "…" + ("" if number is None else f"#{number}")


def _visible(sign):
    if sign == " ":
        return SPACE
    if sign.isprintable() and sign not in ("\\", SPACE):
        return sign
    if ord(sign) >= 0x80:  # \xa0 would be the byte, not the letter
        return f"\\u{ord(sign):04x}" if ord(sign) <= 0xFFFF else f"\\U{ord(sign):08x}"
    return sign.encode("unicode_escape").decode("ascii")


def _byte_letters():
    """GPT-2's letter for each byte: its own where it has a mark in Latin-1, else the next free one from 256 on."""
    marked = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    free = iter(range(256, 512))
    return {chr(byte if byte in marked else next(free)): byte for byte in range(256)}


BYTE_OF = _byte_letters()


def as_bytes(word: str) -> bytes | str:
    """What a word of a byte-level vocabulary stands for: "Ġdog" is b" dog". One that is not so spelled stays as it is.

    >>> as_bytes("Ġdog"), as_bytes("ĠcafÃ©").decode(), as_bytes("日")
    (b' dog', ' café', '日')
    """
    try:
        return bytes(BYTE_OF[letter] for letter in word)
    except KeyError:
        return word
