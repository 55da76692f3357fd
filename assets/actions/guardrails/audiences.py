"""Limits of what happens to audiences: how large, how much at once, how old, and what an exclusion may cost."""

from assets.actions.guardrails.case import Case, StoredNotice
from resources.kinds.audience_members.change import MembersChange, Step
from resources.kinds.excluded_audiences.change import ExclusionChange
from resources.ledger.proposal import Change
from resources.policy.policy import Policy

DEMOGRAPHIC = ("age", "gender", "sex", "country", "region", "language", "postcode", "marital", "children")
"""Words in a segment's rule that special ad categories do not allow to choose people by."""


def _step(change: Change) -> Step | None:
    return change.step if isinstance(change, MembersChange) else None


def alone(case: Case) -> StoredNotice:
    if len(case.proposal.changes) != 1:
        return False, "an audience is changed by a proposal of its own"
    return True, "it changes one thing"


def by_a_person(case: Case) -> StoredNotice:
    if case.automatic:
        return False, f"{case.proposal.changes[0].title} never change without a person"
    return True, "a person decides"


def line_missing(policy: Policy, change: Change) -> str | None:
    """That policy.yaml asks for no such audience or exclusion; None where it does."""
    lines = policy.audiences.lines
    if isinstance(change, MembersChange):
        is_asked_for = any(line.target == change.target for line in lines)
    else:
        is_asked_for = any(change.target in line.places() for line in lines)
    return None if is_asked_for else f"policy.yaml has no audience for {change.target.words} (any more)"


def account_in_policy(case: Case) -> StoredNotice:
    for platform, account_id in case.proposal.accounts:
        if case.policy.cap(platform, account_id) is None:
            return (
                None,
                f'policy.yaml has no cap for "{platform} {account_id}", so nothing is written there',
            )
    return True, "policy.yaml knows the account"


def in_policy(case: Case) -> StoredNotice:
    change = case.proposal.changes[0]
    account = account_in_policy(case)
    if account[0] is not True:
        return account
    if case.is_revert:
        return True, "leads back to what was there before"
    if why := line_missing(case.policy, change):
        return False, why
    return True, "policy.yaml asks for it"


def large_enough(case: Case) -> StoredNotice:
    if case.is_revert:
        return True, "leads back to what was there before"
    step = _step(case.proposal.changes[0])
    change = case.proposal.changes[0]
    people = step.after if step else case.proposal.evidence.get("people")
    share = case.proposal.evidence.get("match_share")
    least = case.policy.audiences.least_matched.get(change.target.platform)
    if not isinstance(people, int | float) or not isinstance(share, int | float) or least is None:
        return None, "how many people the platform will know is not known"
    matched = int(people * share)
    if matched < least:
        return (
            False,
            f"of {people:.0f} people the platform would know about {matched} ({share:.0%}); it needs {least}",
        )
    return True, f"the platform would know about {matched} of {people:.0f} people; it needs {least}"


def removed_at_once(case: Case) -> StoredNotice:
    change = case.proposal.changes[0]
    step = _step(change)
    if step is None or not step.before or case.is_revert:
        return True, "nobody is taken out of it but who was let in by what is led back"
    share, most = step.removes / step.before, case.policy.audiences.removed_share
    line = case.policy.audiences.line(change.target)
    if share > most and not (line and line.may_shrink):
        return (
            False,
            (
                f"{share:.0%} of it would be taken out at once; {most:.0%} is allowed unless its line in"
                " policy.yaml says may_shrink"
            ),
        )
    return True, f"{share:.0%} of it is taken out"


def newest_segments(case: Case) -> StoredNotice:
    days = (case.around.now.date() - case.proposal.as_of).days
    most = case.policy.audiences.oldest_days
    if days > most:
        return False, f"it rests on segments of {case.proposal.as_of}, {days} days ago; {most} are allowed"
    return True, f"it rests on segments of {case.proposal.as_of}"


def special_categories(case: Case) -> StoredNotice:
    """Housing, jobs and credit: nobody may be kept out, and no rule may choose people by who they are."""
    change = case.proposal.changes[0]
    if case.is_revert:
        return True, "leads back to what was there before"
    account = f"{change.target.platform} {change.target.account_id}"
    is_special = account in case.policy.audiences.special_category_accounts
    if isinstance(change, ExclusionChange):
        declared = change.image.special_categories
        if declared is None:
            return None, "whether it was declared for a special ad category is not known"
        if declared or is_special:
            return (
                False,
                f"{', '.join(declared) or account} is a special ad category: nobody may be kept out of it",
            )
        return True, "no special ad category"
    return _chosen_lawfully(case, account) if is_special else (True, "no special ad category")


def _chosen_lawfully(case: Case, account: str) -> StoredNotice:
    rule = str(case.proposal.evidence.get("rule") or "").lower()
    if not rule:
        return None, f"{account} advertises a special ad category, and the segment's rule is not known"
    if named := [word for word in DEMOGRAPHIC if word in rule]:
        return False, f"{account} advertises a special ad category, and the rule chooses people by {named[0]}"
    return True, "the segment's rule chooses nobody by what special ad categories forbid"


def kept_conversions(case: Case) -> StoredNotice:
    change = case.proposal.changes[0]
    if not isinstance(change, ExclusionChange) or _lets_in(change):
        return True, "nothing is kept out"
    share = case.proposal.evidence.get("conversions_kept")
    least = case.policy.audiences.kept_conversions
    if not isinstance(share, int | float):
        return None, "what share of its conversions comes from these people is not known"
    if share < least:
        return False, f"{share:.0%} of its conversions would be left; {least:.0%} have to be"
    return True, f"{share:.0%} of its conversions come from others"


def _lets_in(change: ExclusionChange) -> bool:
    """Whether nobody is kept out who was not before."""
    return set(change.after.split(",")) - {"none"} <= set(change.before.split(","))
