"""From clicks to pipeline: whose credit an order is, what a qualified lead costs, what the open deals are worth."""

from assets.core.crm.attribution import attribute as attribute
from assets.core.crm.attribution import credit_by as credit_by
from assets.core.crm.cohorts import cost_per_qualified_lead as cost_per_qualified_lead
from assets.core.crm.pipeline import expected_wins as expected_wins
