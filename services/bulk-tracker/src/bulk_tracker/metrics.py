"""The tracker's own metrics."""

from shared.metrics import counter, gauge

actions = gauge("tracker_actions", "Bulk actions, by status", ("status",))
mails_waiting = gauge("tracker_mails_waiting", "Mails not yet sent and not given up")
mails = counter("tracker_mails", "Mails, by what became of them", ("outcome",))
streams = gauge("tracker_live_streams", "Open live streams of this process")
