"""Writes `.env.example` from the Settings classes: `make env-example`; a house test compares."""

import sys
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

import action_logger.settings
import bulk_tracker.settings
import go1_stats_processor.settings
import salesforce_syncer.settings
import shared.settings
from shared.cli.reach import CommandSettings

ROOT = Path(__file__).parents[1]
SERVICES: dict[str, type[shared.settings.Settings]] = {
    "salesforce-syncer": salesforce_syncer.settings.Settings,
    "go1-stats-processor": go1_stats_processor.settings.Settings,
    "action-logger": action_logger.settings.Settings,
    "bulk-tracker": bulk_tracker.settings.Settings,
}
HEAD = """# Every setting of Learnwire, with its default and why it is there. Made by `make env-example`; do not edit.
# A line that begins with # shows a default. Secrets are files, never values. Unknown LEARNWIRE_* names are refused.
"""


def text() -> str:
    """Return the whole file."""
    common = shared.settings.Settings.model_fields
    parts = [HEAD, *_section("all services", common)]
    for name, settings in SERVICES.items():
        own = {key: field for key, field in settings.model_fields.items() if key not in common}
        if own:
            parts += _section(name, own)
    parts += _section("the learnwire command", _of_command())
    return "\n".join(parts)


def names() -> set[str]:
    """Return all variables."""
    every = (*(each.model_fields for each in SERVICES.values()), _of_command())
    return {f"{shared.settings.PREFIX}{key.upper()}" for each in every for key in each}


def _of_command() -> dict[str, FieldInfo]:
    common = shared.settings.Settings.model_fields
    return {key: field for key, field in CommandSettings.model_fields.items() if key not in common}


def _section(title: str, fields: dict[str, FieldInfo]) -> list[str]:
    lines = [f"# --- {title} ---", ""]
    for key, field in fields.items():
        needed = field.is_required()
        lines += [f"# {field.description}{' (needed)' if needed else ''}"]
        lines += [f"{'' if needed else '# '}{shared.settings.PREFIX}{key.upper()}={_shown(field.default)}", ""]
    return lines


def _shown(default: Any) -> str:
    if default is None or default is PydanticUndefined:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    return default.isoformat().replace("+00:00", "Z") if hasattr(default, "isoformat") else str(default)


if __name__ == "__main__":
    (ROOT / ".env.example").write_text(text(), encoding="utf-8")
    sys.exit(0)
