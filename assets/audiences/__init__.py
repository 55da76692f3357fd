"""Segments as audiences at the platforms: whom they may hold, what has to change, who goes the day they withdraw consent, and what they share."""

from assets.audiences.shared import overlap as overlap
