"""Text to tree."""

from collections.abc import Sequence

from salesforce_standin.soql.tokens import END, Token, malformed, split, unescape
from salesforce_standin.soql.tree import (
    Aggregate,
    AllFields,
    Column,
    Comparison,
    Condition,
    Junction,
    Literal_,
    Not,
    Order,
    Path,
    Query,
)

_AGGREGATES = {"COUNT", "COUNT_DISTINCT", "MIN", "MAX", "SUM", "AVG"}
_SIGNS = {"=", "!=", "<>", "<", "<=", ">", ">="}
_CLAUSES = {"FROM", "WHERE", "GROUP", "ORDER", "LIMIT", "OFFSET"}
_LONGEST = 100_000  # characters, Salesforce's own limit
_DEEPEST = 50  # brackets and NOTs inside each other


def parse(text: str) -> Query:
    """The query; raises RequestFailed MALFORMED_QUERY."""
    if len(text) > _LONGEST:
        raise malformed("SOQL statements cannot be longer than 100000 characters.")
    return _Parser(split(text)).query()


class _Parser:
    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def query(self) -> Query:
        self._expect("SELECT")
        columns = [self._column()]
        while self._accept(","):
            columns.append(self._column())
        self._expect("FROM")
        source = self._word()
        where = self._condition() if self._accept("WHERE") else None
        group = self._group()
        order = self._order()
        limit = self._whole() if self._accept("LIMIT") else None
        offset = self._whole() if self._accept("OFFSET") else 0
        if self._peek() is not END:
            raise self._unexpected()
        return Query(tuple(columns), source, where, group, order, limit, offset)

    def _column(self) -> Column | Aggregate | AllFields:
        word = self._word()
        if not self._accept("("):
            return Column(_path(word))
        if word.upper() == "FIELDS":
            which = self._word().upper()
            self._expect(")")
            return AllFields(which)
        if word.upper() not in _AGGREGATES:
            raise malformed(f"unexpected token: '{word}('")
        path = None if self._peek().says(")") else _path(self._word())
        self._expect(")")
        token = self._peek()
        alias = self._word() if token.kind == "word" and token.text.upper() not in _CLAUSES else None
        return Aggregate(word.upper(), path, alias)

    def _condition(self) -> Condition:
        first = self._term()
        for word in ("AND", "OR"):
            if self._peek().says(word):
                terms = [first]
                while self._accept(word):
                    terms.append(self._term())
                if self._peek().says("AND", "OR"):  # mixing both needs brackets
                    raise self._unexpected()
                return Junction("AND" if word == "AND" else "OR", tuple(terms))
        return first

    def _term(self) -> Condition:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise malformed("the condition is nested too deeply")
        try:
            if self._accept("NOT"):
                return Not(self._term())
            if self._accept("("):
                inner = self._condition()
                self._expect(")")
                return inner
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Comparison:
        path = _path(self._word())
        token = self._next()
        if token.kind == "sign" and token.text in _SIGNS:
            return Comparison(path, "!=" if token.text == "<>" else token.text, (self._literal(),))
        if token.says("LIKE"):
            return Comparison(path, "LIKE", (self._literal(like=True),))
        if token.says("IN"):
            return Comparison(path, "IN", self._list())
        if token.says("NOT"):
            self._expect("IN")
            return Comparison(path, "NOT IN", self._list())
        raise malformed(f"unexpected token: '{token.text}'")

    def _list(self) -> tuple[Literal_, ...]:
        self._expect("(")
        found = [self._literal()]
        while self._accept(","):
            found.append(self._literal())
        self._expect(")")
        return tuple(found)

    def _literal(self, *, like: bool = False) -> Literal_:
        token = self._next()
        match token.kind:
            case "string":
                return Literal_("string", unescape(token.text, like=like))
            case "number" | "date" | "datetime":
                return Literal_(token.kind, token.text)
            case "word" if token.text.upper() == "NULL":
                return Literal_("null", "null")
            case "word" if token.text.upper() in {"TRUE", "FALSE"}:
                return Literal_("boolean", token.text.lower())
            case "word":
                return Literal_("range", token.text.upper())
            case _:
                raise malformed(f"unexpected token: '{token.text}'")

    def _group(self) -> tuple[Path, ...]:
        if not self._accept("GROUP"):
            return ()
        self._expect("BY")
        paths = [_path(self._word())]
        while self._accept(","):
            paths.append(_path(self._word()))
        return tuple(paths)

    def _order(self) -> tuple[Order, ...]:
        if not self._accept("ORDER"):
            return ()
        self._expect("BY")
        orders = [self._one_order()]
        while self._accept(","):
            orders.append(self._one_order())
        return tuple(orders)

    def _one_order(self) -> Order:
        path = _path(self._word())
        descending = self._accept("DESC")
        if not descending:
            self._accept("ASC")
        nulls_first = True
        if self._accept("NULLS"):
            nulls_first = self._accept("FIRST")
            if not nulls_first:
                self._expect("LAST")
        return Order(path, descending, nulls_first)

    def _peek(self) -> Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else END

    def _next(self) -> Token:
        token = self._peek()
        self._at += 1
        return token

    def _accept(self, word: str) -> bool:
        if self._peek().says(word):
            self._at += 1
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise self._unexpected(f", expecting '{word}'")

    def _word(self) -> str:
        token = self._next()
        if token.kind != "word":
            raise malformed(f"unexpected token: '{token.text}'")
        return token.text

    def _whole(self) -> int:
        token = self._next()
        if token.kind != "number" or not token.text.isdigit():
            raise malformed(f"unexpected token: '{token.text}'")
        return int(token.text)

    def _unexpected(self, more: str = "") -> Exception:
        return malformed(f"unexpected token: '{self._peek().text}'{more}")


def _path(word: str) -> Path:
    return tuple(word.split("."))
