"""Places where a test can end the process at once, as a power cut would: before and after every step that others see.

A step is a write to MongoDB, a publication or a commit to Kafka, a call of Salesforce, a mail. Writes are noticed by the
driver's own monitoring, so no collection can be forgotten; `tests/chaos/test_steps.py` aborts at each.

Off, and costs a comparison with None, unless LEARNWIRE_DEVELOPMENT is on and one of these variables is set:
`FAILPOINT=name` or `name#3` (end there, the third time) and `FAILPOINTS_SEEN=file` (write down each name once).
"""

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

EXIT = 86
"""The exit code of a process that a failpoint has ended."""


class Armed:
    """What a test wants: an end at one place, or the names of all."""

    def __init__(self, target: str | None, seen: Path | None) -> None:
        name, _, number = (target or "").partition("#")
        self._target = name or None
        self._number = int(number or 1)
        self._passed: Counter[str] = Counter()
        self._seen = seen

    def reach(self, name: str) -> None:
        """End here if it is here."""
        self._passed[name] += 1
        if self._seen is not None and self._passed[name] == 1:
            with self._seen.open("a") as file:
                file.write(f"{name}\n")
        if name == self._target and self._passed[name] == self._number:
            os._exit(EXIT)


def armed_by(environment: Mapping[str, str]) -> Armed | None:
    """Return what the environment asks for; None outside development."""
    if environment.get("LEARNWIRE_DEVELOPMENT", "").lower() not in {"1", "true", "yes", "on"}:
        return None
    target, seen = environment.get("FAILPOINT"), environment.get("FAILPOINTS_SEEN")
    return Armed(target, Path(seen) if seen else None) if target or seen else None


ARMED = armed_by(os.environ)


def reach(name: str) -> None:
    """Say that a step begins (`… before`) or is over (`… after`)."""
    if ARMED is not None:
        ARMED.reach(name)
