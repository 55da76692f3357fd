"""Kinds of change: a folder for each, with its value, its limits and its writers; `registry.py` lists them."""
