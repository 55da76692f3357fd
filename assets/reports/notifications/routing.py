"""Routing: which channels get a notice and who is mentioned.

The most specific matching route wins; ties all count.
"""

from assets.reports.notifications.notice import NOW, Notice
from resources.policy.notifications import DEFAULT, Notifications, Route


def channels_of(notice: Notice, rules: Notifications, *, priority: int | None = None) -> tuple[str, ...]:
    """Channels that get it, in the policy's order.

    Without a matching route: channels that no route names, else all of them.
    """
    kind = f"P{priority or notice.priority}"
    fitting = [route for route in rules.routes if _fits(route, notice, kind)]
    channels = rules.every_channel
    if fitting:
        highest = max(map(_specificity, fitting))
        named = {name for route in fitting if _specificity(route) == highest for name in route.channels}
        return tuple(name for name in channels if name in named)
    if not rules.routes:
        return tuple(channels)
    routed = {name for route in rules.routes for name in route.channels}
    unrouted = tuple(name for name in channels if name not in routed or name == DEFAULT)
    return unrouted or tuple(channels)


def owner_of(notice: Notice, rules: Notifications) -> str:
    """Mention of the owner for a P1, in the chat's own syntax; empty for other priorities."""
    if notice.priority != NOW:
        return ""
    scopes = (f"{notice.platform} {notice.account_id}", *notice.labels, notice.platform, "*")
    return next((rules.owners[scope] for scope in scopes if scope in rules.owners), "")


def _fits(route: Route, notice: Notice, priority: str) -> bool:
    return (
        priority in route.priorities
        and (not route.kinds or notice.kind in route.kinds)
        and route.platform in {None, notice.platform}
        and route.account_id in {None, notice.account_id}
        and (route.label is None or route.label in notice.labels)
    )


def _specificity(route: Route) -> int:
    return (
        8 * (route.label is not None)
        + 4 * (route.account_id is not None)
        + 2 * (route.platform is not None)
        + bool(route.kinds)
    )
