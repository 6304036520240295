"""MongoDB: one document per learner, course, Go1 enrollment and attempt group; rows to read from."""
