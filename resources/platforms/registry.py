"""The platforms' clients, made from the settings when a run first needs one, never at load."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from resources.config.settings import Settings, load_settings
from resources.errors import SettingsWrong
from resources.platforms.audience_client import AudienceClient
from resources.platforms.reader import NotConfigured, PlatformReader
from resources.platforms.retries import Patience
from resources.platforms.writer import PlatformWriter

PLATFORMS = ("google_ads", "meta_ads", "linkedin_ads")


@dataclass(frozen=True)
class Platforms:
    """Every platform this deployment may read.

    A plain object: nothing of it can be overridden from the launchpad.
    """

    settings: Callable[[], Settings] = load_settings
    patience: Patience = field(default_factory=Patience)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def reader(self, platform: str) -> PlatformReader:
        """The client of a platform; one without accounts where nothing is configured.

        Raises:
            SettingsWrong: The settings are incomplete or malformed; the sentence says which.
        """
        settings = self.settings()
        if not settings.platforms[platform].is_configured:
            return NotConfigured(platform)
        # Imported here: a client's package costs seconds and is needed by the run that reads, not by the one
        # that loads.
        if platform == "google_ads":
            from resources.platforms.google_ads import GoogleAds  # noqa: PLC0415

            return GoogleAds(settings.google_ads, patience=self.patience)
        if platform == "meta_ads":
            from resources.platforms.meta_ads import MetaAds  # noqa: PLC0415

            return MetaAds(settings.meta_ads, patience=self.patience)
        from resources.platforms.linkedin_ads import LinkedInAds  # noqa: PLC0415

        return LinkedInAds(settings.linkedin_ads, patience=self.patience)

    def calls_a_day(self, platform: str) -> int | None:
        """Calls the platform allows the login in a day; None where it counts otherwise or does not say."""
        return self.settings().platforms[platform].calls_a_day

    def writer(self, platform: str) -> PlatformWriter:
        """The writing side of a platform.

        Raises:
            SettingsWrong: The platform is not configured, or incompletely.
        """
        settings = self.settings()
        if not settings.platforms[platform].is_configured:
            raise SettingsWrong(
                f"{platform} is not configured, so nothing can be written to it. See docs/configuration.md."
            )
        if platform == "google_ads":
            from resources.platforms.google_ads_write import GoogleAdsWriter  # noqa: PLC0415

            return GoogleAdsWriter(settings.google_ads, patience=self.patience, now=self.now)
        if platform == "meta_ads":
            from resources.platforms.meta_ads_write import MetaAdsWriter  # noqa: PLC0415

            return MetaAdsWriter(settings.meta_ads, patience=self.patience)
        from resources.platforms.linkedin_ads_write import LinkedInAdsWriter  # noqa: PLC0415

        return LinkedInAdsWriter(settings.linkedin_ads, patience=self.patience)

    def audiences(self, platform: str) -> AudienceClient:
        """The audience side of a platform.

        Raises:
            SettingsWrong: The platform is not configured, or incompletely.
        """
        settings = self.settings()
        if not settings.platforms[platform].is_configured:
            raise SettingsWrong(
                f"{platform} is not configured, so no audience can be kept there. See docs/configuration.md."
            )
        if platform == "google_ads":
            from resources.platforms.google_audiences import GoogleAudiences  # noqa: PLC0415

            return GoogleAudiences(settings.google_ads, patience=self.patience)
        if platform == "meta_ads":
            from resources.platforms.meta_audiences import MetaAudiences  # noqa: PLC0415

            return MetaAudiences(settings.meta_ads, patience=self.patience)
        from resources.platforms.linkedin_audiences import LinkedInAudiences  # noqa: PLC0415

        return LinkedInAudiences(settings.linkedin_ads, patience=self.patience)
