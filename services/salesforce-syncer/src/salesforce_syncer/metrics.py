"""Metrics of salesforce-syncer, declared once."""

from shared.metrics import counter, gauge

calls = counter(
    "salesforce_calls", "Requests sent to Salesforce, by kind and HTTP status (0: no answer)", ("kind", "status")
)
rows = counter(
    "salesforce_rows", "Rows that Salesforce answered for, by object and what became of them", ("object", "outcome")
)
dirty_rows = gauge("salesforce_dirty_rows", "Rows that Salesforce is still to be told", ("object",))
dirty_oldest = gauge("salesforce_dirty_rows_oldest_age_seconds", "Age of the oldest of them", ("object",))
rejected_rows = gauge("salesforce_rejected_rows", "Rows that Salesforce refused for good", ("object",))
unlinked_learners = gauge("salesforce_unlinked_learners", "Learners whose facts are kept until a link comes")
api_used = gauge("salesforce_api_calls_used", "Calls of the org within 24 hours, by anyone, as Salesforce last said")
api_limit = gauge("salesforce_api_calls_limit", "Calls that the org may make within 24 hours, as Salesforce last said")
own_calls = gauge("salesforce_own_api_calls", "Our own calls within the last 24 hours")
stopped = gauge("salesforce_stopped", "1 while an object, or the whole org (object: org), is not written", ("object",))
guarded_deletes = gauge("salesforce_guarded_deletes", "Deletes that wait for approval")
drift_rows = gauge("salesforce_drift_rows", "Rows that differed at the last proof of sync", ("object", "drift"))
reauthentications = counter("salesforce_authentications", "Access tokens asked for, by outcome", ("outcome",))


def forget() -> None:
    """Say nothing more of what only the writer knows: another process is the writer now, and says it."""
    for each in (dirty_rows, dirty_oldest, rejected_rows, stopped):
        each.clear()
    guarded_deletes.set(0)
