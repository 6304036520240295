"""Salesforce's API over HTTP: the only room that knows it. Facts and sources: the notes named in the README."""
