"""Keys for one purpose each; log lines without what must not be in them."""

import json
import logging
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog

from shared import logs
from shared.keys import Keys


def test_hashes_depend_on_the_key_and_the_purpose() -> None:
    one, other = Keys(b"1" * 32), Keys(b"2" * 32)
    assert one.address_hash("ann@acme.example") == Keys(b"1" * 32).address_hash("ann@acme.example")
    found = {
        one.address_hash("ann@acme.example"),
        other.address_hash("ann@acme.example"),
        one.person("ann@acme.example"),
        other.person("ann@acme.example"),
    }
    assert len(found) == 4
    assert one.derive("a") != one.derive("b")


def test_a_key_file_is_read_as_raw_bytes(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\n" * 32)
    assert Keys.read(tmp_path / "key").person("x") == Keys(b"\n" * 32).person("x")


def raise_key_error(text: str) -> None:
    raise KeyError(text)


def an_error() -> Exception:
    try:
        raise_key_error("ann@acme.example")
    except KeyError as error:
        return error
    raise AssertionError("unreachable")


@contextmanager
def logging_set_up() -> Generator[None]:
    root = logging.getLogger()  # noqa: TID251  put back as it was
    handlers, level = root.handlers[:], root.level
    logs.set_up(service="some-service", version="1.2.3", instance="here", form="json")
    yield
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level


def test_a_line_is_one_json_object_and_an_error_s_text_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_set_up():
        structlog.stdlib.get_logger().warning("thing.failed", next_step="look", exc_info=an_error())
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    trace = found.pop("trace")
    timestamp = found.pop("timestamp")
    assert found == {
        "event": "thing.failed",
        "level": "warning",
        "service": "some-service",
        "version": "1.2.3",
        "instance": "here",
        "next_step": "look",
        "error": "KeyError",
    }
    assert trace[-1].endswith(" raise_key_error")
    assert (timestamp[10], timestamp[-5], timestamp[-1]) == ("T", ".", "Z")
