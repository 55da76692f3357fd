"""Ads that are made, paused, with the whole text of each."""
