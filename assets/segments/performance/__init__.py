"""Cost and return of each segment by platform, campaign and ad set, with recommendations and look-alike
seeds.
"""

from assets.segments.performance.lookalike_seeds import seeds as seeds
from assets.segments.performance.performance import perform as perform
from assets.segments.performance.recommendations import recommend as recommend
