"""What the services share; it names none of them."""
