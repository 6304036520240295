"""Writes the dashboards: `python ops/observability/grafana/make_dashboards.py`. A test compares the files with this.

JSON of dashboards is not for people to write or review; which number is shown where, is.
"""

import json
from pathlib import Path
from typing import Any

COLUMNS = 24
"""Of Grafana's grid."""
FOLDER = Path(__file__).parent / "dashboards"
SOURCE = {"type": "prometheus", "uid": "prometheus"}
ALL = 'job=~"salesforce-syncer|go1-stats-processor|action-logger|bulk-tracker"'
HERE = 'job="$job"'


def shown(
    kind: str, title: str, *queries: tuple[str, str], unit: str = "short", red_from: float | None = None
) -> dict[str, Any]:
    """A panel; each query with its legend. `red_from`: the number from which it is no longer well."""
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if red_from is not None:
        steps.append({"color": "red", "value": red_from})
    defaults: dict[str, Any] = {
        "unit": unit,
        "min": 0,
        "noValue": "0",
        "thresholds": {"mode": "absolute", "steps": steps},
    }
    return {
        "type": kind,
        "title": title,
        "datasource": SOURCE,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "targets": [
            {"refId": chr(65 + at), "datasource": SOURCE, "expr": expr, "legendFormat": legend}
            for at, (expr, legend) in enumerate(queries)
        ],
    }


def number(title: str, expr: str, *, unit: str = "short", red_from: float | None = None) -> dict[str, Any]:
    return shown("stat", title, (expr, ""), unit=unit, red_from=red_from)


def lines(title: str, *queries: tuple[str, str], unit: str = "short") -> dict[str, Any]:
    return shown("timeseries", title, *queries, unit=unit)


def dashboard(uid: str, title: str, panels: list[dict[str, Any]], *, per_job: bool = False) -> dict[str, Any]:
    """Numbers six to a row, everything else two to a row."""
    placed: list[dict[str, Any]] = []
    x = y = 0
    for number_, panel in enumerate(panels, 1):
        width, height = (4, 4) if panel["type"] == "stat" else (12, 8)
        before = placed[-1]["type"] if placed else panel["type"]
        if x + width > COLUMNS or (before == "stat") != (panel["type"] == "stat"):
            x, y = 0, y + (4 if before == "stat" else 8)
        placed.append({"id": number_, "gridPos": {"x": x, "y": y, "w": width, "h": height}, **panel})
        x += width
    services = ["salesforce-syncer", "go1-stats-processor", "action-logger", "bulk-tracker"]
    job = {
        "name": "job",
        "label": "Service",
        "type": "custom",
        "query": ",".join(services),
        "current": {"text": services[0], "value": services[0]},
        "options": [{"text": each, "value": each, "selected": each == services[0]} for each in services],
    }
    return {
        "uid": uid,
        "title": title,
        "tags": ["learnwire"],
        "timezone": "utc",
        "refresh": "30s",
        "schemaVersion": 39,
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [job] if per_job else []},
        "panels": placed,
        "editable": False,
    }


def quantile(metric: str, where: str, by: str = "job") -> str:
    return f"histogram_quantile(0.95, sum by (le, {by}) (rate({metric}_bucket{{{where}}}[5m])))"


OVERVIEW = dashboard(
    "learnwire-overview",
    "Learnwire: overview",
    [
        number("Services that answer", f"count(sum by (job) (up{{{ALL}}}) > 0)"),
        number("Dependencies down", "count(max by (job, name) (learnwire_dependency_up) == 0)", red_from=1),
        number("Partitions standing still", "sum(learnwire_consumer_open_breakers)", red_from=1),
        number("Records waiting", "sum(learnwire_consumer_lag_records)", red_from=10_000),
        number("Dead letters, 24 h", "sum(increase(learnwire_dead_letters_total[24h]))", red_from=1),
        number("Oldest untold change", "max(learnwire_outbox_oldest_age_seconds)", unit="s", red_from=120),
        lines("Records a second, by service", ("sum by (job) (rate(learnwire_events_total[5m]))", "{{job}}")),
        lines("Records waiting, by service", ("sum by (job) (learnwire_consumer_lag_records)", "{{job}}")),
        lines("From Kafka to written, 95 %", (quantile("learnwire_event_end_to_end_seconds", ""), "{{job}}"), unit="s"),
        lines("Dead letters, by service and reason", ("sum by (job, reason) (increase(learnwire_dead_letters_total[1h]))", "{{job}} {{reason}}")),
        lines("HTTP errors a second", ('sum by (job) (rate(learnwire_http_requests_total{status=~"5.."}[5m]))', "{{job}}")),
        lines("Memory", (f"max by (job) (process_resident_memory_bytes{{{ALL}}})", "{{job}}"), unit="bytes"),
    ],
)  # fmt: skip

