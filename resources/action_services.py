"""Everything the action path stands on, as one plain object without a configuration schema.

Nothing of it can be overridden from the launchpad, and everything is read anew when it is asked for: a policy that was made
stricter, a switch that was thrown and an approver who was taken off count from that moment on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from resources.config.settings import PROJECT, Settings, load_settings
from resources.ledger.base import KILL
from resources.ledger.store import Ledger
from resources.notification_delivery import Address, Notifier, addresses
from resources.platforms.registry import Platforms
from resources.policy.notifications import Notifications
from resources.policy.policy import Policy, PolicyUnreadable, load_policy
from resources.security.approvers import Approvers, load_approvers


@dataclass(frozen=True)
class Desk:
    """Ledger, policy, approvers, platforms and messages of one deployment."""

    settings: Settings
    platforms: Platforms

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self.settings.ledger_url.get_secret_value(), now=self.platforms.now)

    def policy(self) -> Policy:
        """The policy as it stands now.

        Raises:
            PolicyUnreadable: There is none that can be read.
        """
        return load_policy(self.settings.policy_file)

    def approvers(self) -> Approvers:
        """Who may prove to be whom.

        Raises:
            SettingsWrong: A secret or its file is not as it has to be.
        """
        given = self.settings.approvers
        env = {"PAID_MEDIA_APPROVERS": given.get_secret_value()} if given else {}
        is_outside = self.settings.profile != "sandbox"
        return load_approvers(env, file=self.settings.approvers_file, project=PROJECT, is_outside=is_outside)

    @property
    def by_proxy(self) -> bool:
        """Whether an authenticating proxy may prove who launched a run."""
        return self.settings.proxy_key is not None

    @property
    def notifications(self) -> Notifications:
        """Whom to tell what; where the policy cannot be read, everything to the one address, for that is worth telling too."""
        try:
            return self.policy().notifications
        except PolicyUnreadable:
            return Notifications()

    def addresses(self, rules: Notifications | None = None) -> list[Address]:
        """Every place to tell that is configured; `rules` are those of the policy unless given."""
        given = self.settings.notify_addresses
        return addresses((rules or self.notifications).every_channel, given) if given else []

    @property
    def notifier(self) -> Notifier:
        return Notifier(lambda: self.ledger, is_set=bool(self.addresses()))

    def killed(self) -> str | None:
        """Why nothing may be written at all, if it may not. A switch that cannot be read is on."""
        try:
            self.settings.kill_file.stat()
        except FileNotFoundError:
            pass
        except OSError as error:
            return f"the kill switch cannot be read ({error.strerror})"
        else:
            return f"the kill switch is on: {self.settings.kill_file} is there"
        try:
            row = self.ledger.switch(KILL)
        except Exception as error:  # noqa: BLE001 — whatever keeps the switch from being read, it counts as on
            return f"the kill switch cannot be read ({type(error).__name__})"
        if row is None or not row.is_on:
            return None
        return f"the kill switch is on since {row.at:%Y-%m-%d %H:%M} UTC ({row.person}: {row.reason})"


def open_desk(settings: Callable[[], Settings] = lambda: load_settings(with_platforms=False)) -> Desk:
    """The desk of this deployment; the platforms' own settings are read when one is first used."""
    return Desk(settings(), Platforms())
