"""Texts of an ad that is there already, edited in place."""
