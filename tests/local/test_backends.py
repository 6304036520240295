"""The tests' own choice of servers, where no container engine answers."""

import gc
import socket
import warnings
from pathlib import Path

import pytest

from tests import backends


def test_an_engine_that_does_not_answer_leaves_no_open_socket_to_a_later_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX) as nobody:
        nobody.bind(str(tmp_path / "engine.sock"))
    for name in ("LEARNWIRE_TEST_KAFKA", "LEARNWIRE_TEST_MONGO", "LEARNWIRE_TEST_BACKEND"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path / 'engine.sock'}")

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        choice = backends.choose()
        gc.collect()

    assert (choice, [str(warning.message) for warning in told]) == (
        backends.Choice("local", "local runtime (no container engine answers)"),
        [],
    )
