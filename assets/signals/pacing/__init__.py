"""Budget pacing: month-end spend per budget with an 80 % range, and the daily spend that meets the budget."""

from assets.signals.pacing.projection import project

__all__ = ["project"]
