"""Proposals as people read them: in a message, in the Dagster UI, in a terminal."""

import re
from decimal import Decimal
from urllib.parse import quote

from assets.formatting import numbers
from assets.formatting.markdown import as_markdown_text
from assets.formatting.platform_names import spoken
from resources.ledger.proposal import Change, Proposal

JOB, LOCATION, ASSET = "decide", "paid_media", "actions__approved"
SHOWN_DETAILS = 12
_MARKS = {True: "✓", False: "✗", None: "?"}
KINDS = {
    "pause_ad_set": "Pause",
    "resume_ad_set": "Restart",
    "set_daily_budget": "Set daily budget",
    "reallocate_budget": "Shift budget",
    "revert": "Take back",
    "add_negative_keywords": "Add negative keywords",
    "remove_negative_keywords": "Remove negative keywords",
    "create_negative_list": "Make a list of negative keywords",
    "attach_negative_lists": "Attach lists of negative keywords",
    "create_ads": "Create ads",
    "edit_ad_texts": "Edit ad texts",
    "set_bid": "Set bid",
    "exclude_audience": "Exclude audience",
    "sync_audience": "Sync audience",
}
"""Every kind of proposal in a word or three."""


def kind_reads(proposal: Proposal) -> str:
    return KINDS.get(proposal.kind, proposal.kind.replace("_", " ").capitalize())


def now_reads(change: Change) -> str:
    """What is there now: a daily budget as every page writes money, anything else as its kind says it."""
    return _money(change, change.budgets[0]) if change.budgets else change.now


def then_reads(change: Change) -> str:
    """What is proposed, likewise."""
    return _money(change, change.budgets[1]) if change.budgets else change.proposed


def _money(change: Change, amount: Decimal) -> str:
    return numbers.money(float(amount), change.image.currency)


def diff(proposal: Proposal) -> str:
    """The changes as Markdown, one line each."""
    lines = [
        f"| {spoken(c.target.platform)} {c.target.account_id} | {as_markdown_text(c.image.name)}"
        f" ({c.target.level.replace('_', ' ')} {c.target.entity_id}) | {c.title} |"
        f" {as_markdown_text(now_reads(c))} | **{as_markdown_text(then_reads(c))}** |"
        f" {f'shared by {c.image.shared_by} campaigns' if c.image.shared_by > 1 else ''} |"
        for c in proposal.changes
    ]
    table = "\n".join(["| account | what | field | now | proposed | |", "|---|---|---|---|---|---|", *lines])
    return "\n\n".join([table, *(block for c in proposal.changes if (block := _details_block(c)))])


def _details_block(change: Change) -> str:
    """Every word of a change that a cell cannot hold, as a block that is not read as Markdown."""
    if not change.details:
        return ""
    lines = "\n".join(_printable(line) for line in change.details)
    fence = "`" * (3 + max((len(run) for run in re.findall("`+", lines)), default=0))
    return f"{fence}diff\n{lines}\n{fence}"


def _printable(line: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in line)


def details_in_a_sentence(proposal: Proposal) -> str:
    """The words that a proposal adds and removes, for a line of a message: the first of them, and how many
    more.
    """
    lines = [_printable(line) for change in proposal.changes for line in change.details]
    left = f"; and {len(lines) - SHOWN_DETAILS} more lines" if len(lines) > SHOWN_DETAILS else ""
    return "; ".join(lines[:SHOWN_DETAILS]) + left


def sheet(proposal: Proposal) -> str:
    """Everything an approver should have read, as Markdown."""
    evidence = "\n".join(
        f"| {as_markdown_text(name.replace('_', ' '))} | {as_markdown_text(numbers.plain(value))} |"
        for name, value in proposal.evidence.items()
    )
    verdicts = "\n".join(
        f"| {_MARKS[v.holds]} | {v.guardrail} | {as_markdown_text(v.words)} |" for v in proposal.verdicts
    )
    return "\n\n".join(
        [
            f"**{proposal.kind}**: {as_markdown_text(proposal.reason)}",
            diff(proposal),
            f"Expected: {as_markdown_text(proposal.effect.words)}.",
            (
                f"Proposed by {as_markdown_text(proposal.proposer)} on figures up to {proposal.as_of};"
                f" expires {proposal.expires_at:%Y-%m-%d %H:%M} UTC."
            ),
            f"| evidence | |\n|---|---|\n{evidence}",
            f"| | limit | |\n|---|---|---|\n{verdicts}",
            f"digest `{proposal.digest}`",
        ]
    )


def key_facts(proposal: Proposal) -> dict[str, str]:
    """What fits into a line each, the change first."""
    held = sum(verdict.holds is True for verdict in proposal.verdicts)
    kept = "; ".join(f"{v.guardrail}: {v.words}" for v in proposal.verdicts if v.holds is not True)
    return {
        "change": "; ".join(
            f"{c.image.name} ({c.target.platform} {c.target.level} {c.target.entity_id}): {c.title} {c.words}"
            for c in proposal.changes
        ),
        "reason": proposal.reason,
        "expected effect": proposal.effect.words,
        "limits": f"{held} of {len(proposal.verdicts)} hold{'. NOT: ' + kept if kept else ''}",
        "proposed by": f"{proposal.proposer}, on figures up to {proposal.as_of}",
        "digest": proposal.digest,
    }


def form(summary: str) -> dict[str, str]:
    """The fields of the decision form, filled with what is decided on and nothing else."""
    return {"proposal": summary, "decision": "undecided", "approver": "", "code": "", "note": ""}


def form_yaml(summary: str) -> str:
    """The form as the launchpad shows it."""
    fields = "".join(f"      {name}: '{value}'\n" for name, value in form(summary).items())
    return f"ops:\n  {ASSET}:\n    config:\n{fields}"


def link(ui_url: str, key: str, summary: str) -> str:
    """An address that opens the filled form for one key."""
    config = quote(form_yaml(summary), safe="")
    tags = f"tags[0][key]={quote('dagster/partition', safe='')}&tags[0][value]={quote(key, safe='')}"
    return f"{ui_url.rstrip('/')}/locations/{LOCATION}/jobs/{JOB}/playground/setup?mode=default&config={config}&{tags}"


def invitation(proposal: Proposal, *, ui_url: str) -> str:
    """What an approver needs of one proposal: what, why, what it brings, until when, and where to decide."""
    until = (
        f"until {proposal.expires_at:%Y-%m-%d %H:%M} UTC:"
        f" {link(ui_url, proposal.proposal_id, proposal.summary)}"
    )
    details = "".join(f"{_printable(line)}\n" for change in proposal.changes for line in change.details)
    return f"{proposal.summary}\n{details}{proposal.reason}\n{proposal.effect.words}\n{until}"
