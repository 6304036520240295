"""What a run needs besides: a seed that is printed, and how much memory a process holds."""

import os
import random
from pathlib import Path

from tests.world import Process

MIB = 1024 * 1024


def chosen_seed() -> int:
    """FUZZ_SEED, else a new one; printed, so that a run can be repeated."""
    given = os.environ.get("FUZZ_SEED")
    seed = int(given) if given else random.SystemRandom().randrange(2**32)
    print(f"FUZZ_SEED={seed}")  # noqa: T201  for the person who has to repeat it
    return seed


def cases(usual: int) -> int:
    """How many the long forms try: FUZZ_CASES, else the usual number."""
    return int(os.environ.get("FUZZ_CASES", usual))


def resident(process: Process) -> int:
    """Bytes of memory that a process holds now."""
    assert process.popen is not None
    pages = int(Path(f"/proc/{process.popen.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE")
