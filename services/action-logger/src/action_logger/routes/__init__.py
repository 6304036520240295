"""HTTP in and out: the report (`report`), downloads (`export`), the vocabulary (`words`)."""
