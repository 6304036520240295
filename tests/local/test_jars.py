"""Kafka's jars: pinned, checked, and not asked for again once they are there."""

import hashlib
from pathlib import Path

import pytest

from learnwire_local import StartError, jars

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own, and no way to the network."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, NOWHERE)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    return tmp_path / "learnwire"


@pytest.fixture
def one_jar(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lock of one jar that is in the cache already."""
    lock = tmp_path / "kafka.lock"
    lock.write_text(f"org.example:letters:1.0 {hashlib.sha256(b'letters').hexdigest()}\n")
    monkeypatch.setattr(jars, "LOCK", lock)
    jar = cache / "maven/org/example/letters/1.0/letters-1.0.jar"
    jar.parent.mkdir(parents=True)
    jar.write_bytes(b"letters")
    return jar


def test_every_jar_is_pinned_with_its_hash_and_clients_have_the_brokers_version() -> None:
    versions = {coordinates.rpartition(":")[0]: coordinates.rpartition(":")[2] for coordinates, _ in jars.pinned()}

    assert {len(sha256) for _, sha256 in jars.pinned()} == {64}
    assert versions["org.apache.kafka:kafka_2.13"] == jars.KAFKA_VERSION
    assert versions["org.apache.kafka:kafka-clients"] == jars.KAFKA_VERSION


def test_jars_that_are_there_need_no_network(one_jar: Path) -> None:
    told: list[str] = []

    assert [jars.kafka_jars(told.append), jars.kafka_jars(told.append)] == [[str(one_jar)]] * 2
    assert told == ["kafka: downloading Apache Kafka 4.1.0 (about 60 MB, once)"]


def test_without_a_network_the_first_start_says_what_it_needs(one_jar: Path) -> None:
    one_jar.unlink()

    with pytest.raises(StartError, match=r"(?s)could not be downloaded \(org.example:letters:1.0\).*HTTPS_PROXY"):
        jars.kafka_jars(print)


def test_half_a_jar_is_not_taken(one_jar: Path) -> None:
    one_jar.write_bytes(b"lett")

    with pytest.raises(StartError, match="could not be downloaded"):  # it tried to fetch it again
        jars.kafka_jars(print)
    assert not one_jar.exists()
