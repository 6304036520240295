"""go1-stats-processor: Go1 launches and completions become course attempts and statistics."""
