"""Groups of customers that behave differently, what a customer is worth, and what paid media does with both."""

from assets.segments.lifetime_value import value as value
