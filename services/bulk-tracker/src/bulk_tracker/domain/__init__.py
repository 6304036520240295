"""What the tracker knows about bulk actions: pure functions of facts, and of the time where the time matters."""
