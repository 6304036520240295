"""Other frameworks, each in an environment of its own (`bench.environments`): they see nothing of the product."""
