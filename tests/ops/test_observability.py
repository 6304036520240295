"""Rules, dashboards and runbook say nothing of numbers that the code does not count."""

import importlib
import importlib.util
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "ops/observability/prometheus"
GRAFANA = ROOT / "ops/observability/grafana"
RUNBOOK = ROOT / "docs/runbook"
OF_ALL_TARGETS = {"job", "instance", "le"}
OF_THE_CLIENT = {"up", "process_start_time_seconds", "process_resident_memory_bytes", "process_cpu_seconds_total"}
SECTIONS = ["Means", "Costs", "Look first", "Mend", "Can it wait until morning?"]


def rules() -> list[dict[str, Any]]:
    return yaml.safe_load((PROMETHEUS / "rules/learnwire.yml").read_text())["groups"][0]["rules"]


def panels() -> Iterator[tuple[str, str]]:
    for file in sorted((GRAFANA / "dashboards").glob("*.json")):
        for panel in json.loads(file.read_text())["panels"]:
            for target in panel["targets"]:
                yield f"{file.stem}: {panel['title']}", target["expr"]


def counted() -> dict[str, set[str]]:
    """Names as Prometheus sees them, with their labels."""
    for package in ("action_logger", "bulk_tracker", "go1_stats_processor", "salesforce_syncer", "shared"):
        importlib.import_module(f"{package}.metrics")
    registry: Any = REGISTRY
    collectors: dict[str, Any] = registry._names_to_collectors  # noqa: SLF001  no public way tells labels without samples
    return {name: set(getattr(metric, "_labelnames", ())) for name, metric in collectors.items()}


def test_every_number_in_rules_and_dashboards_is_counted_with_these_labels() -> None:
    known = counted()
    wrong: list[str] = []
    for where, expr in [*((each["alert"], each["expr"]) for each in rules()), *panels()]:
        for name, selector in re.findall(r"\b(learnwire_\w+|up|process_\w+)\b(?:\{([^}]*)\})?", expr):
            if name not in known and name not in OF_THE_CLIENT:
                wrong.append(f"{where}: {name} is not counted")
            labels = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector))
            wrong += [
                f"{where}: {name} has no label {each}" for each in labels - known.get(name, set()) - OF_ALL_TARGETS
            ]
    assert wrong == []


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    index = (ROOT / "docs/runbook.md").read_text()
    named = {each["alert"]: each["annotations"]["runbook_url"] for each in rules()}
    assert named == {name: f"docs/runbook/{name}.md" for name in named}
    assert {each.stem for each in RUNBOOK.glob("*.md")} == set(named)
    for each in rules():
        page = (RUNBOOK / f"{each['alert']}.md").read_text()
        assert re.findall(r"^## (.+)$", page, re.MULTILINE) == SECTIONS, each["alert"]
        assert re.search(r"```sh\n.+\n```\n\nHealthy:\n\n```text\n.+\n```", page, re.DOTALL), each["alert"]
        assert f"**Severity** {each['labels']['severity']}" in page, each["alert"]
        assert f"[{each['alert']}](runbook/{each['alert']}.md)" in index, each["alert"]


def test_dashboards_are_what_their_script_writes() -> None:
    spec = importlib.util.spec_from_file_location("make_dashboards", GRAFANA / "make_dashboards.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    written = {each.name: each.read_text() for each in (GRAFANA / "dashboards").glob("*.json")}
    assert written == script.files(), "run: python ops/observability/grafana/make_dashboards.py"


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "config", "prometheus.yml"],
        ["check", "rules", "rules/learnwire.yml"],
        ["test", "rules", "rules_test.yml"],
    ],
    ids=["config", "rules", "what the rules say"],
)
def test_promtool_is_content(arguments: list[str]) -> None:
    promtool()
    done = subprocess.run(["promtool", *arguments], cwd=PROMETHEUS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_query_of_a_dashboard_is_one(tmp_path: Path) -> None:
    promtool()
    recorded = [
        {"record": f"q{at}", "expr": expr.replace("$job", "action-logger")} for at, (_, expr) in enumerate(panels())
    ]
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboards", "rules": recorded}]}))
    done = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(recorded) > 40


def promtool() -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not here; on Debian and Ubuntu: apt-get install prometheus")
