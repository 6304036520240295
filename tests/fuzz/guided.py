# pyright: basic, reportMissingImports=false, reportMissingModuleSource=false, reportAttributeAccessIssue=false
# Why: atheris is installed where this runs (bench/requirements/atheris.txt), not where types are checked.
"""`python -m tests.fuzz.guided CORPUS [options of libFuzzer]`: bytes in, guided by which lines of `contracts` they reach.

Only `test_guided` calls it. What is fed is a record's value and, after a mark, its headers. Whatever it is: decoding answers,
both ways of decoding answer alike, what was accepted can be written and read again.
"""

import sys

import atheris

with atheris.instrument_imports(include=["contracts"]):
    from contracts import Envelope, catalog, decode, encode
    from contracts.wire import MAX_DETAIL
    from contracts.wire.careful import read_structured

from tests.contracts.verdicts import Headers, outcome, verdict

MARK, NEXT, IS = b"\n#headers\n", b"\n", b"="


def read(data: bytes) -> "tuple[bytes | None, Headers]":
    """The value and headers that such bytes stand for; a header without `=` is null, and so is the value `null`."""
    value, _, rest = data.partition(MARK)
    headers: Headers = []
    for each in rest.split(NEXT) if rest else []:
        name, equals, content = each.partition(IS)
        headers.append((name.decode("utf-8", "replace"), content if equals else None))
    return (None if value == b"null" else value), headers


def one_input(data: bytes) -> None:
    value, headers = read(data)
    found = verdict(value, headers)
    assert len(found[1]) <= MAX_DETAIL, "a detail is too long"
    if value is not None and not headers:
        assert outcome(lambda: read_structured(value, reads=catalog.EVENTS)) == found, "two ways, two answers"
    if found[0] == "accepted":
        envelope = decode(value, headers, reads=catalog.EVENTS)
        assert isinstance(envelope, Envelope)
        record = encode(envelope)
        again = decode(record.value, record.headers, reads=catalog.EVENTS)
        assert isinstance(again, Envelope)
        assert encode(again) == record, "read again, it is another"


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
