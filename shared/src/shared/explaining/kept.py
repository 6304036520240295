"""The shape of the descriptions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

By = Literal["event", "learner", "action", "reference"]


@dataclass(frozen=True, slots=True)
class Each:
    """One thing to say of a document: `at` and the words of `says` are paths in it, or in each item of `items`.

    Paths separated by `|`: the first that is there. Words in `says` that are missing are left out together with the
    brackets `[ ]` around them. `personal`: shown with --show-personal-data alone.
    """

    at: str
    says: str
    items: str = ""
    only: tuple[str, str] | None = None
    """(path in the item, form): shown where it holds this."""
    personal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Via:
    """A step on the way: documents of `collection` whose `path` holds what came before; `takes` goes on."""

    collection: str
    path: str
    takes: str
    form: str = ""
    after: str = ""
    """Of what is taken, the part behind this."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A question to one collection.

    `form` is what `path` must hold, made of `{portal} {learner} {action} {reference} {key}`; for events `{separator}`
    stands between source and id. `prefix`: begins so. `via`: asked first, its answers (`takes`) go where `form` would.
    """

    service: str
    by: By
    collection: str
    path: str
    form: str
    shows: tuple[Each, ...]
    also: Mapping[str, str] | None = None
    """Further fields that must hold this."""
    keeps: Mapping[str, str] | None = None
    """As `also`, but looked at after reading: no index has it."""
    prefix: bool = False
    via: tuple[Via, ...] = ()
    index: bool = False
    names: tuple[tuple[str, str], ...] = ()
    """What a document tells of whom or what it is about: (portal, learner, action or reference; path)."""
