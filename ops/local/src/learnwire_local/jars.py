"""Apache Kafka's jars: pinned with their hashes in `kafka.lock`, downloaded once, found again without the network.

The lock is what jgo resolves for Kafka with slf4j-simple. Log4j's binding would do for the logs too, but its parent manages
kafka-clients down to 3.9. Downloading 43 pinned files takes seconds where resolving takes minutes: Maven repositories slow
those down who ask for hundreds of descriptions.
"""

import fcntl
import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from learnwire_local.processes import StartError, say

KAFKA_VERSION = "4.1.0"
LOCK = Path(__file__).with_name("kafka.lock")
AT_ONCE = 6
TIMEOUT_SECONDS = 30


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
        jars = download()
        fresh = known.with_suffix(".new")
        fresh.write_text("\n".join(jars) + "\n")
        fresh.replace(known)
        return jars


def pinned() -> list[tuple[str, str]]:
    """Coordinates and SHA-256 of each jar."""
    lines = LOCK.read_text().splitlines()
    return [(coordinates, sha256) for coordinates, _, sha256 in (line.partition(" ") for line in lines)]


def download() -> list[str]:
    """All jars, checked. One that an interrupted download left half is fetched again."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(_one, *zip(*pinned(), strict=True)))


def _complete(known: Path) -> list[str]:
    if not known.exists():
        return []
    jars = known.read_text().split("\n")[:-1]
    return jars if all(map(os.path.exists, jars)) else []


def _one(coordinates: str, sha256: str) -> str:
    for _ in range(2):
        path = _resolve(coordinates)
        if hashlib.sha256(path.read_bytes()).hexdigest() == sha256:
            return str(path)
        path.unlink()
    raise StartError(f"What the Maven repository gives as {coordinates} is not what {LOCK.name} names; do not use it")


def _resolve(coordinates: str) -> Path:
    # Imported here: jgo takes half a second, and later starts need nothing of it.
    from jgo.config import GlobalSettings  # noqa: PLC0415
    from jgo.maven import MavenContext  # noqa: PLC0415

    group, artifact, version = coordinates.split(":")
    maven = MavenContext(
        repo_cache=cache_directory() / "maven",
        remote_repos=GlobalSettings.load().repositories or None,
        timeout=TIMEOUT_SECONDS,
    )
    try:
        return maven.project(group, artifact).at_version(version).artifact().resolve()
    except (OSError, RuntimeError) as error:
        raise StartError(
            f"Apache Kafka could not be downloaded ({coordinates}): the first start needs a Maven repository.\n"
            "  Behind a proxy set HTTPS_PROXY; a mirror is named under [repositories] of jgo's settings (~/.config/jgo.conf).\n"
            f"  {type(error).__name__}: {str(error)[:300]}"
        ) from error
