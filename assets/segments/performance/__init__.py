"""What each segment costs and brings on each platform, campaign and ad set, and what to do about it."""

from assets.segments.performance.lookalike_seeds import seeds as seeds
from assets.segments.performance.performance import perform as perform
from assets.segments.performance.recommendations import recommend as recommend
