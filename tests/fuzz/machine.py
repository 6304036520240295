"""What a run needs besides: a seed that is printed, and how much memory a process holds."""

import os
import random
from pathlib import Path

from tests.world import Process

MIB = 1024 * 1024


USUAL = 20_261_122
"""Of the short forms: `make test` judges a change, and asks the same before and after it. `make fuzz` looks for more."""


def chosen_seed(usual: int | None = None) -> int:
    """FUZZ_SEED, else the usual one, else a new one; printed, so that a run can be repeated."""
    given = os.environ.get("FUZZ_SEED") or usual
    seed = random.SystemRandom().randrange(2**32) if given is None else int(given)
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
