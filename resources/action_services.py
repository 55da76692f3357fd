"""What the action path uses, opened from the settings: ledger, policy, approvers, kill switch, platforms,
notifications.

A plain object without a configuration schema: nothing of it can be overridden from the launchpad. Everything
is read anew when it is asked
for: a policy that was made stricter, a switch that was turned and an approver who was removed count from that
moment on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from resources.config.settings import PROJECT, Settings, load_settings
from resources.ledger.anchor import AnchorFile
from resources.ledger.kill_switch import KillSwitch
from resources.ledger.store import Ledger
from resources.notification_delivery import Address, Notifier, addresses
from resources.platforms.registry import Platforms
from resources.policy.notifications import Notifications
from resources.policy.policy import Policy, PolicyUnreadable, load_policy
from resources.security.approvers import Approvers, load_approvers
from resources.security.ledger_key import LedgerKey, load_ledger_key


@dataclass(frozen=True)
class ActionServices:
    """The parts of one deployment's action path, each made when it is first used."""

    settings: Settings
    platforms: Platforms

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger, with the key that signs its decisions."""
        url = self.settings.ledger_url.get_secret_value()
        return Ledger(url, now=self.platforms.now, key=self._ledger_key())

    @cached_property
    def kill_switch(self) -> KillSwitch:
        return KillSwitch(self.settings.kill_file, lambda: self.ledger)

    @cached_property
    def anchor(self) -> AnchorFile:
        return AnchorFile(self.settings.anchor_file)

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
        secrets = self.settings.approvers
        env = {"PAID_MEDIA_APPROVERS": secrets.get_secret_value()} if secrets else {}
        return load_approvers(
            env, file=self.settings.approvers_file, project=PROJECT, is_outside=self._is_live
        )

    @property
    def notifications(self) -> Notifications:
        """Who is told what; where the policy cannot be read, everything goes to the one address, because that
        is worth telling too.
        """
        try:
            return self.policy().notifications
        except PolicyUnreadable:
            return Notifications()

    def addresses(self, rules: Notifications | None = None) -> list[Address]:
        """Every address that is configured; `rules` are those of the policy unless given."""
        settings = self.settings.notify_addresses
        return addresses((rules or self.notifications).every_channel, settings) if settings else []

    @property
    def notifier(self) -> Notifier:
        return Notifier(lambda: self.ledger, is_set=bool(self.addresses()))

    def killed(self) -> str | None:
        """Why nothing may be written at all, if it may not. A switch that cannot be read is on."""
        return self.kill_switch.why_on()

    @property
    def _is_live(self) -> bool:
        return self.settings.profile != "sandbox"

    def _ledger_key(self) -> LedgerKey:
        setting = self.settings.ledger_key
        return load_ledger_key(
            setting.get_secret_value() if setting else None,
            file=self.settings.ledger_key_file,
            project=PROJECT,
            is_outside=self._is_live,
        )


def open_action_services(
    settings: Callable[[], Settings] = lambda: load_settings(with_platforms=False),
) -> ActionServices:
    """The action services of this deployment; the platforms' own settings are read when one is first used."""
    return ActionServices(settings(), Platforms())
