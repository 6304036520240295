"""Record ids: 15 characters that count upper and lower case, 18 with a checksum that survives when case is lost."""

import re

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHAPE = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")


def checksum(short: str) -> str:
    """The three characters that follow a 15-character id: one bit per upper-case letter, five letters each."""
    return "".join(
        _CHECKS[sum(1 << bit for bit, letter in enumerate(short[start : start + 5]) if "A" <= letter <= "Z")]
        for start in (0, 5, 10)
    )


def normal(text: str) -> str | None:
    """The 18-character form, or None when this is no id."""
    if not _SHAPE.fullmatch(text):
        return None
    short = text[:15]
    if len(text) == len(short):
        return short + checksum(short)
    return text if text[15:] == checksum(short) else None


def make(prefix: str, number: int) -> str:
    """The id with this key prefix and running number."""
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    short = f"{prefix}Lw{digits.rjust(10, '0')}"
    return short + checksum(short)


def custom_prefix(number: int) -> str:
    """The key prefix of the n-th custom object: a00, a01, ..."""
    first, second = divmod(number, 62)
    return "a" + ALPHABET[first] + ALPHABET[second]
