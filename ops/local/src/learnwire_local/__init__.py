"""Real Kafka and MongoDB on this machine, from Python packages alone."""
