"""Each service's command line says how it is used, on a machine where nothing is set."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.world import SCRIPTS

COMMANDS: dict[str, tuple[str, ...]] = {
    "action-logger": ("verify", "prune"),
    "bulk-tracker": (),
    "go1-stats-processor": ("explain-rules", "rebuild"),
    "salesforce-syncer": ("resync", "proof", "approve-deletes", "dry-run", "accept-org"),
}


def said(*arguments: str, folder: Path) -> tuple[int, str, str]:
    done = subprocess.run(
        [SCRIPTS / arguments[0], *arguments[1:]], env={}, cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("service", COMMANDS)
def test_a_service_names_its_commands(service: str, tmp_path: Path) -> None:
    code, out, err = said(service, "--help", folder=tmp_path)
    usage, settings = out.splitlines()
    choice = f" [{' | '.join(COMMANDS[service])}]" if COMMANDS[service] else ""
    assert (code, usage, err) == (0, f"usage: {service}{choice}", "")
    assert settings == "Without arguments it serves; settings are LEARNWIRE_* variables (.env.example)."


@pytest.mark.parametrize(("service", "command"), [(name, each) for name, some in COMMANDS.items() for each in some])
def test_a_command_says_how_it_is_used_without_any_setting(service: str, command: str, tmp_path: Path) -> None:
    code, out, err = said(service, command, "--help", folder=tmp_path)
    assert (code, err) == (0, "")
    assert re.match(rf"usage: {service} {command} \[-h\]", out)


@pytest.mark.parametrize("service", [name for name, some in COMMANDS.items() if some])
def test_an_argument_that_a_command_does_not_know_is_told_before_any_setting(service: str, tmp_path: Path) -> None:
    command = COMMANDS[service][-1]
    code, out, err = said(service, command, "--no-such", folder=tmp_path)
    assert (code, out) == (2, "")
    assert f"{service} {command}: error: " in err


def test_a_command_with_good_arguments_tells_which_settings_it_lacks(tmp_path: Path) -> None:
    code, out, err = said("action-logger", "verify", folder=tmp_path)
    assert (code, out) == (78, "")
    assert err.startswith("3 problem(s) with the settings (see .env.example):\n")
