"""Settings: one list, one example file, the names of the specification."""

import subprocess
import sys
from pathlib import Path

from shared.known_settings import KNOWN

ROOT = Path(__file__).parents[2]


def made() -> "tuple[str, set[str]]":
    code = "import sys; sys.path.insert(0, 'ops'); import env_example as e; print('\\n'.join(sorted(e.names()))); print('----'); print(e.text(), end='')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    names, _, text = done.stdout.partition("----\n")
    return text, set(names.split())


def test_the_example_file_is_what_the_settings_say() -> None:
    text, _ = made()
    assert (ROOT / ".env.example").read_text("utf-8") == text


def test_the_known_names_are_those_of_the_settings() -> None:
    _, names = made()
    assert KNOWN - {"LEARNWIRE_TEST_KAFKA", "LEARNWIRE_TEST_MONGO"} == names
