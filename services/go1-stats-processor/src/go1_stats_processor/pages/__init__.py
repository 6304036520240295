"""The dashboard: courses, their attempts, why each shows what it shows, learners, parked completions."""
