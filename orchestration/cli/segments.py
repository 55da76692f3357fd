"""`python -m orchestration.cli segments`: the newest segments, and a preview of rules."""

import click
import pandas as pd

from assets.segments.discovery.cards import ACTIVE
from assets.segments.discovery.inputs import TRAITS
from assets.segments.discovery.preview import preview, traits_of_features, with_average
from assets.segments.discovery.rule_parser import RuleWrong, parse
from assets.segments.discovery.rules import Rule, rule_of
from assets.segments.discovery.traits import NUMBER, TEXT
from resources.config.settings import load_settings
from resources.lake.lake import Lake
from resources.lake.schema import Table
from resources.policy.policy import PolicyUnreadable, load_policy
from resources.policy.segments import Segments
from resources.tables.segments import CARDS, CUSTOMER_FEATURES

KNOWN = dict.fromkeys(TRAITS, TEXT) | {"tenure_days": NUMBER}


@click.group()
def segments() -> None:
    """Segments: the newest cards, and what a rule would take."""


@segments.command("list")
def listed() -> None:
    """The newest week's cards: those that are segments, then those that are not, and why."""
    cards = _newest(CARDS)
    if cards.empty:
        click.echo("There are no cards. Materialize segments/cards first.")
        return
    click.echo(f"Week to {cards['day'].max():%Y-%m-%d}")
    for card in cards.sort_values("priority").itertuples():
        why = f" {card.why}." if card.why else ""
        click.echo(
            f"{card.segment_id}  {card.state:8} {card.people:>9,} customers ({card.share:.1%}) "
            f" {card.segment}: {card.rule}.{why}"
        )


@segments.command("preview")
@click.option(
    "--rule",
    "expression",
    help="An expression to try, such as 'country == \"DE\" and orders >= 2'; else those of policy.yaml.",
)
def previewed(expression: str | None) -> None:
    """Size and overlap of rules that people wrote, on the newest week's customers. Nothing is written."""
    rules = _rules(expression)
    rows = _newest(CUSTOMER_FEATURES)
    if not rules:
        raise click.ClickException(
            "policy.yaml has no segments.rules. Write one there, or try one with --rule."
        )
    if rows.empty:
        raise click.ClickException(
            "Nothing is known of customers. Materialize segments/customer_features first."
        )
    active = _newest(CARDS)
    active = active[active["state"] == ACTIVE] if len(active) else active
    discovered = {
        card.segment: rule_of(card.definition) for card in active.itertuples() if card.segment not in rules
    }
    click.echo(f"{len(rows):,} customers, week to {rows['day'].max():%Y-%m-%d}")
    for audience in preview(with_average(rows), rules | discovered):
        if audience.name not in rules:
            continue
        click.echo(
            f"{audience.name}: {audience.people:,} customers ({audience.share or 0.0:.1%}), {audience.gets:,}"
            f" after rules before it. {audience.rule}"
        )
        for other, shared in sorted(audience.shared.items(), key=lambda pair: -pair[1]):
            if shared:
                click.echo(f"  {shared:,} ({shared / max(audience.people, 1):.0%}) are also in {other}")


def _rules(expression: str | None) -> dict[str, Rule]:
    traits = traits_of_features(KNOWN)
    try:
        if expression is not None:
            return {"the rule": parse(expression, traits, name="the rule")}
        return {
            written_rule.name: parse(written_rule.expression, traits, name=written_rule.name)
            for written_rule in _policy().rules
        }
    except (RuleWrong, PolicyUnreadable) as error:
        raise click.ClickException(str(error)) from None


def _policy() -> Segments:
    return load_policy(load_settings(with_platforms=False).policy_file).segments


def _newest(table: Table) -> pd.DataFrame:
    lake = Lake(load_settings(with_platforms=False).lake_uri)
    rows = lake.read(table)
    return rows[rows["day"] == rows["day"].max()] if len(rows) else rows
