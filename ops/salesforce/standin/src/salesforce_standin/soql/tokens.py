"""SOQL's words: where one ends, and what a backslash in a string means."""

import re
from dataclasses import dataclass

from salesforce_standin.failures import RequestFailed

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>'(?:[^'\\]|\\.)*')
    | (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
    | (?P<date>\d{4}-\d\d-\d\d)
    | (?P<number>[+-]?\d+(?:\.\d+)?)
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*(?::\d+)?)
    | (?P<sign><=|>=|!=|<>|[=<>(),])
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Token:
    """One word, sign or value."""

    kind: str
    text: str

    def says(self, *words: str) -> bool:
        return self.kind in {"word", "sign"} and self.text.upper() in words


END = Token("end", "<EOF>")


def malformed(message: str) -> RequestFailed:
    return RequestFailed(400, "MALFORMED_QUERY", message)


def split(text: str) -> list[Token]:
    tokens: list[Token] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            raise malformed(f"unexpected token: '{text[position : position + 20].strip()}'")
        tokens.append(Token(found.lastgroup, found[found.lastgroup]))
        position = found.end()
    return tokens


def unescape(quoted: str, *, like: bool = False) -> str:
    """The text between the quotes. In a LIKE pattern an escaped % or _ keeps its backslash."""

    def one(found: re.Match[str]) -> str:
        letter = found[1]
        if like and letter in "%_\\":
            return "\\" + letter
        if letter not in _ESCAPES:
            raise malformed(f"Illegal string literal {quoted}: invalid escape \\{letter}")
        return _ESCAPES[letter]

    return re.sub(r"\\(.)", one, quoted[1:-1], flags=re.DOTALL)
