"""What objects and fields there are."""
