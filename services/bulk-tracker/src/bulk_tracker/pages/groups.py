"""Steps of one task stand together, where the newest of them stands."""

from collections.abc import Sequence
from dataclasses import dataclass

from bulk_tracker.domain.views import Item


@dataclass(frozen=True, slots=True)
class Group:
    """A task with its steps, or an action alone (`label` is None)."""

    label: str | None
    items: tuple[Item, ...]


def grouped(items: Sequence[Item]) -> tuple[Group, ...]:
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(f"task {item.task.task_id}" if item.task else f"action {item.action_id}", []).append(item)
    return tuple(_group(each) for each in groups.values())


def _group(items: list[Item]) -> Group:
    task = items[0].task
    if task is None:
        return Group(None, tuple(items))
    return Group(task.label, tuple(sorted(items, key=lambda each: each.task.step if each.task else 0)))
