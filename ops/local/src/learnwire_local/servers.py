"""What Kafka and MongoDB have in common here: a directory, a fixed port, and a life of stops, kills and restarts."""

import shutil
import tempfile
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from learnwire_local.processes import Process, StartError, say, spawn, wait_until

PACKAGES = {
    "libcurl.so.4": "libcurl4",
    "libssl.so.3": "libssl3",
    "libcrypto.so.3": "libssl3",
    "liblzma.so.5": "liblzma5",
    "libgcc_s.so.1": "libgcc-s1",
}


class Server(ABC):
    """A server program on 127.0.0.1; keeps its port and its data over `stop`, `kill` and `restart`.

    Without a directory, or with one that is `throwaway`, the data go when it is closed or its owner ends, however.
    """

    def __init__(
        self, name: str, directory: Path | None, *, throwaway: bool, tell: Callable[[str], None] = say
    ) -> None:
        self.name = name
        self.tell = tell
        self.temporary = throwaway or directory is None
        self.directory = directory or Path(tempfile.mkdtemp(prefix=f"learnwire-{name}-"))
        self.directory.mkdir(parents=True, exist_ok=True)
        self.log = self.directory / f"{name}.log"
        self.process: Process | None = None
        self._tidy = weakref.finalize(self, shutil.rmtree, self.directory, ignore_errors=True)
        self._tidy.atexit = self.temporary
        if not self.temporary:
            self._tidy.detach()

    @property
    def pid(self) -> int:
        """The server's own process id (not its keeper's)."""
        if self.process is None:
            raise StartError(f"{self.name} has not been started")
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.alive

    @abstractmethod
    def arguments(self) -> Sequence[str]:
        """Return the command line that starts it."""

    @abstractmethod
    def answers(self) -> bool:
        """Tell whether it can be used by now."""

    def start(self) -> None:
        """Start it (again) and wait until it can be used."""
        if self.alive:
            return
        remove = self.directory if self.temporary else None
        self.process = spawn(self.name, self.arguments(), self.log, remove=remove)
        try:
            seconds = wait_until(self.answers, self.process)
        except StartError as failure:
            raise StartError(f"{failure}{missing(str(failure))}") from None
        self.tell(f"{self.name}: ready after {seconds:.1f} s")

    def stop(self) -> None:
        """Shut it down in order; the data stay."""
        if self.process is not None:
            self.process.stop()

    def kill(self) -> None:
        """Crash it (kill -9); the data stay."""
        if self.process is not None:
            self.process.kill()

    def restart(self) -> None:
        """The same port, the same data; stops it first when it still runs."""
        self.stop()
        self.start()

    def close(self) -> None:
        """End it for good and remove a temporary directory; nobody reads these data again, so no shutdown in order."""
        if self.temporary:
            self.kill()
        else:
            self.stop()
        self._tidy()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def missing(text: str) -> str:
    """What to install, when the loader names a library that isn't there."""
    for library, package in PACKAGES.items():
        if f"{library}: cannot open shared object file" in text:
            return f"\n{library} is missing. On Debian and Ubuntu: apt-get install {package}"
    if "GLIBC_" in text or "No such file or directory: " in text:
        return "\nThis needs Linux x86-64 with glibc 2.35 or later (Debian 12, Ubuntu 22.04 and later)."
    return ""
