"""The rows: values, the database that holds them, and what writing one means."""
