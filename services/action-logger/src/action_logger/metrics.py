"""What this service counts, beside what all services do."""

from shared.metrics import counter, gauge

rows_written = counter("log_rows_written", "Rows added to the log")
rows_repeated = counter("log_rows_repeated", "Rows that were in the log already, with the same content")
rows_conflicting = counter(
    "log_rows_conflicting", "Events refused because another content is logged under their source and id"
)
rows_erased_on_arrival = counter("log_rows_erased_on_arrival", "Rows of erased learners, kept without their address")
persons_erased = counter("log_persons_erased", "Addresses erased")
rows_exported = counter("log_rows_exported", "Rows written into exports", ("format",))
rows_sealed = counter("log_rows_sealed", "Rows taken into seals")
unsealed = gauge("log_rows_unsealed", "Rows that no seal held after the last round of sealing")
