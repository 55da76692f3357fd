"""What each segment costs and brings on each platform, campaign and ad set, and what to do about it."""

from assets.segment_performance.performance import perform as perform
from assets.segment_performance.recommendations import recommend as recommend
from assets.segment_performance.seeds import seeds as seeds
