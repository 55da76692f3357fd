"""Anomaly detection: days of a series that its own past, its peers and the calendar do not explain."""

from assets.signals.anomalies.detect import detect

__all__ = ["detect"]
