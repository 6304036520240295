"""What the command says of options that make no sense: what is wrong, all of it, before anything listens."""

import sys
from pathlib import Path

import pytest

from salesforce_standin import app


@pytest.fixture
def secret(tmp_path: Path) -> str:
    (tmp_path / "secret").write_text("s")
    return str(tmp_path / "secret")


def complaint(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    with pytest.raises(SystemExit) as ended:
        app.parse(["--client-id", "x", *options])
    assert ended.value.code == 2
    return capsys.readouterr().err.splitlines()[-1].partition("error: ")[2]


def test_all_that_is_wrong_with_the_options_is_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    told = complaint(capsys, "--client-secret-file", "/nowhere/secret", "--port", "99999", "--page-size", "0")
    assert told == (
        "--client-secret-file: there is no file /nowhere/secret; --port: 99999 is no port; "
        "--page-size: 1 to 2000, as Salesforce has it"
    )


def test_somebody_must_be_able_to_log_in(capsys: pytest.CaptureFixture[str]) -> None:
    assert complaint(capsys) == "nobody could log in: give --client-secret-file, --public-key-file, or both"


def test_a_state_file_needs_its_folder(capsys: pytest.CaptureFixture[str], secret: str) -> None:
    told = complaint(capsys, "--client-secret-file", secret, "--state", "/nowhere/state.db")
    assert told == "--state: there is no folder /nowhere"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--namespace", "a__b"), "a__b is no namespace: up to 15 letters, digits and single underscores"),
        (("--project", "{folder}"), "{folder}: no metadata here"),
    ],
)
def test_what_only_building_finds_is_a_sentence_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, secret: str, options: tuple[str, ...], told: str
) -> None:
    given = [each.format(folder=tmp_path) for each in options]
    monkeypatch.setattr(sys, "argv", ["salesforce-standin", "--client-id", "x", "--client-secret-file", secret, *given])
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert ended.value.code == f"salesforce-standin: {told.format(folder=tmp_path)}"
