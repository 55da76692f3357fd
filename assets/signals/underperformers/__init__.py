"""Underperforming ad sets: a verdict on each, with the probability that it is below target."""

from assets.signals.underperformers.judge import judge

__all__ = ["judge"]
