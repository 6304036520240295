"""MongoDB: the facts, the desired rows that follow from them, and what the writer remembers."""
