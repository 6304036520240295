"""Erasure: finding addresses inside texts, and taking them out."""

import re
from collections.abc import Callable, Iterator
from itertools import islice

from contracts.types import normal_email

ERASED = "erased"

_AROUND_AT = re.compile(r"[^\s<>()\[\]{},;:\"|\\]+@[^\s<>()\[\]{},;:\"|\\/@]+")
_TRAILING = ".!?'\u2019`*=&#…-_"
_INSIDE_NAME = ".-_+"
_INSIDE_DOMAIN = ".-"
MOST_READINGS = 8
"""Of one place; a hostile text must not cost more than a normal one."""


def mentions(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield what may be an address in the text: start, end and normal form; of each place the longest first.

    It yields too much rather than too little (`'ann@x.org'` and `user=ann@x.org` hold `ann@x.org` too): whoever asks
    knows which addresses he is looking for.
    """
    for found in _AROUND_AT.finditer(text):
        start, end = found.span()
        at = text.index("@", start)
        for last in _ends(text, at + 1, end):
            for first in _starts(text, start, at):
                yield first, last, normal_email(text[first:last])


def _starts(text: str, start: int, at: int) -> Iterator[int]:
    yield start
    inner = (place for place in range(start + 1, at) if _parts(text[place - 1], _INSIDE_NAME))
    yield from islice(inner, MOST_READINGS)


def _ends(text: str, after_at: int, end: int) -> Iterator[int]:
    yield end
    while end > after_at + 1 and text[end - 1] in _TRAILING:
        end -= 1
        yield end
    inner = (place for place in range(after_at + 1, end) if _parts(text[place], _INSIDE_DOMAIN))
    yield from islice(inner, MOST_READINGS)


def _parts(character: str, inside: str) -> bool:
    return not character.isalnum() and character not in inside


def without_addresses(text: str, erased: Callable[[str], bool]) -> str:
    """Return the text with `erased` in the place of each address for which the question is answered with yes."""
    parts: list[str] = []
    done = 0
    for first, last, address in mentions(text):
        if first >= done and erased(address):
            parts += [text[done:first], ERASED]
            done = last
    return "".join([*parts, text[done:]])
