"""The two families of failure. A bug is in neither, and loud.

Failure
├── Rejected      will never work: the record goes to dead letters
└── Unavailable   may work later: back off, nothing is lost, nothing is dead-lettered
"""


class Rejected(Exception):  # noqa: N818  it reads as what it says: raise Rejected(...)
    """What was asked will never work; `values` are ids, counts and codes, never personal data."""

    def __init__(self, message: str, **values: str | float | bool | None) -> None:
        super().__init__(message)
        self.message = message
        self.values = values


class Unavailable(Exception):  # noqa: N818  as above
    """A dependency is down or refuses us for now; `dependency` is its name in metrics and readiness."""

    def __init__(self, dependency: str, reason: str = "") -> None:
        super().__init__(f"{dependency}: {reason}" if reason else dependency)
        self.dependency = dependency
        self.reason = reason
