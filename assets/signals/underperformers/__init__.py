"""Which ad sets earn too little, and how sure that is."""

from assets.signals.underperformers.judge import judge

__all__ = ["judge"]
