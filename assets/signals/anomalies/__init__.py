"""What stood out: days on which a series did what its own past, its peers and the calendar do not explain."""

from assets.signals.anomalies.detect import detect

__all__ = ["detect"]
