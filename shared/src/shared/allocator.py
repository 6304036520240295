"""glibc's memory: one pool for all threads, so that what one has freed another uses again."""

import ctypes
from contextlib import suppress

M_ARENA_MAX = -8
"""`mallopt(3)`; from `malloc.h` of glibc."""


def keep_one_arena() -> None:
    """Ask for one arena, before there are threads; where the C library is another, nothing happens.

    The driver's threads build and read megabytes of BSON under Python's lock, one at a time, yet each would keep what it
    has freed: of 223 MiB of action-logger over a backlog that was a tenth, and took no time (bench.backlog, 2026-11-22).
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)
