"""A daily budget."""
