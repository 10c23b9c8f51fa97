"""Tax numbers of companies, as they stand on invoices."""

from __future__ import annotations

import re

_VN = re.compile(r"(?<![\d+])(\d{10})(?:\s?-\s?(\d{3}))?(?!\d)")
_MY = re.compile(r"(?<![A-Z0-9])(?:C|CS|D|E|F|FA|IG|OG|PT|TA|TC|TN|TR|TP|J|LE)\s?\d{9,11}(?!\d)")
_MY_REGISTRATION = re.compile(r"(?<!\d)(?:19|20)\d{2}0[1-6]\d{6}(?!\d)")
_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)


def find_tax_number(text: str, country: str) -> str | None:
    """The first tax number in a text; None if there is none.

    In Vietnam the `mã số thuế` of ten digits, the last of which is a check digit (weights 31, 29,
    23, 19, 17, 13, 7, 5, 3; ten minus the remainder by 11), with `-001` for a branch. In Malaysia
    the TIN of LHDN (letters and digits, `C20880050010`) or the twelve-digit registration number
    of SSM, which begins with the year and the kind of entity (01-06).
    """
    if country == "MY":
        match = _MY.search(text.upper()) or _MY_REGISTRATION.search(text)
        return re.sub(r"\s", "", match[0]) if match else None
    for match in _VN.finditer(text):
        if _is_checked(match[1]):
            return f"{match[1]}-{match[2]}" if match[2] else match[1]
    return None


def _is_checked(number: str) -> bool:
    digits = [int(digit) for digit in number]
    rest = sum(weight * digit for weight, digit in zip(_WEIGHTS, digits, strict=False)) % 11
    return digits[-1] == 10 - rest
