"""Attribution and funnel: credit per touch, cost per qualified lead, and expected value of open deals."""

from assets.core.crm.attribution import attribute as attribute
from assets.core.crm.attribution import credit_by as credit_by
from assets.core.crm.cohorts import cost_per_qualified_lead as cost_per_qualified_lead
from assets.core.crm.pipeline import expected_wins as expected_wins
