"""bulk-tracker: follows bulk actions; statuses, error reports, mails, a view-only page."""
