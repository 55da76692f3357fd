"""Creates a reader for each configured CRM when a run first needs one, never when definitions load."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from resources.config.settings import Settings, load_settings
from resources.crm.rate_limit import RateLimiter
from resources.crm.reader import CrmReader
from resources.platforms.retries import BackOff
from resources.policy.crm import CrmMapping
from resources.policy.policy import load_policy


@dataclass(frozen=True)
class Crms:
    """Every CRM this deployment may read.

    A plain object: nothing of it can be overridden from the launchpad.
    """

    settings: Callable[[], Settings] = load_settings
    back_off: BackOff = field(default_factory=BackOff)
    pace: Callable[[], RateLimiter] = RateLimiter
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def mapping(self) -> CrmMapping:
        """What the policy says of the CRM.

        Raises:
            PolicyUnreadable: The policy is missing or wrong.
        """
        return load_policy(self.settings().policy_file).crm

    def margin(self) -> dict[str, float]:
        """Share of a sale's value that is left, by platform; one without it is not in it.

        Errors as of `mapping`.
        """
        return dict(load_policy(self.settings().policy_file).margin)

    def readers(self) -> list[CrmReader]:
        """A reader per CRM that is configured; none where none is.

        Raises:
            SettingsWrong: The settings are incomplete or malformed.
            PolicyUnreadable: The policy is missing or wrong.
        """
        settings = self.settings()
        crm_readers: list[CrmReader] = []
        if not (
            any(crm_settings.is_configured for crm_settings in settings.crms.values()) or settings.crm_files
        ):
            return crm_readers  # without a CRM nothing is asked of the policy either
        mapping = self.mapping()
        # Imported here: Salesforce's and the database's clients cost time, and are needed by the run that
        # reads alone.
        if settings.hubspot.is_configured:
            from resources.crm.hubspot import HubSpot  # noqa: PLC0415

            crm_readers.append(HubSpot(settings.hubspot, mapping, back_off=self.back_off, pace=self.pace()))
        if settings.salesforce.is_configured:
            from resources.crm.salesforce import Salesforce  # noqa: PLC0415

            crm_readers.append(Salesforce(settings.salesforce, mapping, back_off=self.back_off))
        if settings.crm_sql.database is not None and settings.crm_sql.is_configured:
            from resources.crm.tabular import Sql  # noqa: PLC0415

            crm_readers.append(Sql(settings.crm_sql.database.get_secret_value(), mapping))
        if settings.crm_files is not None:
            from resources.crm.tabular import Files  # noqa: PLC0415

            crm_readers.append(Files(settings.crm_files, mapping))
        if mapping.linkedin_lead_forms and settings.linkedin_ads.is_configured:
            from resources.crm.linkedin_forms import LinkedInForms  # noqa: PLC0415

            crm_readers.append(LinkedInForms(settings.linkedin_ads, mapping, back_off=self.back_off))
        return crm_readers
