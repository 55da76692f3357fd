"""Platform clients by platform, created from the settings at first use, never at load time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from resources.config.settings import Settings, load_settings
from resources.errors import SettingsWrong
from resources.platforms.audience_client import AudienceClient
from resources.platforms.reader import NotConfigured, PlatformReader
from resources.platforms.retries import BackOff
from resources.platforms.writer import PlatformWriter

PLATFORMS = ("google_ads", "meta_ads", "linkedin_ads")


@dataclass(frozen=True)
class Platforms:
    """Clients of every configured platform.

    A plain object rather than a configurable resource: the launchpad cannot override any of it.
    """

    settings: Callable[[], Settings] = load_settings
    back_off: BackOff = field(default_factory=BackOff)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def reader(self, platform: str) -> PlatformReader:
        """Reader of a platform; without accounts where it is not configured.

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

            return GoogleAds(settings.google_ads, back_off=self.back_off)
        if platform == "meta_ads":
            from resources.platforms.meta_ads import MetaAds  # noqa: PLC0415

            return MetaAds(settings.meta_ads, back_off=self.back_off)
        from resources.platforms.linkedin_ads import LinkedInAds  # noqa: PLC0415

        return LinkedInAds(settings.linkedin_ads, back_off=self.back_off)

    def calls_a_day(self, platform: str) -> int | None:
        """Daily call quota of the login; None where the platform has none or counts otherwise."""
        return self.settings().platforms[platform].calls_a_day

    def writer(self, platform: str) -> PlatformWriter:
        """Writer of a platform.

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

            return GoogleAdsWriter(settings.google_ads, back_off=self.back_off, now=self.now)
        if platform == "meta_ads":
            from resources.platforms.meta_ads_write import MetaAdsWriter  # noqa: PLC0415

            return MetaAdsWriter(settings.meta_ads, back_off=self.back_off)
        from resources.platforms.linkedin_ads_write import LinkedInAdsWriter  # noqa: PLC0415

        return LinkedInAdsWriter(settings.linkedin_ads, back_off=self.back_off)

    def audiences(self, platform: str) -> AudienceClient:
        """Audience client of a platform.

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

            return GoogleAudiences(settings.google_ads, back_off=self.back_off)
        if platform == "meta_ads":
            from resources.platforms.meta_audiences import MetaAudiences  # noqa: PLC0415

            return MetaAudiences(settings.meta_ads, back_off=self.back_off)
        from resources.platforms.linkedin_audiences import LinkedInAudiences  # noqa: PLC0415

        return LinkedInAudiences(settings.linkedin_ads, back_off=self.back_off)
