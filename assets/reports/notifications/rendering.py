"""Rendering of notices as one message in plain text, Markdown and HTML mail: at most six lines, the rest
counted.

A single notice has a line for each of its parts; several have one line each. Entity names are untrusted text:
tokens, mail addresses and telephone numbers are redacted, and markup characters are replaced by look-alikes
that no chat interprets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from assets.formatting.csv_text import csv_text
from assets.reports.notifications.notice import DIGEST, NOW, SOON, Link, Notice, TopicChange
from resources.notification_delivery import Message
from resources.security.redaction import redacted

SHOWN, LONGEST_TITLE, LONGEST_PART, LONGEST_LINK = 5, 140, 400, 120
URGENCY = {NOW: "Urgent", SOON: "Today", DIGEST: "For information"}
COLOURS = {NOW: "#b42318", SOON: "#93510a", DIGEST: "#475467"}
_PREFIX = {
    TopicChange.NEW: "",
    TopicChange.WORSE: "worse: ",
    TopicChange.AGAIN: "again: ",
    TopicChange.ENDED: "",
}
_PLURALS = {
    "approval": "approvals",
    "reminder": "approvals",
    "incident": "incidents",
    "tracking": "tracking outages",
    "pacing": "budgets off plan",
    "freshness": "platforms with old figures",
    "reading": "readings not kept",
    "write": "writes to look at",
    "run": "runs failed",
}
_LIKE = str.maketrans({"*": "∗", "`": "'", "[": "(", "]": ")", "<": "‹", ">": "›", "\\": "/"})


@dataclass(frozen=True)
class RenderedNotice:
    """A notice with its mention, and its texts in the order in which they are shown."""

    notice: Notice
    mention: str

    @property
    def word(self) -> str:
        return "Over" if self.notice.change == TopicChange.ENDED else URGENCY[self.notice.priority]

    @property
    def head(self) -> str:
        return f"{self.word}: {_PREFIX[self.notice.change]}{self.notice.entity}"

    @property
    def parts(self) -> list[str]:
        notice = self.notice
        todo = f"→ {notice.todo}" if notice.todo else ""
        return [part for part in (notice.seen, notice.money, notice.cause, todo) if part]

    @property
    def line(self) -> str:
        """All of it in one line."""
        notice = self.notice
        facts = "; ".join(filter(None, (notice.seen, notice.money)))
        return f"{self.head}: {facts}" + (f" → {notice.todo}" if notice.todo else "")


def message_of(
    notices: Sequence[Notice],
    *,
    company: str,
    mentions: Mapping[str, str] | None = None,
    secrets: Sequence[str] = (),
) -> Message:
    """The message, with the same content in every format.

    Args:
        notices: At least one notice, all of the same priority.
        company: Name in the subject; where empty, the account's name if all notices are of one account.
        mentions: Who is mentioned, by topic.
        secrets: Texts to redact wherever they come from.
    """
    clean = partial(redacted, secrets=secrets)
    rendered = [
        RenderedNotice(_clean(notice, clean), (mentions or {}).get(notice.topic, "")) for notice in notices
    ]
    shown, rest = rendered[:SHOWN], rendered[SHOWN:]
    title = title_of([item.notice for item in rendered], company=clean(company))
    rows = [row for item in rendered for row in item.notice.rows]
    return Message(
        title=title,
        text=_text(shown, rest),
        markdown=_markdown(shown, rest),
        html=_html(title, shown, rest),
        attached=(("proposals.csv", _csv(rows)) if rows else None),
    )


def title_of(notices: Sequence[Notice], *, company: str) -> str:
    """Subject line, such as `[P2][Acme] 3 approvals, landing 104%`."""
    accounts = {notice.account for notice in notices}
    who = company or (next(iter(accounts)) if len(accounts) == 1 and "" not in accounts else "Paid media")
    by_kind: dict[str, list[Notice]] = {}
    for notice in notices:
        by_kind.setdefault("approval" if notice.kind == "reminder" else notice.kind, []).append(notice)
    parts = [
        group[0].short if len(group) == 1 else f"{len(group)} {_PLURALS.get(kind, f'{kind}s')}"
        for kind, group in by_kind.items()
    ]
    title = f"[P{min(notice.priority for notice in notices)}][{who}] {', '.join(parts)}"
    title = " ".join(title.split())
    return title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…"


def _clean(notice: Notice, clean: partial[str]) -> Notice:
    def shortened(text: str) -> str:
        one_line = " ".join(clean(text).split())
        return one_line if len(one_line) <= LONGEST_PART else one_line[: LONGEST_PART - 1] + "…"

    words = {
        name: shortened(getattr(notice, name))
        for name in ("entity", "short", "seen", "money", "cause", "todo", "account")
    }
    rows = tuple({name: clean(value) for name, value in row.items()} for row in notice.rows)
    return msgspec.structs.replace(notice, **words, rows=rows, lines=tuple(map(shortened, notice.lines)))


def _text(shown: Sequence[RenderedNotice], rest: Sequence[RenderedNotice]) -> str:
    return "\n".join(_lines(shown, rest, head=str, body=str, link=lambda link: f"{link.word}: {link.url}"))


def _markdown(shown: Sequence[RenderedNotice], rest: Sequence[RenderedNotice]) -> str:
    # Two spaces before the line break: some chats join lines otherwise.
    return "  \n".join(
        _lines(
            shown,
            rest,
            head=lambda words: f"**{_plain(words)}**",
            body=_plain,
            link=lambda link: f"[{link.word}]({link.url})",
        )
    )


def _lines(shown: Sequence[RenderedNotice], rest: Sequence[RenderedNotice], *, head, body, link) -> list[str]:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """At most six lines; a digest has a line for each of its topics."""
    if len(shown) == 1 and not rest:
        (item,) = shown
        mention = f"{item.mention} " if item.mention else ""
        if item.notice.lines or item.notice.kind in {"digest", "weekly"}:
            lines = [head(item.notice.seen), *(f"• {body(line)}" for line in item.notice.lines)]
        else:
            lines = [mention + head(item.head), *map(body, item.parts)]
        return [*lines, *([" · ".join(map(link, item.notice.links))] if item.notice.links else [])]
    mentions = " ".join(dict.fromkeys(item.mention for item in (*shown, *rest) if item.mention))
    lines = [
        body(item.line) + (f" {link(item.notice.links[0])}" if item.notice.links else "") for item in shown
    ]
    if mentions:
        lines[0] = f"{mentions} {lines[0]}"
    return [*lines, *([f"and {len(rest)} more"] if rest else [])]


def _plain(words: str) -> str:
    """The text with markup characters replaced, so that chats show it as it is."""
    return words.replace("->", "→").translate(_LIKE)


def _html(title: str, shown: Sequence[RenderedNotice], rest: Sequence[RenderedNotice]) -> str:
    links: dict[str, Link] = {}
    for item in shown:
        for link in item.notice.links:
            if len(link.url) < LONGEST_LINK:
                links.setdefault(link.url, link)
    first = shown[0].notice
    return (
        _environment()
        .get_template("mail.html.j2")
        .render(
            title=title,
            shown=shown,
            rest=len(rest),
            links=list(links.values()),
            colour=COLOURS[first.priority],
            is_digest=len(shown) == 1 and bool(first.lines or first.kind in {"digest", "weekly"}),
        )
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _csv(rows: Sequence[Mapping[str, str]]) -> str:
    return csv_text(rows[0], (row.values() for row in rows))
