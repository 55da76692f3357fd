"""Segments as audiences at the platforms: whom they may hold, what has to change, and who goes the day they withdraw consent."""
