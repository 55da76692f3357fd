"""What every wire honours, as the table of docs/sandbox.md: made from what the wires themselves check
against.

`python -m sandbox.honoured` prints it; a test holds the page against it.
"""

from collections.abc import Iterable, Iterator

from sandbox.google import ad_rules, conditions, dates, fields, mutates
from sandbox.google.rest import MUTATED
from sandbox.hubspot import properties, records, search
from sandbox.linkedin import analytics_query, collections, creation, segments, targeting
from sandbox.meta import activities, estimates, insight_query
from sandbox.meta import creation as meta_creation
from sandbox.meta import fields as meta_fields
from sandbox.salesforce.literals import LITERALS
from sandbox.salesforce.objects import FIELDS as SALESFORCE_FIELDS

BEGIN, END = "<!-- begin: python -m sandbox.honoured -->", "<!-- end: python -m sandbox.honoured -->"
Entry = tuple[str, Iterable[str]]


def table() -> str:
    """The tables of all wires as Markdown, with a heading each."""
    wires: dict[str, Iterator[Entry]] = {
        "Google Ads": _google(),
        "Meta": _meta(),
        "LinkedIn": _linkedin(),
        "HubSpot": _hubspot(),
        "Salesforce": _salesforce(),
    }
    parts = []
    for wire, entries in wires.items():
        rows = [f"| {what} | {', '.join(f'`{name}`' for name in names)} |" for what, names in entries]
        parts.append("\n".join([f"### {wire}", "", "| what | honoured |", "|---|---|", *rows]))
    return "\n\n".join(parts)


def _google() -> Iterator[Entry]:
    yield "versions", fields.VERSIONS
    yield "operators", conditions.OPERATORS
    yield "DURING", dates.DURING
    for resource, own_id in sorted(fields.ATTRIBUTES.items()):
        yield f"`{resource}`: own fields", ("resource_name", *own_id)
        if resource in fields.ATTRIBUTED:
            yield f"`{resource}`: fields of", fields.ATTRIBUTED[resource]
        if resource in fields.METRICS:
            yield f"`{resource}`: metrics", fields.METRICS[resource]
            yield f"`{resource}`: segments", fields.SEGMENTS[resource]
    yield "writes over REST to", sorted(MUTATED)
    for kind, names in sorted(mutates.CREATED_FIELDS.items()):
        yield f"create of `{kind}`", sorted(name.rstrip("_") for name in names)
    yield "fields of an ad", sorted({*ad_rules.AD_FIELDS, *ad_rules.RSA_FIELDS, *ad_rules.TEXT_FIELDS})


def _meta() -> Iterator[Entry]:
    yield "insights: parameters", sorted(insight_query.PARAMETERS)
    yield "insights: fields", sorted(insight_query.FIELDS)
    yield "insights: breakdowns", ("+".join(names) for names in insight_query.BREAKDOWNS)
    yield "insights: date_preset", insight_query.PRESETS
    yield "insights: filtering", sorted(insight_query.FILTERED)
    for level, honoured in meta_fields.FIELDS.items():
        yield f"fields of {meta_fields.NODE_TYPES[level]}", sorted(honoured)
    for level, written in meta_fields.WRITABLE.items():
        yield f"update of {meta_fields.NODE_TYPES[level]}", sorted(written)
    for level, written in meta_creation.HONOURED.items():
        yield f"create of {meta_fields.NODE_TYPES[level]}", sorted(written)
    yield "activities: parameters", sorted(activities.PARAMETERS)
    for edge, names in estimates.PARAMETERS.items():
        yield edge, sorted(names)


def _linkedin() -> Iterator[Entry]:
    yield "adAnalytics: parameters", sorted({*analytics_query.PARAMETERS, "pivot", "pivots"})
    yield "adAnalytics: pivots", (*analytics_query.PIVOTS, *analytics_query.DIVIDING)
    yield "adAnalytics: pivots by members, approximated, alone", analytics_query.PEOPLE
    yield "adAnalytics: timeGranularity", analytics_query.GRANULARITIES
    yield "adAnalytics: fields", (*analytics_query.OTHERS, *analytics_query.METRICS)
    for collection, names in collections.SEARCHED.items():
        yield f"search of {collection}", sorted(names)
    yield "creatives?q=criteria", sorted({*collections.CRITERIA, "sortOrder"})
    yield "create of a creative", sorted(creation.CREATIVE_FIELDS)
    yield "createInline: fields of its post", sorted(creation.POST_FIELDS)
    yield "targeting facets", (urn.rpartition(":")[2] for urn in (*targeting.ENTITIES, segments.FACET))


def _hubspot() -> Iterator[Entry]:
    yield "search: operators", search.OPERATORS
    yield "search: body", sorted(search.BODY)
    yield "lists and single records: parameters", ("limit", "after", "archived", *records.SHOWN)
    for kind, names in properties.PROPERTIES.items():
        yield f"properties of {kind}", names


def _salesforce() -> Iterator[Entry]:
    yield "SOQL: date literals", LITERALS
    for name, own_id in SALESFORCE_FIELDS.items():
        yield f"fields of {name}", own_id


if __name__ == "__main__":
    print(table())
