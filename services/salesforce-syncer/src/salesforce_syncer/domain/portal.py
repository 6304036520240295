"""Facts of a portal in, its document out."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from contracts.event import canonical
from contracts.portals import PortalConnected
from salesforce_syncer.domain.kept import Data, canonical_text
from salesforce_syncer.domain.learner import Fact, Folded

SHAPE = 1


def fold(portal_id: str, before: Mapping[str, Any] | None, new: Sequence[Fact]) -> Folded:
    """Take facts in; the document is None where they change nothing."""
    best: Data | None = before["data"] if before else None
    changed, conflicts = False, 0
    for each in new:
        if not isinstance(each.data, PortalConnected):
            continue
        data: dict[str, Any] = json.loads(canonical(each.data))
        if best is not None:
            conflicts += data["version"] == best["version"] and data != best
        if best is None or (data["version"], canonical_text(data)) > (best["version"], canonical_text(best)):
            best, changed = data, True
    if not changed:
        return Folded(None, conflicts)
    return Folded({"portal_id": portal_id, "data": best, "owes": ["row"]}, conflicts)
