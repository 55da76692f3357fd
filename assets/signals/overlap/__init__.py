"""How much of two audiences is the same people: exact for lists, within ranges for reach estimates."""

from assets.signals.overlap.audience_overlap import overlap as overlap
