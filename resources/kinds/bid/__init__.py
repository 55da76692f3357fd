"""Bids that people set by hand."""
