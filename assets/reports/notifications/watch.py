"""What is on now, read from lake and ledger, and what of it is news: the part of notices that knows where things are kept."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from assets.formatting import numbers
from assets.reports.notifications import action_notices, signal_notices
from assets.reports.notifications.deduplication import news
from assets.reports.notifications.digest import KIND as DIGEST_KIND
from assets.reports.notifications.digest import digest_of
from assets.reports.notifications.notice import DIGEST, Link, Notice, read
from assets.reports.notifications.quiet_hours import at
from assets.reports.notifications.routing import channels_of
from assets.reports.pages.day_frames import known
from assets.signals.anomalies.feedback import quiet
from resources.action_services import ActionServices
from resources.lake.lake import Lake
from resources.ledger.notices import Said, Topic
from resources.ledger.states import IN_FLIGHT, State
from resources.policy.notifications import Notifications
from resources.policy.policy import Policy, PolicyUnreadable
from resources.tables import core
from resources.tables.pulls import PULLS
from resources.tables.signals import ANOMALIES, MARKS, PACING, UNDERPERFORMERS, WATCHED

WEEKLY = "weekly"
LAKE_KINDS = (
    signal_notices.INCIDENTS,
    signal_notices.TRACKING,
    signal_notices.FRESHNESS,
    signal_notices.READING,
)
_LATE = timedelta(hours=12)
"""A digest that could not be made for so long after its time is left out: the next one has it all."""
_NEWEST_PULLS = """
    select platform, account_id, account_name, time_zone, reason, verdict from raw.pulls where start_day is not null
    qualify row_number() over (partition by platform, account_id order by pulled_at desc) = 1 order by platform, account_id
"""
_MAIN = """
    select platform, account_id from core.campaign_day where day >= $since
    group by platform, account_id order by sum(spend_reporting) desc nulls last limit 1
