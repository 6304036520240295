"""A disk of its own for one server, in memory: it can be made as good as full, and larger again, while it is in use."""

import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

MIB = 1024 * 1024
PAGE = 4096
TRIES = 20
"""Its user writes on while the size is worked out."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A tmpfs at `folder`, of `size` bytes while there is room."""

    folder: Path
    size: int

    def used(self) -> int:
        found = os.statvfs(self.folder)
        return (found.f_blocks - found.f_bfree) * found.f_frsize

    def left(self) -> int:
        found = os.statvfs(self.folder)
        return found.f_bfree * found.f_frsize

    def shrink(self, *, left: int) -> None:
        """Leave so many bytes free, and no more."""
        said = ""
        for _ in range(TRIES):
            done = _mount("-o", f"remount,size={-(-(self.used() + left) // PAGE) * PAGE}", str(self.folder))
            if done.returncode == 0:
                return
            said = done.stderr
        raise AssertionError(f"the disk could not be made smaller: {said}")

    def grow(self) -> None:
        """Make room again."""
        done = _mount("-o", f"remount,size={self.size}", str(self.folder))
        assert done.returncode == 0, done.stderr


@contextmanager
def a_disk(folder: Path, *, size: int) -> Generator[Disk]:
    """Mount one; the test is skipped where this process may not."""
    folder.mkdir()
    done = _mount("-t", "tmpfs", "-o", f"size={size}", "learnwire-chaos", str(folder))
    if done.returncode != 0:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    try:
        yield Disk(folder, size)
    finally:
        # Lazily: what a server that was killed this moment still holds must not keep the test.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _mount(*arguments: str) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    except OSError as error:
        return subprocess.CompletedProcess(arguments, 1, "", str(error))
