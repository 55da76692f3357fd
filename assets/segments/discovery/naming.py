"""Names and ids of segments, worded from their rules. The same rule always has the same name."""

from collections.abc import Sequence

from assets.segments.discovery.rules import Clause, Rule, slug
from assets.segments.discovery.traits import FLAG, TEXT

_PLACES = {"country", "region", "city", "state", "market"}
LONGEST = 80


def names(rules: Sequence[Rule]) -> list[tuple[str, str]]:
    """Id and name of each rule; rules with equal names are told apart by their full wording."""
    titles = [name(rule) for rule in rules]
    titles = [
        title if titles.count(title) == 1 else f"{title} ({rule.words})"[:160]
        for title, rule in zip(titles, rules, strict=True)
    ]
    ids = [slug(title)[:60].strip("-") for title in titles]
    ids_and_names = []
    for number, (segment_id, text) in enumerate(zip(ids, titles, strict=True)):
        before = ids[:number].count(segment_id)
        ids_and_names.append((f"{segment_id}-{before + 1}" if before else segment_id, text))
    return ids_and_names


def name(rule: Rule) -> str:
    """Such as "Repeat buyers in Germany": of several branches the two shortest are named."""
    branches = sorted(rule.branches, key=len)
    if not branches or not branches[0]:
        return "All customers"
    common = [clause for clause in branches[0] if all(clause in branch for branch in branches)]
    if common and len(branches) > 1:
        rest = [[clause for clause in branch if clause not in common] for branch in branches]
        if len(rest) == 2 and all(len(clauses) == 1 for clauses in rest):
            noun, parts = _noun_and_parts(common)
            either = " or ".join(_part(clauses[0]) for clauses in rest)
            whole = " ".join((noun, *parts, either))
            if len(whole) <= LONGEST:
                return whole
        return _phrase(common, suffix="" if len(rest) < 2 else ", parted")
    phrases = [_phrase(branch) for branch in branches]
    two = f"{phrases[0]}, or {phrases[1][0].lower()}{phrases[1][1:]}" if len(phrases) > 1 else phrases[0]
    if len(two) > LONGEST:
        two = phrases[0]
    return f"{two} and others" if len(phrases) > (2 if ", or " in two else 1) else two


def _phrase(clauses: Sequence[Clause], suffix: str = "") -> str:
    noun, parts = _noun_and_parts(clauses)
    return " ".join((noun, *parts)) + suffix


def _noun_and_parts(clauses: Sequence[Clause]) -> tuple[str, list[str]]:
    """The noun that purchases give, and the wording of the other clauses."""
    nouns = [(clause, noun) for clause in clauses if (noun := _noun(clause))]
    parts = [_part(clause) for clause in clauses if not nouns or clause != nouns[0][0]]
    return (nouns[0][1] if nouns else "Customers"), parts


def _noun(clause: Clause) -> str:
    if clause.trait.name == "orders" and clause.low is not None and clause.high is None:
        return (
            "Repeat buyers"
            if 1 < clause.low <= 2
            else f"Buyers of {clause.low:g} or more times"
            if clause.low > 2
            else "Buyers"
        )
    if clause.trait.name == "orders" and clause.low is None and clause.high is not None:
        return (
            "Not yet buyers"
            if clause.high <= 1
            else "One-time buyers"
            if clause.high <= 2
            else f"Buyers of under {clause.high:g} times"
        )
    return ""


def _part(clause: Clause) -> str:
    trait_words = clause.trait.name.replace("_", " ")
    if not clause.levels and clause.low is None and clause.high is None:
        return f"with {'unknown' if clause.is_missing_in else 'known'} {trait_words}"
    if clause.trait.kind == TEXT:
        return _of_text(clause, trait_words)
    if clause.trait.kind == FLAG:
        return f"{'with' if clause.low is not None else 'without'} {trait_words}"
    return (
        _of_recency(clause) if clause.trait.name == "recency_days" else f"with {trait_words} {_range(clause)}"
    )


def _of_text(clause: Clause, trait_words: str) -> str:
    more = f" and {len(clause.levels) - 3} more" if len(clause.levels) > 3 else ""
    shown = ", ".join(clause.levels[:3]) + more
    if clause.trait.name in _PLACES:
        return f"{'outside' if clause.is_not else 'in'} {shown}"
    return f"{'without' if clause.is_not else 'with'} {trait_words} {shown}"


def _range(clause: Clause) -> str:
    if clause.low is not None and clause.high is not None:
        return f"{clause.low:g} to {clause.high:g}"
    return f"{clause.low:g} or more" if clause.low is not None else f"under {clause.high:g}"


def _of_recency(clause: Clause) -> str:
    if clause.low is not None and clause.high is not None:
        return f"last seen {clause.low:g} to {clause.high:g} days ago"
    if clause.low is not None:
        return f"not seen for {clause.low:g} days"
    return f"seen in the last {clause.high:g} days"
