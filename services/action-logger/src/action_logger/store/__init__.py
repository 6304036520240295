"""MongoDB in and out: the log (`log`), persons (`people`), the report's queries (`report`), seals (`seals`)."""
