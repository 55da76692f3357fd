"""Where each budget's month will end, how sure that is, and what a day must spend to land on it."""

from assets.signals.pacing.projection import project

__all__ = ["project"]
