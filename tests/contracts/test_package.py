"""The package as a publisher installs it: Pydantic alone, quickly imported, examples and schemas inside."""

import subprocess
import sys
from importlib.metadata import requires, version
from importlib.resources import files

import contracts
from contracts import asyncapi, catalog

FASTEST_OF = 5


def run(code: str, *options: str) -> str:
    done = subprocess.run(
        [sys.executable, *options, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


def test_importing_it_takes_less_than_200_milliseconds():
    # Of the processor: what other processes take of it meanwhile is none of the package's doing.
    code = "import time; began = time.process_time(); import contracts; print(time.process_time() - began)"
    assert min(float(run(code)) for _ in range(FASTEST_OF)) < 0.2


def test_an_event_is_imported_without_the_others():
    code = "import contracts, sys; contracts.LearnerChanged; print(*sorted(name for name in sys.modules if name.startswith('contracts.')))"
    assert run(code).split() == ["contracts.event", "contracts.learners", "contracts.topics", "contracts.types"]


def test_it_needs_pydantic_alone():
    assert [each.split(">")[0] for each in requires("learnwire-contracts") or () if "extra" not in each] == ["pydantic"]
    code = (
        "import importlib, pkgutil, contracts, sys\n"
        "known = set(sys.modules) | set(sys.stdlib_module_names)\n"
        "import pydantic\n"
        "known |= {name.split('.')[0] for name in sys.modules}\n"
        "for each in pkgutil.walk_packages(contracts.__path__, 'contracts.'):\n"
        "    if each.name not in ('contracts.publisher', 'contracts.export'): importlib.import_module(each.name)\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules} - known - {'contracts', '__mp_main__'}))"
    )
    others = {name for name in run(code).split() if not name.startswith("_")}
    assert others <= {"pydantic_core", "typing_extensions", "annotated_types", "typing_inspection"}


def test_every_exported_name_is_there():
    assert [name for name in dir(contracts) if not hasattr(contracts, name)] == []
    assert {event.__name__ for event in catalog.EVENTS.values()} <= set(dir(contracts))
    assert not hasattr(contracts, "LearnerPromoted")


def test_the_package_says_its_version_once():
    assert version("learnwire-contracts") == asyncapi.VERSION


def test_what_other_languages_need_is_inside():
    inside = files("contracts")
    assert all((inside / name).is_file() for name in ("py.typed", "schemas/asyncapi.yaml", "schemas/envelope.json"))
