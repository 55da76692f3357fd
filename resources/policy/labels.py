"""Labels of policy.yaml: groups of campaigns and ad sets that share a permission or are protected."""

import re
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, field_validator


class Label(BaseModel):
    """A group of campaigns and ad sets: by patterns of the campaign name, by id, or by a label at the
    platform.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    campaign_name: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    ad_sets: tuple[str, ...] = ()
    platform_label: tuple[str, ...] = ()
    """Names of labels at Google Ads or Meta Ads, whole, in any case. LinkedIn Ads has no labels."""

    @field_validator("campaign_name")
    @classmethod
    def _compiles(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"'{pattern}' is no pattern: {error}") from error
        return patterns

    def holds(
        self,
        *,
        campaign_id: str | None,
        campaign_name: str | None,
        ad_set_id: str | None,
        at_platform: Iterable[str],
    ) -> bool:
        if {name.casefold() for name in at_platform} & {name.casefold() for name in self.platform_label}:
            return True
        named = any(re.search(pattern, campaign_name or "", re.IGNORECASE) for pattern in self.campaign_name)
        return named or campaign_id in self.campaigns or ad_set_id in self.ad_sets
