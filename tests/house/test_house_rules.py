"""The rules of the house that no linter knows."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for folder in ("contracts", "shared", "services", "ops", "bench", "tests")
    for path in (ROOT / folder).rglob("*.py")
    if "node_modules" not in path.parts and ".venv" not in path.parts
)
SERVICE_SOURCES = [path for path in SOURCES if path.relative_to(ROOT).parts[0] in {"shared", "services"}]
IRREGULAR = {
    "lost",
    "sent",
    "caught",
    "held",
    "found",
    "begun",
    "shut",
    "left",
    "gone",
    "put",
    "kept",
    "known",
    "conflict",
}
LEVELS = {"debug", "info", "warning", "error", "exception"}
GIVEN = ("service.stopped",)


def logged_events(path: Path) -> Iterator[tuple[str, str, set[str]]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="log"), attr=level),
                args=[ast.Constant(value=str(event)), *_],
                keywords=keywords,
            ) if level in LEVELS:
                yield level, event, {each.arg or "**" for each in keywords}
            case _:
                pass


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_fits_in_one_reading(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 300


@pytest.mark.parametrize("path", SERVICE_SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_log_line_has_a_dotted_name_in_the_past_tense_and_a_next_step_where_something_is_wrong(path: Path) -> None:
    for level, event, keys in logged_events(path):
        assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", event), event
        verb = event.rpartition(".")[2].rpartition("_")[2]
        assert verb.endswith("ed") or verb in IRREGULAR, event
        if level in {"warning", "error", "exception"} and event != "faststream.logged":
            assert keys & {"next_step", "**"}, event


def test_on_call_can_look_up_every_log_event() -> None:
    catalogue = set(re.findall(r"^\| `([a-z_.]+)`", (ROOT / "docs/log-events.md").read_text("utf-8"), re.MULTILINE))
    logged = {event for path in SERVICE_SOURCES for _, event, _ in logged_events(path)}
    assert catalogue == logged | {"library.logged"}


def test_nothing_committed_names_a_registry_or_this_machine() -> None:
    words = [
        "py" + "pi.org",
        "python" + "hosted",
        "registry." + "npmjs",
        "repo1." + "maven",
        "deb." + "debian",
        "/wo" + "rk/",
        "/ro" + "ot/",
    ]
    found = subprocess.run(
        ["git", "grep", "-lIE", "|".join(re.escape(each) for each in words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout.split() == []


def test_no_member_carries_a_lock_with_download_addresses() -> None:
    assert [str(each) for each in ROOT.glob("*.lock")] == []
    for each in (ROOT / "requirements").glob("*.txt"):
        text = each.read_text("utf-8")
        assert "://" not in text
        assert "--hash=sha256:" in text
