"""Kafka values and headers made by a fuzzer that looks which lines they reach (atheris, libFuzzer)."""

import os
import re
import subprocess
import sysconfig
from pathlib import Path

import pytest

from bench.environments import InstallError, python_of
from contracts import catalog, encode
from contracts.wire import decode
from tests.contracts.test_random_records import VALID
from tests.fuzz.machine import cases, chosen_seed

RUNS = cases(10_000) * 20
LONGEST = 4_096
MOST_MIB = 1_024
"""Instrumented code and the corpus included."""
ROOT = Path(__file__).parents[2]


def a_corpus(folder: Path) -> Path:
    """Every good example as it lies in the package, and as it is published, headers included."""
    folder.mkdir()
    for number, value in enumerate(VALID):
        (folder / f"{number}").write_bytes(value)
        record = encode(decode(value, [], reads=catalog.EVENTS))  # pyright: ignore[reportArgumentType]  each is known
        headers = b"\n".join(name.encode() + b"=" + content for name, content in record.headers)
        (folder / f"{number}-published").write_bytes(record.value + b"\n#headers\n" + headers)
    return folder


@pytest.mark.long
def test_values_that_reach_ever_more_lines_find_nothing_wrong(tmp_path: Path) -> None:
    """Installs atheris' environment, where that was not done yet; it shares our packages."""
    seed = chosen_seed()
    try:
        python = python_of("atheris")
    except InstallError as error:
        pytest.skip(f"atheris cannot be had here: {error}")
    ours = [str(ROOT), str(ROOT / "contracts/src"), sysconfig.get_path("purelib")]
    options = [f"-runs={RUNS}", f"-seed={seed % 2**31}", f"-max_len={LONGEST}", f"-rss_limit_mb={MOST_MIB}"]
    options += ["-timeout=10", f"-artifact_prefix={tmp_path}/", "-print_final_stats=1"]
    done = subprocess.run(
        [python, "-m", "tests.fuzz.guided", a_corpus(tmp_path / "corpus"), *options],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(ours)},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    assert re.search(rf"Done {RUNS} runs", done.stderr), done.stderr[-1_000:]
    figures = re.findall(r"stat::(\S+):\s+(\d+)", done.stderr)
    covered = re.findall(r"cov: (\d+)", done.stderr)
    print(dict(figures), f"reached: {covered[0]} at first, {covered[-1]} at the end")  # noqa: T201  the figures of docs/promises.md
