"""Names and ids of segments, worded from their rules: "Large German companies on Snowflake".

A name states who is meant in the words a marketer would use; the exact bounds and exceptions are in the rule.
The same rule always has the same name.
"""

from collections.abc import Callable, Iterable, Sequence

from assets.formatting.platform_names import spoken
from assets.segments.discovery.rules import Clause, Rule, slug
from assets.segments.discovery.traits import FLAG, TEXT
from assets.segments.features.iso_codes import country_name, language_name

LONGEST = 80
MOST_LISTED = 3
"""Levels that a name lists before it says how many more there are."""
NATIONALITIES = {
    "AT": "Austrian",
    "AU": "Australian",
    "BE": "Belgian",
    "BR": "Brazilian",
    "CA": "Canadian",
    "CH": "Swiss",
    "CN": "Chinese",
    "CZ": "Czech",
    "DE": "German",
    "DK": "Danish",
    "ES": "Spanish",
    "FI": "Finnish",
    "FR": "French",
    "GB": "British",
    "GR": "Greek",
    "HU": "Hungarian",
    "IE": "Irish",
    "IN": "Indian",
    "IT": "Italian",
    "JP": "Japanese",
    "MX": "Mexican",
    "NL": "Dutch",
    "NO": "Norwegian",
    "PL": "Polish",
    "PT": "Portuguese",
    "RO": "Romanian",
    "SE": "Swedish",
    "TR": "Turkish",
    "US": "American",
}
SIZES = {
    frozenset({"1-9"}): "very small",
    frozenset({"10-49"}): "small",
    frozenset({"50-249"}): "medium-sized",
    frozenset({"250-999"}): "large",
    frozenset({"1000+"}): "very large",
    frozenset({"1-9", "10-49"}): "small",
    frozenset({"10-49", "50-249"}): "small and medium-sized",
    frozenset({"1-9", "10-49", "50-249"}): "small and medium-sized",
    frozenset({"50-249", "250-999"}): "medium-sized and large",
    frozenset({"250-999", "1000+"}): "large",
    frozenset({"50-249", "250-999", "1000+"}): "medium-sized and large",
}
"""Adjectives of sets of company sizes, as segments/customer_features has them."""
UNPAID_CHANNELS = {"organic": "organic search", "direct": "direct visits", "email": "e-mail"}
OF_COMPANIES = {"company_size", "industry", "technology", "account_tier"}


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
        return _with_common(common, branches)
    phrases = [_phrase(branch) for branch in branches]
    two = f"{phrases[0]}, or {_continued(phrases[1])}" if len(phrases) > 1 else phrases[0]
    if len(two) > LONGEST:
        two = phrases[0]
    return f"{two} and others" if len(phrases) > (2 if ", or " in two else 1) else two


def _with_common(common: Sequence[Clause], branches: Sequence[Sequence[Clause]]) -> str:
    """What all branches share, and what each of two adds; of more branches how many there are."""
    added = [[clause for clause in branch if clause not in common] for branch in branches]
    if len(added) == 2 and all(len(clauses) == 1 for clauses in added):
        phrases = [_phrase([*common, clauses[0]]) for clauses in added]
        shared = _phrase(common)
        if all(phrase.startswith(f"{shared} ") for phrase in phrases):
            either = " or ".join(phrase[len(shared) + 1 :] for phrase in phrases)
            if len(shared) + 1 + len(either) <= LONGEST:
                return f"{shared} {either}"
        joined = f"{phrases[0]}, or {_continued(phrases[1])}"
        if len(joined) <= LONGEST:
            return joined
    return f"{_phrase(common)}, {len(branches)} profiles"


def _continued(phrase: str) -> str:
    """The phrase in the middle of a sentence: nationalities keep their capital."""
    return phrase if phrase.split(maxsplit=1)[0] in NATIONALITIES.values() else phrase[0].lower() + phrase[1:]


