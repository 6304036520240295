"""The demo's week as stories. `python -m learnwire_local.demo.stories` writes `ops/local/demo/` anew, always the same.

Each story writes down the events that it causes and, beside them, what must come out of them at the end. That is told from
the story and not computed from the events, so the demo's check doesn't share a line with the services that it checks.
"""
