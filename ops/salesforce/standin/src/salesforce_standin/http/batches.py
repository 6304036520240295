"""Rows of a request meet the planted faults."""

from salesforce_standin.failures import RowFailed
from salesforce_standin.http.call import Call
from salesforce_standin.records.collections import Batch, Planted

_LOCKED = RowFailed("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records: {key}")


def batch_of(call: Call) -> Batch:
    faults = call.world.faults

    def planted(name: str, key: str, on: str) -> Planted | None:
        fault = faults.for_row(call.kind, name, key, on)
        if fault is None:
            return None
        match fault.kind:
            case "lock_rows":
                return Planted(RowFailed(_LOCKED.code, _LOCKED.message.replace("{key}", key)))
            case "duplicate_race" if on == "create":
                message = "duplicate value found: external id duplicates value on record with id: {id}"
                return Planted(RowFailed("DUPLICATE_VALUE", message), after_write=True)
            case "duplicate_race":
                return None
            case _:
                return Planted(RowFailed(fault.code, fault.message, fault.fields))

    return Batch(call.world.org, planted)
