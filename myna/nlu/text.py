"""The forms of a message that the models see. What a customer wrote is stored as written."""

from __future__ import annotations

import re
import unicodedata

MAX_CHARACTERS = 2000
"""What is read of a message; the rest of a longer one is neither needed nor worth the time."""

_SURROGATES = re.compile("[\ud800-\udfff]")
_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
# The lengths are those that the standard allows; without them a long text of one word is slow.
_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@]{1,190}\.[^\s@.]{2,63}")
_LENGTHENED = re.compile(r"([^\W\d_])\1{2,}")
_DIGIT = re.compile(r"\d")
# Four digits or more, however they are grouped, and what is joined to them: "dh-00000", "000.000".
_LONG_NUMBER = re.compile(r"(?<!\w)(?:[^\W\d_]{1,3}[.#-]?)?0(?:[ .-]?0){3,}\w*")
# Control and format characters (zero-width ones among them), and what only modifies an emoji.
_INVISIBLE = re.compile("[\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")
# Cyrillic and Greek letters that look Latin; only within a word that has Latin letters as well.
_LOOK_ALIKES = str.maketrans("аесорхуіјѕһԁνοαικρτυ", "aecopxyijshdvoaikptu")
_MIXED_WORD = re.compile(r"(?=\w*[A-Za-z])(?=\w*[\u0370-\u04ff])\w{1,50}")


def replace_surrogates(text: str) -> str:
    """Replaces lone surrogates, which no encoder accepts, one by one: positions stay the same."""
    return _SURROGATES.sub("\ufffd", text)


def clean(text: str) -> str:
    """A message as it was meant to look.

    At most `MAX_CHARACTERS`, lower case, composed Unicode without compatibility forms (bold and
    full-width letters are letters), without control, zero-width and emoji-modifying characters;
    foreign letters that look Latin are; letters repeated for emphasis once; e-mail addresses and
    links replaced by a word.
    """
    text = unicodedata.normalize("NFKC", replace_surrogates(text[:MAX_CHARACTERS]))
    text = _INVISIBLE.sub("", text[:MAX_CHARACTERS])
    if not text.isprintable():
        text = "".join(
            " " if character.isspace() else character
            for character in text
            if character.isspace() or unicodedata.category(character) not in ("Cc", "Cf")
        )
    if not text.isascii():
        text = _MIXED_WORD.sub(lambda match: match[0].translate(_LOOK_ALIKES), text)
    text = _EMAIL.sub(" _email_ ", _URL.sub(" _url_ ", text)).lower()
    return " ".join(_LENGTHENED.sub(r"\1", text).split())


def mask_numbers(text: str) -> str:
    """Every digit `0` and long numbers one word, so that sentences are learned, not numbers."""
    return " ".join(_LONG_NUMBER.sub(" _number_ ", _DIGIT.sub("0", text)).split())


def prepare(text: str) -> str:
    """The form that is compared word by word: `clean`, then `mask_numbers`."""
    return mask_numbers(clean(text))


def strip_diacritics(text: str) -> str:
    """Latin letters without their marks, as Vietnamese is often typed (đ becomes d)."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    kept: list[str] = []
    base = ""
    for character in decomposed:
        if not unicodedata.combining(character):
            base = character
        elif base.isascii():  # a mark on a Latin letter; those of other scripts are letters there
            continue
        kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept))


def words(listed: str) -> list[str]:
    """The words of a list that is written as one text."""
    return listed.split()
