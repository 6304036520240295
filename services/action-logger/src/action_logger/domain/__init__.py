"""The rules of the log, pure: rows (`rows`), whose they are (`people`), what a filter means (`filters`)."""