SERVICE = dashboard(
    "learnwire-service",
    "Learnwire: a service",
    [
        number("Replicas", f"sum(up{{{HERE}}})"),
        number("Records waiting", f"sum(learnwire_consumer_lag_records{{{HERE}}})", red_from=10_000),
        number("Partitions standing still", f"sum(learnwire_consumer_open_breakers{{{HERE}}})", red_from=1),
        number("Since the last batch", f"time() - max(learnwire_consumer_last_progress_timestamp_seconds{{{HERE}}})", unit="s"),
        number("Oldest untold change", f"max(learnwire_outbox_oldest_age_seconds{{{HERE}}})", unit="s", red_from=120),
        number("Dead letters, 24 h", f"sum(increase(learnwire_dead_letters_total{{{HERE}}}[24h]))", red_from=1),
        lines("Records a second, by what became of them", (f"sum by (outcome) (rate(learnwire_events_total{{{HERE}}}[5m]))", "{{outcome}}")),
        lines("Records a second, by type", (f"sum by (event_type) (rate(learnwire_events_total{{{HERE}}}[5m]))", "{{event_type}}")),
        lines("Records waiting, by topic", (f"sum by (topic) (learnwire_consumer_lag_records{{{HERE}}})", "{{topic}}")),
        lines("Taking in and writing, 95 %", (quantile("learnwire_event_processing_seconds", HERE), "a batch"), (quantile("learnwire_event_end_to_end_seconds", HERE), "from Kafka to written"), unit="s"),
        lines("Publishers' faults", (f"sum(rate(learnwire_events_mis_keyed_total{{{HERE}}}[5m]))", "mis-keyed"), (f"sum by (attribute) (rate(learnwire_event_attributes_dropped_total{{{HERE}}}[5m]))", "dropped {{attribute}}"), (f"sum by (event_type) (rate(learnwire_event_conflicts_total{{{HERE}}}[5m]))", "conflict {{event_type}}")),
        lines("Dependencies", (f"min by (name) (learnwire_dependency_up{{{HERE}}})", "{{name}}")),
        lines("HTTP requests a second, by status", (f"sum by (status) (rate(learnwire_http_requests_total{{{HERE}}}[5m]))", "{{status}}")),
        lines("HTTP, 95 %", (quantile("learnwire_http_request_seconds", HERE, "route"), "{{route}}"), unit="s"),
        lines("Memory, by replica", (f"process_resident_memory_bytes{{{HERE}}}", "{{instance}}"), unit="bytes"),
        lines("Processor, by replica", (f"rate(process_cpu_seconds_total{{{HERE}}}[5m])", "{{instance}}")),
    ],
    per_job=True,
)  # fmt: skip

SALESFORCE = dashboard(
    "learnwire-salesforce",
    "Learnwire: Salesforce",
    [
        number("Rows to write", "sum(learnwire_salesforce_dirty_rows)"),
        number("Oldest of them", "max(learnwire_salesforce_dirty_rows_oldest_age_seconds)", unit="s", red_from=1800),
        number("Refused rows", "sum(learnwire_salesforce_rejected_rows)", red_from=1),
        number("Standing still", "sum(learnwire_salesforce_stopped)", red_from=1),
        number("Deletes that wait", "max(learnwire_salesforce_guarded_deletes)", red_from=1),
        number("Rows that differ", "sum(learnwire_salesforce_drift_rows)", red_from=1),
        lines("Rows to write, by object", ("max by (object) (learnwire_salesforce_dirty_rows)", "{{object}}")),
        lines("Rows a second, by what became of them", ("sum by (outcome) (rate(learnwire_salesforce_rows_total[5m]))", "{{outcome}}")),
        lines("Calls of the org in 24 hours", ("max(learnwire_salesforce_api_calls_used)", "used by anybody"), ("max(learnwire_salesforce_own_api_calls)", "ours"), ("max(learnwire_salesforce_api_calls_limit)", "limit")),
        lines("Our calls a second, by kind and answer", ("sum by (kind, status) (rate(learnwire_salesforce_calls_total[5m]))", "{{kind}} {{status}}")),
        lines("Standing still", ("max by (object) (learnwire_salesforce_stopped)", "{{object}}")),
        lines("Rows that differ, by object", ("max by (object, drift) (learnwire_salesforce_drift_rows)", "{{object}} {{drift}}")),
        lines("Learners without a link", ("max(learnwire_salesforce_unlinked_learners)", "learners")),
        lines("Access tokens asked for", ("sum by (outcome) (increase(learnwire_salesforce_authentications_total[1h]))", "{{outcome}}")),
    ],
)  # fmt: skip

TRACKER = dashboard(
    "learnwire-tracker",
    "Learnwire: bulk tracker",
    [
        number("In progress", 'max(learnwire_tracker_actions{status="in_progress"})'),
        number("Scheduled", 'max(learnwire_tracker_actions{status="scheduled"})'),
        number("Timed out", 'max(learnwire_tracker_actions{status="timeout"})'),
        number("Mails waiting", "max(learnwire_tracker_mails_waiting)", red_from=100),
        number("Mails given up, 24 h", 'sum(increase(learnwire_tracker_mails_total{outcome=~"given_up|refused"}[24h]))', red_from=1),
        number("People watching", "sum(learnwire_tracker_live_streams)"),
        lines("Actions, by status", ("max by (status) (learnwire_tracker_actions)", "{{status}}")),
        lines("Mails, by what became of them", ("sum by (outcome) (increase(learnwire_tracker_mails_total[1h]))", "{{outcome}}")),
        lines("Requests a second, by status", ('sum by (status) (rate(learnwire_http_requests_total{job="bulk-tracker"}[5m]))', "{{status}}")),
        lines("Oldest untold change", ('max(learnwire_outbox_oldest_age_seconds{job="bulk-tracker"})', "age"), unit="s"),
    ],
)  # fmt: skip


def files() -> dict[str, str]:
    """What each file holds."""
    named = {"overview": OVERVIEW, "service": SERVICE, "salesforce": SALESFORCE, "tracker": TRACKER}
    return {f"{name}.json": json.dumps(each, indent=1) + "\n" for name, each in named.items()}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, content in files().items():
        (FOLDER / name).write_text(content)
