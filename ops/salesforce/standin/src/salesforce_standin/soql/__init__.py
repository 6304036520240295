"""SOQL: text to tree (parser), names to fields (binding), rows to answers (running)."""
