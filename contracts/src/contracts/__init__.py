"""Learnwire's events."""
