"""Memory that one thread has freed is there for the others: `malloc_info(3)` says how many pools there are."""

import subprocess
import sys

import pytest

POOLS = """
import ctypes, threading
from shared.allocator import keep_one_arena
{before}
libc = ctypes.CDLL(None)
libc.malloc.argtypes, libc.malloc.restype = [ctypes.c_size_t], ctypes.c_void_p
together = threading.Barrier(4)
def take():
    together.wait()
    libc.malloc(50_000)
    together.wait()
threads = [threading.Thread(target=take) for _ in range(4)]
[each.start() for each in threads]
[each.join() for each in threads]
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""


def pools(before: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", POOLS.format(before=before)], capture_output=True, text=True, check=True
    )
    return done.stdout.count("<heap nr=")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's")
def test_all_threads_of_a_service_share_one_pool_of_memory() -> None:
    assert pools("keep_one_arena()") == 1
    assert pools("") > 1
