"""Programs that end with the process that started them, however it ends."""

import contextlib
import os
import random
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

KEEPER = Path(__file__).with_name("keeper.py")
START_SECONDS = 120.0
STOP_SECONDS = 30.0
RESERVED_AT_ONCE = 64
"""As many ports as one process may have chosen and not be listening on yet."""


class StartError(Exception):
    """A program did not come up; says why, from its log, and what helps."""


def say(line: str) -> None:
    """Tell the person at the terminal how far things are."""
    print(line, file=sys.stderr, flush=True)


def free_port() -> int:
    """A free port below the range of outgoing connections, so that nobody takes it between a kill and a restart.

    Nobody else on this machine is given it before somebody listens there: until then a name in the kernel's table of
    abstract sockets says that it is taken, and goes with this process.
    """
    while True:
        port = random.randint(15000, 31999)  # noqa: S311 - no secret
        taken = socket.socket(socket.AF_UNIX)
        try:
            taken.bind(f"\0learnwire-port-{port}")
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            taken.close()
            continue
        _reserved.append(taken.detach())
        if len(_reserved) > RESERVED_AT_ONCE:
            os.close(_reserved.popleft())
        return port


_reserved: deque[int] = deque()
"""Descriptors, and no sockets: these would complain at the end of the process that nobody has closed them."""


@dataclass(slots=True)
class Process:
    """A running program: its own process id, and the keeper that watches over it."""

    name: str
    pid: int
    log: Path
    keeper: "subprocess.Popen[bytes]" = field(repr=False)

    @property
    def alive(self) -> bool:
        return self.keeper.poll() is None

    def ask_to_end(self) -> None:
        """SIGTERM, without waiting."""
        self._order(b"T")

    def stop(self, seconds: float = STOP_SECONDS) -> int:
        """Ask it to end (SIGTERM), kill it when it takes too long; its exit code, 128 + signal for a killed one."""
        self.ask_to_end()
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(seconds)
        return self.kill()

    def kill(self) -> int:
        """End it at once (SIGKILL), as a crash would."""
        self._order(b"K")
        return self.wait(STOP_SECONDS)

    def wait(self, seconds: float | None = None) -> int:
        """Wait for its end; its exit code."""
        code = self.keeper.wait(seconds)
        if self.keeper.stdin is not None:
            self.keeper.stdin.close()
        return code

    def _order(self, letter: bytes) -> None:
        orders = self.keeper.stdin
        if orders is not None and self.alive:
            with contextlib.suppress(BrokenPipeError):
                orders.write(letter)


def spawn(
    name: str, arguments: Sequence[str], log: Path, *, env: Mapping[str, str] | None = None, remove: Path | None = None
) -> Process:
    """Start a program whose output goes to `log`; `remove` goes when the owner is killed and can't do it itself."""
    read, write = os.pipe()
    command = [sys.executable, "-I", "-S", str(KEEPER), str(os.getpid()), str(write), str(remove or ""), *arguments]
    try:
        with log.open("ab") as output:
            keeper = subprocess.Popen(
                command,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=(write,),
                env=env,
                start_new_session=True,
            )
    finally:
        os.close(write)
    with os.fdopen(read) as report:
        line = report.readline()
    if not line:
        keeper.communicate()
        raise StartError(f"{name} could not be started.\n{tail(log)}")
    return Process(name, int(line), log, keeper)


def wait_until(ready: Callable[[], bool], process: Process, seconds: float = START_SECONDS) -> float:
    """Wait until a program answers; how long it took."""
    began = time.monotonic()
    while not ready():
        if not process.alive:
            raise StartError(f"{process.name} ended with code {process.wait()} while starting.\n{tail(process.log)}")
        if time.monotonic() - began > seconds:
            process.kill()
            raise StartError(f"{process.name} did not answer within {seconds:.0f} s.\n{tail(process.log)}")
        time.sleep(0.05)
    return time.monotonic() - began


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, indented, for an error message."""
    text = log.read_text(errors="replace").splitlines()[-lines:]
    return "\n".join(f"  {log.name}: {line[:500]}" for line in text)
