"""What the clock starts: statuses that are due, mails, deletions, figures."""
