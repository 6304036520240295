"""The report's page: filters, counts as charts, rows, download."""
