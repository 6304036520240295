"""Apache Kafka's jars: resolved once, found again without the network."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from learnwire_local.processes import StartError, say

KAFKA_VERSION = "4.1.0"
# slf4j-simple rather than Log4j's binding: that one's parent would manage kafka-clients down to 3.9.
COORDINATES = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}+org.slf4j:slf4j-simple:1.7.36"


def cache_directory() -> Path:
    """Where downloads stay between runs."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    directory = base / "learnwire"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def kafka_jars(tell: Callable[[str], None] = say) -> list[str]:
    """Paths of the jars; downloads them when one is missing, one process at a time."""
    known = cache_directory() / f"kafka-{KAFKA_VERSION}.jars"
    if jars := _complete(known):
        return jars
    with known.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if jars := _complete(known):
            return jars
        tell(f"kafka: downloading Apache Kafka {KAFKA_VERSION} (about 60 MB, once)")
        jars = _resolve()
        fresh = known.with_suffix(".new")
        fresh.write_text("\n".join(jars) + "\n")
        fresh.replace(known)
        return jars


def _complete(known: Path) -> list[str]:
    if not known.exists():
        return []
    jars = known.read_text().split("\n")[:-1]
    return jars if all(map(os.path.exists, jars)) else []


def _resolve() -> list[str]:
    # `jgo info` is the command that fetches and lists without starting anything.
    command = [sys.executable, "-m", "jgo", "info", "jars", COORDINATES]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"COLUMNS": "4000"})
    jars = [line.strip() for line in answer.stdout.splitlines() if line.strip().endswith(".jar")]
    if answer.returncode != 0 or not any("kafka_2.13" in jar for jar in jars):
        raise StartError(
            "Apache Kafka's jars could not be had: the first start needs a Maven repository.\n"
            "  Behind a proxy set HTTPS_PROXY; jgo reads mirrors from ~/.config/jgo.conf.\n"
            f"{(answer.stderr or answer.stdout)[-1500:]}"
        )
    return jars
