"""action-logger: the validated, append-only log of content actions, and its report."""
