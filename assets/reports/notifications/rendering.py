"""One message of several notices, as text, as chats write it and as mail: six lines at most, the rest counted, nothing secret in it.

A single notice has a line for each of its parts; several have a line each. Names come from the platforms and are written by people:
tokens, mail addresses and telephone numbers in them are hidden, and what a chat would read as markup is put as letters that look like it.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from assets.reports.notifications.notice import DIGEST, NOW, SOON, Change, Link, Notice
from assets.reports.pages.export import BOM, cell
from resources.notification_delivery import Message
from resources.security.redaction import redacted

SHOWN, LONGEST_TITLE, LONGEST_PART = 5, 140, 400
URGENCY = {NOW: "Urgent", SOON: "Today", DIGEST: "For information"}
COLOURS = {NOW: "#b42318", SOON: "#93510a", DIGEST: "#475467"}
_PREFIX = {Change.NEW: "", Change.WORSE: "worse: ", Change.AGAIN: "again: ", Change.ENDED: ""}
_PLURALS = {
    "approval": "approvals", "reminder": "approvals", "incident": "incidents", "tracking": "tracking outages", "pacing": "budgets off plan",
    "freshness": "platforms with old figures", "reading": "readings not kept", "write": "writes to look at", "run": "runs failed",
}  # fmt: skip
_LIKE = str.maketrans({"*": "∗", "`": "'", "[": "(", "]": ")", "<": "‹", ">": "›", "\\": "/"})


@dataclass(frozen=True)
class Spoken:
    """A notice as it is written: who is called, the word for its urgency, and its parts."""

    notice: Notice
    mention: str

    @property
    def word(self) -> str:
        return "Over" if self.notice.change == Change.ENDED else URGENCY[self.notice.priority]

    @property
    def head(self) -> str:
        return f"{self.word}: {_PREFIX[self.notice.change]}{self.notice.entity}"

    @property
    def parts(self) -> list[str]:
        one = self.notice
        return [
            part for part in (one.seen, one.money, one.cause, f"→ {one.todo}" if one.todo else "") if part
        ]

    @property
    def line(self) -> str:
        """All of it in one line."""
        one = self.notice
        said = "; ".join(filter(None, (one.seen, one.money)))
        return f"{self.head}: {said}" + (f" → {one.todo}" if one.todo else "")


def message_of(
    notices: Sequence[Notice], *, company: str, mentions: Mapping[str, str] | None = None, secrets: Sequence[str] = ()
) -> Message:  # fmt: skip
    """The message; it has the same content in every form.

    Args:
        notices: What it is of, at least one, all of the same priority.
        company: Stands in the subject; the account's name where all are of one and none is given.
        mentions: Who is called, by topic.
        secrets: What must not stand in it, wherever it came from.
    """
    clean = partial(redacted, secrets=secrets)
    spoken = [Spoken(_clean(one, clean), (mentions or {}).get(one.topic, "")) for one in notices]
    shown, rest = spoken[:SHOWN], spoken[SHOWN:]
    title = title_of([one.notice for one in spoken], company=clean(company))
    rows = [row for one in spoken for row in one.notice.rows]
    return Message(
        title=title, text=_text(shown, rest), markdown=_markdown(shown, rest), html=_html(title, shown, rest),
        attached=(("proposals.csv", _csv(rows)) if rows else None),
    )  # fmt: skip


def title_of(notices: Sequence[Notice], *, company: str) -> str:
    """Such as `[P2][Acme] 3 approvals, landing 104%`."""
    accounts = {one.account for one in notices}
    who = company or (next(iter(accounts)) if len(accounts) == 1 and "" not in accounts else "Paid media")
    by_kind: dict[str, list[Notice]] = {}
    for one in notices:
        by_kind.setdefault("approval" if one.kind == "reminder" else one.kind, []).append(one)
    parts = [
        some[0].short if len(some) == 1 else f"{len(some)} {_PLURALS.get(kind, f'{kind}s')}"
        for kind, some in by_kind.items()
    ]
    title = f"[P{min(one.priority for one in notices)}][{who}] {', '.join(parts)}"
    title = " ".join(title.split())
    return title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…"


def _clean(notice: Notice, clean: partial[str]) -> Notice:
    def told(text: str) -> str:
        one_line = " ".join(clean(text).split())
        return one_line if len(one_line) <= LONGEST_PART else one_line[: LONGEST_PART - 1] + "…"

    words = {
        name: told(getattr(notice, name))
        for name in ("entity", "short", "seen", "money", "cause", "todo", "account")
    }
    rows = tuple({name: clean(value) for name, value in row.items()} for row in notice.rows)
    return msgspec.structs.replace(notice, **words, rows=rows, lines=tuple(map(told, notice.lines)))


def _text(shown: Sequence[Spoken], rest: Sequence[Spoken]) -> str:
    return "\n".join(_lines(shown, rest, head=str, said=str, link=lambda one: f"{one.word}: {one.url}"))


def _markdown(shown: Sequence[Spoken], rest: Sequence[Spoken]) -> str:
    # Two spaces before the line break: some chats join lines otherwise.
    return "  \n".join(
        _lines(
            shown,
            rest,
            head=lambda words: f"**{_plain(words)}**",
            said=_plain,
            link=lambda one: f"[{one.word}]({one.url})",
        )
    )


def _lines(shown: Sequence[Spoken], rest: Sequence[Spoken], *, head, said, link) -> list[str]:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Six lines at most but for a digest, which has a line for each of its things."""
    if len(shown) == 1 and not rest:
        one = shown[0]
        called = f"{one.mention} " if one.mention else ""
        if one.notice.lines or one.notice.kind in {"digest", "weekly"}:
            lines = [head(one.notice.seen), *(f"• {said(line)}" for line in one.notice.lines)]
        else:
            lines = [called + head(one.head), *map(said, one.parts)]
        return [*lines, *([" · ".join(map(link, one.notice.links))] if one.notice.links else [])]
    called = " ".join(dict.fromkeys(one.mention for one in (*shown, *rest) if one.mention))
    lines = [
        said(one.line)
        + (f" {' · '.join(link(each) for each in one.notice.links[:1])}" if one.notice.links else "")
        for one in shown
    ]
    if called:
        lines[0] = f"{called} {lines[0]}"
    return [*lines, *([f"and {len(rest)} more"] if rest else [])]


def _plain(words: str) -> str:
    """Words in which no chat finds markup."""
    return words.replace("->", "→").translate(_LIKE)


def _html(title: str, shown: Sequence[Spoken], rest: Sequence[Spoken]) -> str:
    places: dict[str, Link] = {}
    for one in shown:
        for link in one.notice.links:
            if len(link.url) < 120:
                places.setdefault(link.url, link)
    first = shown[0].notice
    return _environment().get_template("mail.html.j2").render(
        title=title, shown=shown, rest=len(rest), places=list(places.values()), colour=COLOURS[first.priority],
        is_digest=len(shown) == 1 and bool(first.lines or first.kind in {"digest", "weekly"}),
    )  # fmt: skip


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


def _csv(rows: Sequence[Mapping[str, str]]) -> str:
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\r\n")
    table.writerow(rows[0])
    table.writerows([cell(value) for value in row.values()] for row in rows)
    return BOM + written.getvalue()
