"""What Google takes as a responsive search ad: how many texts, how wide, which combinations, and what its
policies find in them.
"""

from typing import Any
from unicodedata import east_asian_width

from sandbox.google.ads import UNPINNED, Text
from sandbox.google.failures import OperationRefused, Path, operation_refused

HEADLINES, DESCRIPTIONS = (3, 15, 30), (2, 4, 90)
"""Fewest and most lines, and how wide each may be: letters of double width count twice."""
PATH_WIDTH = 15
AD_FIELDS = {"final_urls", "responsive_search_ad"}
RSA_FIELDS = {"headlines", "descriptions", "path1", "path2"}
TEXT_FIELDS = {"text", "pinned_field"}
POLICY_TOPICS = {
    "!!": ("PUNCTUATION_AND_SYMBOLS", True),
    "miracle": ("UNRELIABLE_CLAIMS", True),
    "casino": ("GAMBLING", False),
}
"""Words that the simulated platform finds in texts: the topic, and whether it keeps the ad from being saved
(else it is limited).
"""


def require_ad(ad: Any, policy: Any, path: Path) -> None:
    """Check a new ad whole; `path` leads to the operation's verb.

    Raises:
        OperationRefused: In Google's own words and codes.
    """
    where = [*path, "ad"]
    names = {field.name for field, _ in ad.ListFields()}
    if "responsive_search_ad" not in names:
        message = "The sandbox takes responsive search ads."
        raise operation_refused("ad_error", "INVALID_INPUT", message, path=where)
    search = ad.responsive_search_ad
    strange = (names - AD_FIELDS) | ({field.name for field, _ in search.ListFields()} - RSA_FIELDS)
    for line in (*search.headlines, *search.descriptions):
        strange |= {field.name for field, _ in line.ListFields()} - TEXT_FIELDS
    if strange:
        message = f"The sandbox does not honour '{min(strange)}' of an ad."
        raise operation_refused("field_error", "VALUE_MUST_BE_UNSET", message, path=[*where, min(strange)])
    require_texts(texts_of(ad), policy, path)


def require_texts(texts: dict[str, Any], policy: Any, path: Path) -> None:
    """Check the texts, landing pages and paths of an ad.

    Raises:
        OperationRefused: In Google's own words and codes.
    """
    where = [*path, "ad"]
    if not texts["final_urls"]:
        message = "A landing page is required."
        raise operation_refused("ad_error", "CANNOT_SET_WITHOUT_FINAL_URLS", message, path=where)
    if any(not url.startswith(("http://", "https://")) for url in texts["final_urls"]):
        message = "A landing page needs http:// or https://."
        raise operation_refused("url_field_error", "MISSING_PROTOCOL", message, path=[*where, "final_urls"])
    for name, limits in (("headlines", HEADLINES), ("descriptions", DESCRIPTIONS)):
        _require_lines(texts[name], limits, [*where, "responsive_search_ad", name])
    if texts["path2"] and not texts["path1"]:
        message = "A second path needs a first one."
        raise operation_refused("ad_error", "CANNOT_SET_PATH2_WITHOUT_PATH1", message, path=where)
    if max(_width(texts["path1"]), _width(texts["path2"])) > PATH_WIDTH:
        raise operation_refused("ad_error", "LINE_TOO_WIDE", "A path is too wide.", path=where)
    _require_policy(
        [text for name in ("headlines", "descriptions") for text, _ in texts[name]], policy, where
    )


def _require_lines(lines: tuple[Text, ...], limits: tuple[int, int, int], path: Path) -> None:
    fewest, most, width = limits
    if len(lines) < fewest:
        message = f"At least {fewest} lines are required."
        raise operation_refused("collection_size_error", "TOO_FEW", message, path=path)
    if len(lines) > most:
        raise operation_refused(
            "collection_size_error", "TOO_MANY", f"At most {most} lines are taken.", path=path
        )
    if len({text.casefold() for text, _ in lines}) < len(lines):
        raise operation_refused("asset_error", "DUPLICATE_ASSET", "The same text comes twice.", path=path)
    for text, _ in lines:
        if not text.strip():
            raise operation_refused("field_error", "REQUIRED", "A text is required.", path=path)
        if _width(text) > width:
            message = f"A line is wider than {width}."
            raise operation_refused("ad_error", "LINE_TOO_WIDE", message, path=path, trigger=text)
    pinned = [position for _, position in lines if position != UNPINNED]
    if len(pinned) == len(lines) and len(set(pinned)) == 1:
        message = "Too many lines are pinned to one position."
        code = "NOT_ENOUGH_AVAILABLE_ASSET_LINKS_FOR_VALID_COMBINATION"
        raise operation_refused("asset_link_error", code, message, path=path)


def _require_policy(lines: list[str], policy: Any, path: Path) -> None:
    if policy.ignorable_policy_topics and policy.exempt_policy_violation_keys:
        message = "Topics to ignore and violations to exempt cannot both be given."
        code = "CANNOT_SET_BOTH_IGNORABLE_POLICY_TOPICS_AND_EXEMPT_POLICY_VIOLATION_KEYS"
        raise operation_refused("policy_validation_parameter_error", code, message, path=path)
    ignored = set(policy.ignorable_policy_topics)
    findings = [
        (text, topic, prohibits)
        for text in lines
        for words, (topic, prohibits) in POLICY_TOPICS.items()
        if words in text.casefold() and topic not in ignored
    ]
    if any(prohibits for _, _, prohibits in findings):
        raise _policy_finding(findings, path)


def _policy_finding(findings: list[tuple[str, str, bool]], path: Path) -> OperationRefused:
    text = next(text for text, _, prohibits in findings if prohibits)
    message = "A policy finding keeps the ad from being saved."
    created = operation_refused("policy_finding_error", "POLICY_FINDING", message, path=path, trigger=text)
    entries = created.error.details.policy_finding_details.policy_topic_entries
    for line, topic, prohibits in findings:
        entry = entries.add(topic=topic)
        kinds = entry.DESCRIPTOR.fields_by_name["type_"].enum_type.values_by_name
        entry.type_ = kinds["PROHIBITED" if prohibits else "LIMITED"].number
        entry.evidences.add().text_list.texts.append(line)
    return created


def texts_of(ad: Any) -> dict[str, Any]:
    """Texts, landing pages and paths of an ad message."""
    search = ad.responsive_search_ad
    return {
        "headlines": tuple(_line(asset) for asset in search.headlines),
        "descriptions": tuple(_line(asset) for asset in search.descriptions),
        "final_urls": tuple(ad.final_urls),
        "path1": search.path1,
        "path2": search.path2,
    }


def _line(asset: Any) -> Text:
    positions = asset.DESCRIPTOR.fields_by_name["pinned_field"].enum_type
    return asset.text, positions.values_by_number[asset.pinned_field].name


def _width(text: str) -> int:
    """Display width: East Asian wide and full-width letters count twice."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
