"""Keeps one program and ends it with its owner: `python -I -S keeper.py OWNER REPORT REMOVE PROGRAM ARGUMENT…`.

A process of its own, because only that survives every end of the owner: two things tell it that the owner is gone, the end
of the pipe on its standard input and the owner's pidfd (a fork of the owner may still hold the pipe), and the program asks
the kernel to be killed with the keeper's only thread. It lives in a session of its own, so Ctrl-C reaches the owner alone,
who decides. Letters on standard input are orders: `T` asks the program to end (SIGTERM), `K` kills it. Standard library
only and no site packages: it starts in 20 ms.
"""

import contextlib
import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys

PR_SET_PDEATHSIG = 1
ORDERS = {b"T": signal.SIGTERM, b"K": signal.SIGKILL}


def end_with_keeper(keeper: int) -> None:
    libc = ctypes.CDLL(None)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL) != 0 or os.getppid() != keeper:
        os._exit(1)


def watch(program: "subprocess.Popen[bytes]", owner: int) -> bool:
    """Carry out orders until the program has ended (False) or its owner has (True)."""
    watched = select.poll()
    watched.register(0, select.POLLIN)
    watched.register(owner, select.POLLIN)
    watched.register(ended := os.pidfd_open(program.pid), select.POLLIN)
    while True:
        ready = {descriptor for descriptor, _ in watched.poll()}
        if ended in ready:
            return False
        if owner in ready or not (order := os.read(0, 1)):
            return True
        program.send_signal(ORDERS[order])


def main(owner_id: int, report: int, remove: str, arguments: list[str]) -> int:
    keeper = os.getpid()
    try:
        owner = os.pidfd_open(owner_id)
    except ProcessLookupError:
        return 0
    if os.getppid() != owner_id:
        return 0
    # preexec_fn is safe here: the keeper has one thread only.
    program = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, preexec_fn=lambda: end_with_keeper(keeper))  # noqa: PLW1509 - see above
    os.write(report, f"{program.pid}\n".encode())
    os.close(report)
    orphaned = watch(program, owner)
    if orphaned:
        program.kill()
    code = program.wait()
    if orphaned and remove:
        shutil.rmtree(remove, ignore_errors=True)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(ignored, signal.SIG_IGN)
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:]))