"""


class Watch:
    """One look at everything, at one instant."""

    def __init__(self, lake: Lake, services: ActionServices) -> None:
        self._lake, self._desk = lake, services
        self.now = services.ledger.clock()
        self.policy = _policy(services)
        self.rules = self.policy.notifications if self.policy else Notifications()

    @cached_property
    def pulls(self) -> list[dict[str, Any]]:
        """The newest reading of every account."""
        return self._lake.arrow(_NEWEST_PULLS, PULLS).to_pylist()

    @cached_property
    def zones(self) -> dict[tuple[str, str], str]:
        return {(row["platform"], row["account_id"]): row["time_zone"] for row in self.pulls}

    @cached_property
    def main_zone(self) -> ZoneInfo:
        """The zone of what concerns no single account: the policy's, else that of the account that spends most."""
        if self.rules.time_zone:
            return ZoneInfo(self.rules.time_zone)
        since = (self.now - timedelta(days=14)).date()
        first = self._lake.arrow(_MAIN, core.DAYS["campaign"], parameters={"since": since}).to_pylist()
        own = self.zones.get((first[0]["platform"], first[0]["account_id"])) if first else None
        return self.rules.zone(own)

    @cached_property
    def place(self) -> signal_notices.Place:
        ui = self._desk.settings.ui_url.rstrip("/")
        return signal_notices.Place(
            currency=self._desk.settings.reporting_currency,
            dashboard=f"{ui}/assets/reports/daily_dashboard",
            weekly=f"{ui}/assets/reports/weekly_pacing",
            accounts={(row["platform"], row["account_id"]): row["account_name"] for row in self.pulls},
            zones=self.zones,
            labels=self._labels(),
        )

    def _labels(self) -> Callable[[Mapping[str, Any]], tuple[str, ...]]:
        policy = self.policy
        if policy is None or not policy.labels:
            return lambda _: ()
        entities = self._lake.read(core.ENTITIES, columns="entity_id, name", where={"level": "campaign"})
        names = dict(zip(entities["entity_id"], entities["name"], strict=True)) if len(entities) else {}
        return lambda row: labels_of(policy, row, names)

    def hushed(self) -> set[str]:
        """Incidents that somebody snoozed or marked wrong."""
        marks = self._lake.read(MARKS)
        return quiet(marks, on=self.now.astimezone(self.main_zone).date()) if len(marks) else set()

    def look(self) -> int:
        """Say what is new in the signals, the figures and the writes; how much that was."""
        today, said = self.now.date(), 0
        recent = {"day": (today - timedelta(days=4), today)}
        watched = self._lake.read(WATCHED, columns="day", where=recent)
        if len(watched):
            day = watched["day"].max().date()
            found = self._lake.read(ANOMALIES, where={"day": (day, day)})
            on = signal_notices.incident_notices(found, self.place)
            said += self._tell(
                on, day, kinds=(signal_notices.INCIDENTS, signal_notices.TRACKING), hushed=self.hushed()
            )
        pacing = self._lake.read(PACING, where=recent)
        if len(pacing):
            newest = pacing["day"].max().date()
            said += self._tell(
                signal_notices.pacing_notices(pacing, self.place), newest, kinds=(signal_notices.PACING,)
            )
        readings = signal_notices.reading_notices(
            [row for row in self.pulls if row["verdict"] not in {"accepted", "postponed"}], self.place
        )
        stale = signal_notices.freshness_notices(
            self._last_days(),
            self.place,
            now=self.now,
            hours=self.policy.guardrails.data_hours if self.policy else 36.0,
        )
        said += self._tell(
            [*readings, *stale], today, kinds=(signal_notices.FRESHNESS, signal_notices.READING)
        )
        return said

    def look_at_writes(self) -> int:
        """Say which writes failed, and which nobody knows the outcome of."""
        ledger = self._desk.ledger
        lately = ledger.proposals.states(changed_since=self.now - timedelta(days=2))
        ended_badly = {State.FAILED, State.ARRIVED_LATE}
        failed = ledger.proposals.entries(ids=[key for key, state in lately.items() if state in ended_badly])
        flying = ledger.proposals.entries(states=IN_FLIGHT)
        if (
            not failed
            and not flying
            and not any(one.kind == action_notices.WRITE for one in ledger.notices.topics().values())
        ):
            return 0
        runs = {
            one.proposal_id: written[-1].run_id
            for one in (*failed, *flying)
            if (written := ledger.writes.of(one.proposal_id)) and not written[-1].run_id.startswith("sensor")
        }
        told = action_notices.write_notices(
            [*failed, *flying], ui_url=self._desk.settings.ui_url, now=self.now, runs=runs
        )
        # What failed stays failed: that it leaves the list of the last days is no news.
        once = [one for one in told if one.topic.endswith(("|failed", "|arrived late"))]
        unknown = [one for one in told if one not in once]
        said = ledger.notices.say([one.said(one.ref) for one in once])
        return said + self._tell(unknown, self.now.date(), kinds=(action_notices.WRITE,))

    def look_at_runs(self, still_failing: Callable[[Notice], bool]) -> int:
        """Say which jobs succeed again."""
        ledger = self._desk.ledger
        on = [
            one
            for one in ledger.notices.topics().values()
            if one.kind == action_notices.RUN and one.ended_on is None
        ]
        failing = [notice for notice in (read(one.body) for one in on) if still_failing(notice)]
        return self._tell(failing, self.now.date(), kinds=(action_notices.RUN,)) if on else 0

    def morning(self) -> list[str]:
        """Keep the digest for every channel and, at the week's beginning, the weekly text, where their time has come."""
        local = self.now.astimezone(self.main_zone)
        due = at(local.date(), self.rules.digest_at, self.main_zone)
        kept = []
        if due <= self.now < due + _LATE:
            kept += self._digests(local.date() - timedelta(days=1), is_late=self.now < self._patience(due))
        if local.weekday() <= 2 and self.now >= due:
            kept += self._weekly(local.date() - timedelta(days=local.weekday() + 1))
        return kept

    def _digests(self, day: date, *, is_late: bool) -> list[str]:
        """`is_late` is False once nobody waits for figures any longer."""
        ledger, names = self._desk.ledger, list(self.rules.every_channel)
        open_ones = [name for name in names if not ledger.notices.is_said(_digest_id(name, day))]
        if not open_ones:
            return []
        is_there = bool(len(self._lake.read(WATCHED, columns="day", where={"day": (day, day)})))
        if not is_there and is_late:
            return []
        topics, hushed = ledger.notices.topics(), self.hushed()
        links = (Link("dashboard", self.place.dashboard), Link("weekly pacing", self.place.weekly))
        figures, more = self._figures(day), self._more(day)
        for name in open_ones:
            heard = {key: one for key, one in topics.items() if _hears(name, one, self)}
            told = digest_of(
                heard,
                day=day,
                channel=name,
                hushed=hushed,
                links=links,
                figures=figures,
                more=more,
                is_late=not is_there,
            )
            ledger.notices.say([told.said(day.isoformat())])
        return [_digest_id(name, day) for name in open_ones]

    def _weekly(self, sunday: date) -> list[str]:
        path = Path(self._desk.settings.reports_dir) / f"weekly_pacing_{sunday}.txt"
        if not path.is_file():
            return []
        first, *rest = path.read_text(encoding="utf-8").splitlines() or [""]
        told = Notice(
            topic=WEEKLY, kind=WEEKLY, priority=DIGEST, entity="Weekly pacing", short="weekly pacing", seen=first, lines=tuple(filter(None, rest)),
            links=(Link("weekly pacing", self.place.weekly),),
        ).said(sunday.isoformat())  # fmt: skip
        return [told.notice_id] if self._desk.ledger.notices.say([told]) else []

    def _tell(
        self, on: list[Notice], day: date, *, kinds: tuple[str, ...], hushed: set[str] | None = None
    ) -> int:
        found = news(on, self._desk.ledger.notices.topics(), day=day, kinds=kinds, hushed=hushed or set())
        # Said first: a crash in between says it once more under the same id, which changes nothing.
        said = self._desk.ledger.notices.say(found.said) if found.said else 0
        if found.topics:
            self._desk.ledger.notices.keep_topics(found.topics)
        return said

    def _patience(self, due: datetime) -> datetime:
        return due + timedelta(hours=self.rules.digest_waits_hours)

    def _last_days(self) -> dict[str, date]:
        rows = self._lake.read(
            core.KPI_DAY,
            columns="platform, day",
            where={"day": (self.now.date() - timedelta(days=40), self.now.date())},
        )
        if rows.empty:
            return {}
        newest = rows[rows["platform"] != "all"].groupby("platform")["day"].max()
        return {str(platform): day.date() for platform, day in newest.items()}

    def _figures(self, day: date) -> str:
        rows = self._lake.read(core.KPI_DAY, where={"day": (day, day)})
        total = rows[rows["platform"] == "all"] if len(rows) else rows
        if total.empty:
            return ""
        row = total.iloc[0]
        roas = numbers.multiple(known(row["roas"]))
        return f"Spend {numbers.money(known(row['spend']), row['currency'])}, ROAS as claimed {roas}."

    def _more(self, day: date) -> list[str]:
        """What waits, what earns too little, and what could not be said."""
        waiting = self._desk.ledger.proposals.entries(states=[State.PROPOSED])
        said = []
        if waiting:
            first = min(entry.proposal.expires_at for entry in waiting)
            said.append(
                f"{len(waiting)} approval{'s' if len(waiting) > 1 else ''} waiting, the first until {first:%a %H:%M} UTC"
            )
        judged = self._lake.read(UNDERPERFORMERS, columns="verdict, regret_week", where={"day": (day, day)})
        bad = judged[judged["verdict"].isin(["pause", "reduce"])] if len(judged) else judged
        if len(bad):
            wasted = numbers.money(known(bad["regret_week"].sum(min_count=1)), self.place.currency)
            counts = ", ".join(
                f"{int((bad['verdict'] == verdict).sum())} to {verdict}" for verdict in ("pause", "reduce")
            )
            said.append(
                f"ad sets that earn too little: {counts}; a week more of them probably wastes {wasted}"
            )
        return [*said, *trouble(self._desk, now=self.now)]


