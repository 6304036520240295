"""What a Go1 attempt is: pure functions of facts and rules. No await, no clock, no database."""