def _phrase(clauses: Sequence[Clause]) -> str:
    """Adjectives, noun and additions in the order of speech, the first letter in upper case."""
    traits = [clause.trait.name for clause in clauses]
    by_name = {clause.trait.name: clause for clause in clauses if traits.count(clause.trait.name) == 1}
    used: set[str] = set()

    def take(trait: str, word: Callable[[Clause], str]) -> str:
        clause = by_name.get(trait)
        text = word(clause) if clause is not None and not _is_bare(clause) and not clause.is_not else ""
        if text:
            used.add(trait)
        return text

    adjectives = [take("company_size", _size), take("country", _nationality), take("industry", _industry)]
    noun = "companies" if OF_COMPANIES & set(traits) else "customers"
    if bought := take("orders", _buyers):
        noun = f"{bought} at" if noun == "companies" else bought
        words = [noun, *adjectives, "companies"] if noun.endswith(" at") else [*adjectives, noun]
    else:
        words = [*adjectives, noun]
    words += [take("technology", lambda clause: f"on {_listed(clause.levels)}")]
    words += [_addition(clause) for clause in clauses if clause.trait.name not in used]
    text = " ".join(word for word in words if word)
    return text[0].upper() + text[1:]


def _is_bare(clause: Clause) -> bool:
    return not clause.levels and clause.low is None and clause.high is None


def _size(clause: Clause) -> str:
    return SIZES.get(frozenset(clause.levels), "")


def _nationality(clause: Clause) -> str:
    words = [NATIONALITIES.get(level, "") for level in clause.levels]
    return " and ".join(words) if len(words) <= 2 and all(words) else ""


def _industry(clause: Clause) -> str:
    return _listed([_spelled(level) for level in clause.levels]) if len(clause.levels) <= 2 else ""


def _buyers(clause: Clause) -> str:
    """The noun for a range of the number of orders."""
    low, high = clause.low, clause.high
    if low is not None and high is None:
        if low <= 1:
            return "buyers"
        return "repeat buyers" if low <= 2 else f"buyers of {low:g} or more times"
    if low is None and high is not None:
        if high <= 1:
            return "leads without an order"
        return "one-time buyers" if high <= 2 else f"buyers of under {high:g} times"
    return ""


def _addition(clause: Clause) -> str:
    """What a clause adds after the noun."""
    trait = clause.trait.name.replace("_", " ")
    if _is_bare(clause):
        return f"of unknown {trait}" if clause.is_missing_in else f"of known {trait}"
    if clause.trait.kind == TEXT:
        return _of_text(clause, trait)
    if clause.trait.kind == FLAG:
        return f"{'with' if clause.low is not None else 'without'} {trait}"
    if clause.trait.name == "recency_days":
        return _of_recency(clause)
    if clause.trait.name == "expected_value":
        return f"worth {_range(clause)} a year"
    return f"with {_range(clause)} {trait}" if trait.endswith("s") else f"with {trait} {_range(clause)}"


def _spelled(level: str) -> str:
    """A level of a CRM's list in ordinary letters: COMPUTER_SOFTWARE is computer software."""
    return level.replace("_", " ").lower() if level.isupper() and len(level) > 3 else level.replace("_", " ")


_WORDED: dict[str, tuple[str, Callable[[str], str]]] = {
    "country": ("in {}", country_name),
    "region": ("in {}", str),
    "city": ("in {}", str),
    "market": ("in {}", str),
    "language": ("speaking {}", language_name),
    "technology": ("on {}", str),
    "industry": ("in {}", _spelled),
    "company_size": ("with {} employees", str),
    "first_channel": ("from {}", lambda level: UNPAID_CHANNELS.get(level, spoken(level))),
    "search_topic": ("searching for {}", str),
    "content": ("who read about {}", str),
}
"""Wording of a text trait, and of each of its levels."""


def _of_text(clause: Clause, trait: str) -> str:
    pattern, word = _WORDED.get(clause.trait.name, (f"with {trait} {{}}", str))
    listed = _listed([word(level) for level in clause.levels])
    if not clause.is_not:
        return pattern.format(listed)
    return f"outside {listed}" if pattern.startswith("in ") else f"not {pattern.format(listed)}"


def _listed(levels: Iterable[str]) -> str:
    """Some levels as a list in words."""
    shown = list(levels)
    if len(shown) > MOST_LISTED:
        return f"{', '.join(shown[:MOST_LISTED])} and {len(shown) - MOST_LISTED} more"
    return f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else "".join(shown)


def _range(clause: Clause) -> str:
    if clause.low is not None and clause.high is not None:
        return f"{clause.low:,g} to {clause.high:,g}"
    return f"{clause.low:,g} or more" if clause.low is not None else f"under {clause.high:,g}"


def _of_recency(clause: Clause) -> str:
    if clause.low is not None and clause.high is not None:
        return f"last seen {clause.low:g} to {clause.high:g} days ago"
    if clause.low is not None:
        return f"not seen for {clause.low:g} days"
    return f"seen in the last {clause.high:g} days"