def _policy(services: ActionServices) -> Policy | None:
    """None where it cannot be read: then everything goes to the one address."""
    try:
        return services.policy()
    except PolicyUnreadable:
        return None


def trouble(services: ActionServices, *, now: datetime, hours: float = 48.0) -> list[str]:
    """What could not be said within the last hours, per channel, in words for pages."""
    rows = services.ledger.notices.deliveries(since=now - timedelta(hours=hours))
    lost = [row for row in rows if row.state == "given up" or (row.state == "waiting" and row.said)]
    words = {"given up": "could not be delivered", "waiting": "wait for another attempt"}
    return [f"{row.number} message(s) to {row.channel} {words[row.state]}: {row.said}" for row in lost]


def labels_of(policy: Policy, row: Mapping[str, Any], names: Mapping[str, str]) -> tuple[str, ...]:
    """The policy's labels of a campaign or ad set, by its ids."""
    campaign, ad_set = (
        row[name] if isinstance(row.get(name), str) else None for name in ("campaign_id", "ad_set_id")
    )
    found = policy.labels_of(campaign_id=campaign, campaign_name=names.get(campaign or ""), ad_set_id=ad_set)
    return tuple(sorted(found))


def _hears(channel: str, topic: Topic, watch: Watch) -> bool:
    return channel in channels_of(read(topic.body), watch.rules, priority=DIGEST)


def _digest_id(channel: str, day: date) -> str:
    empty = Notice(topic=channel, kind=DIGEST_KIND, priority=DIGEST, entity="", short="", seen="")
    return empty.said(day.isoformat()).notice_id


def failed_run(services: ActionServices, place: signal_notices.Place, **what: Any) -> list[Said]:
    """Keep that a run failed, unless the same has failed before and not succeeded since."""
    told = action_notices.run_notice(place=place, ui_url=services.settings.ui_url, **what)
    day = services.ledger.clock().astimezone(UTC).date()
    found = news([told], services.ledger.notices.topics(), day=day, kinds=())
    services.ledger.notices.say(found.said)
    services.ledger.notices.keep_topics(found.topics)
    return list(found.said)
