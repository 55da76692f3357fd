"""Expected value of each customer over a horizon, with a range."""

from assets.segments.value.lifetime_value import value as value
