"""Bulk API 2.0: jobs that take or give CSV and are worked off in the background."""
