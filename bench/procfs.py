"""What Linux tells of a process: its CPU time, its memory, its open files."""

import os
from pathlib import Path


def cpu_seconds(pid: int) -> float:
    """CPU time so far; of one that has ended and was not waited for, all of it."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    """Memory that it holds now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


def open_files(pid: int) -> int:
    """Files and sockets that it holds open now."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
