"""What the clock or an operator starts: sealing (`sealing`), verifying (`verify`), pruning (`prune`)."""
