"""Environments of the peers: made on demand under `build/bench`, from pinned requirements, each apart from all others."""

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
REQUIREMENTS = Path(__file__).parent / "requirements"
NAMES = ("quixstreams", "faust", "arroyo", "pandas", "plots", "atheris")


class InstallError(Exception):
    """A peer's environment could not be made; says why."""


def python_of(name: str) -> Path:
    """Return the interpreter of an environment, which is made or renewed if need be."""
    requirements = REQUIREMENTS / f"{name}.txt"
    folder = REPOSITORY / "build/bench" / name
    python, stamp = folder / "bin/python", folder / "made-from"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    print(f"bench: environment of {name} in {folder.relative_to(REPOSITORY)}", flush=True)
    venv.create(folder, clear=True, with_pip=False)
    done = subprocess.run(
        [_uv(), "pip", "install", "-q", "--python", python, "--require-hashes", "-r", requirements],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise InstallError((done.stderr.strip().splitlines() or ["unknown reason"])[-1][:200])
    stamp.write_text(wanted)
    return python


def lock() -> None:
    """Pin anew, with hashes and without download addresses."""
    for name in NAMES:
        options = ["--universal", "--generate-hashes", "--no-header", "--python-version", "3.11"]
        command = [_uv(), "pip", "compile", "-q", *options, f"{name}.in", "-o", f"{name}.txt"]
        subprocess.run(command, cwd=REQUIREMENTS, check=True)


def version_of(python: Path, package: str) -> str:
    """Return the version of a package in an environment."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def _uv() -> str:
    return str(Path(sys.executable).parent / "uv")


if __name__ == "__main__":
    lock()
