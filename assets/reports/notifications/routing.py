"""Which channels hear of a notice, and who is called: the most particular route counts, and of equals each."""

from assets.reports.notifications.notice import NOW, Notice
from resources.policy.notifications import DEFAULT, Notifications, Route


def channels_of(notice: Notice, rules: Notifications, *, priority: int | None = None) -> tuple[str, ...]:
    """Names of the channels that are to hear of it, in the policy's order. Where no route holds, all that no route names, or all."""
    kind = f"P{priority or notice.priority}"
    fitting = [one for one in rules.routes if _fits(one, notice, kind)]
    known = rules.every_channel
    if fitting:
        most = max(map(_particular, fitting))
        named = {name for one in fitting if _particular(one) == most for name in one.channels}
        return tuple(name for name in known if name in named)
    if not rules.routes:
        return tuple(known)
    routed = {name for route in rules.routes for name in route.channels}
    return tuple(name for name in known if name not in routed or name == DEFAULT) or tuple(known)


def owner_of(notice: Notice, rules: Notifications) -> str:
    """Who is called by a P1, as the chat writes it; empty for all else."""
    if notice.priority != NOW:
        return ""
    places = (f"{notice.platform} {notice.account_id}", *notice.labels, notice.platform, "*")
    return next((rules.owners[place] for place in places if place in rules.owners), "")


def _fits(route: Route, notice: Notice, priority: str) -> bool:
    return (
        priority in route.priorities
        and (not route.kinds or notice.kind in route.kinds)
        and route.platform in {None, notice.platform}
        and route.account_id in {None, notice.account_id}
        and (route.label is None or route.label in notice.labels)
    )


def _particular(route: Route) -> int:
    return (
        8 * (route.label is not None)
        + 4 * (route.account_id is not None)
        + 2 * (route.platform is not None)
        + bool(route.kinds)
    )
