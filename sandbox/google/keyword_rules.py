"""What Google takes as the text of a keyword, positive or negative, and which words break a policy."""

from typing import Any

from sandbox.google.failures import OperationRefused, Path, operation_refused

MATCH_TYPES = {2: "EXACT", 3: "PHRASE", 4: "BROAD"}
MOST_LETTERS, MOST_WORDS = 80, 10
FORBIDDEN_CHARACTERS = set("!@%^*,{}()=~`<>?\\|")
POLICY_WORDS = {"miracle cure": "UNAPPROVED_SUBSTANCES", "replica watches": "COUNTERFEIT"}
"""Words that break a policy of the simulated platform, with its name."""


def require_keyword(keyword: Any, path: Path, *, exempt: list[str]) -> None:
    """Check a keyword message. `exempt` names policies that the request sets aside.

    Raises:
        OperationRefused: In Google's own words and codes.
    """
    text, where = keyword.text.strip(), [*path, "text"]
    if keyword.match_type not in MATCH_TYPES:
        raise operation_refused(
            "field_error", "REQUIRED", "A match type is required.", path=[*path, "match_type"]
        )
    codes = {
        "INVALID_KEYWORD_TEXT": not text,
        "KEYWORD_TEXT_TOO_LONG": len(text) > MOST_LETTERS,
        "KEYWORD_HAS_TOO_MANY_WORDS": len(text.split()) > MOST_WORDS,
        "KEYWORD_HAS_INVALID_CHARS": bool(FORBIDDEN_CHARACTERS & set(text)),
        "BROAD_MATCH_MODIFIER_KEYWORD_NOT_ALLOWED": any(word.startswith("+") for word in text.split()),
    }
    for code, is_wrong in codes.items():
        if is_wrong:
            raise operation_refused(
                "criterion_error", code, "The keyword's text is not valid.", path=where, trigger=text
            )
    for words, policy in POLICY_WORDS.items():
        if words in text.casefold() and policy not in exempt:
            raise _policy_error(text, policy, where)


def _policy_error(text: str, policy: str, where: Path) -> OperationRefused:
    created = operation_refused(
        "policy_violation_error", "POLICY_ERROR", "A policy was violated.", path=where, trigger=text
    )
    details = created.error.details.policy_violation_details
    details.key.policy_name, details.key.violating_text = policy, text
    details.external_policy_name, details.is_exemptible = policy.replace("_", " ").title(), True
    details.external_policy_description = "The keyword names something that may not be advertised."
    return created
