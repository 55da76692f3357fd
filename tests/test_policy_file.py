"""policy.yaml cut off, mistyped or hostile: refused in one sentence, within a second, and never read in part."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.policy.budgets import BudgetsUnreadable, load_budgets
from resources.policy.policy import LAST_KEY, Policy, PolicyUnreadable, load_policy
from resources.policy.strict_yaml import MOST_BYTES

WHOLE = Path("policy.yaml").read_bytes()
END = f"{LAST_KEY}: true\n"


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str | bytes], Policy]:
    """Loads a policy of that content."""

    def loaded(content: str | bytes) -> Policy:
        file = tmp_path / "policy.yaml"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load_policy(file)

    return loaded


def refusal(load: Callable[[str | bytes], Policy], content: str | bytes) -> str:
    with pytest.raises(PolicyUnreadable) as refused:
        load(content)
    sentence = str(refused.value)
    assert "\n" not in sentence
    assert len(sentence) < 700
    assert sentence.endswith(
        "Nothing is proposed or written without a policy; docs/approvals.md explains it."
    )
    return sentence


def with_line(line: str) -> str:
    """The project's policy with a line more, before its last."""
    return WHOLE.decode().replace(END, f"{line}\n{END}")


def replaced(before: str, after: str) -> str:
    text = WHOLE.decode()
    assert text.count(before) == 1
    return text.replace(before, after)


def test_the_projects_own_policy_is_read(load: Callable[[str | bytes], Policy]) -> None:
    assert set(load(WHOLE).guardrails.never) == {"protected", "brand", "experiment"}
    assert load(b"\xef\xbb\xbf" + WHOLE.replace(b"\n", b"\r\n")) == load(WHOLE)


def test_every_prefix_of_the_policy_is_refused(load: Callable[[str | bytes], Policy]) -> None:
    for length in range(len(WHOLE)):
        refusal(load, WHOLE[:length])


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("holes") / "policy.yaml"


@given(start=st.integers(0, len(WHOLE)), length=st.integers(1, 400))
@settings(max_examples=200, deadline=None)
def test_a_policy_with_a_hole_keeps_its_protected_labels_or_is_refused(
    file: Path, start: int, length: int
) -> None:
    file.write_bytes(WHOLE[:start] + WHOLE[start + length :])
    try:
        policy = load_policy(file)
    except PolicyUnreadable:
        return
    assert set(policy.guardrails.never) <= set(policy.labels)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (with_line("approvers: {mallory: {up_to: 9999}}"), "has the key 'approvers' a second time"),
        (replaced("  demo: {up_to: 500}", "  demo: {up_to: 500, up_to: 5000}"), "has the key 'up_to' a second time"),
        (replaced("guardrails: {}", "guardrails: {never: [protcted]}"), "guardrails.never names the label 'protcted'"),
        (replaced("  experiment: {}\n", ""), "guardrails.never has the label 'experiment'"),
        (replaced("guardrails: {}", "guardrials: {}"), "guardrials"),
        (replaced("guardrails: {}", "guardrails: {chnge_share: 0.1}"), "guardrails.chnge_share"),
        (replaced("  - level: propose", "  - level: propose\n  - {level: observe, platform: goggle_ads}"), "permissions.platform names 'goggle_ads'"),
        (replaced("  - level: propose", "  - {level: observe, label: brnd}"), "permissions name the label 'brnd'"),
        (replaced("  demo: {up_to: 500}", "  demo: {up_to: 500, kinds: [pause_adset]}"), "approvers.demo.kinds.0"),
        (replaced("  meta_ads 2000000001: {", "  meta 2000000001: {"), "caps names 'meta 2000000001'"),
        (replaced("  meta_ads 2000000001: {", "  meta_ads: {"), "caps names 'meta_ads', which is not a platform and an account"),
        (replaced("guardrails: {}", "guardrails: {budget_changes_an_hour: {meta: 4}}"), "guardrails.budget_changes_an_hour names 'meta'"),
        (replaced("guardrails: {}", "guardrails: {least_daily: {linkedin: 10}}"), "guardrails.least_daily names 'linkedin'"),
        (replaced("target_roas: {} ", "target_roas: {googel_ads: 3} "), "target_roas names 'googel_ads'"),
        (replaced("notifications: {} ", "notifications: {routes: [{label: nobody, channels: [default]}]} "), "notifications.routes name the label 'nobody'"),
        (replaced("notifications: {} ", "notifications: {owners: {meta: '@anna'}} "), "notifications.owners names 'meta'"),
        (END, "Field required"),
        ("[]\n" + END, "no YAML"),
        (replaced(END, f"{LAST_KEY}: yes\n"), "its last line is not 'end_of_policy: true'"),
        (WHOLE + b"# a line more\n", "its last line is not"),
        ("", "its last line is not"),
        (with_line("a: &a [x]\nb: [*a, *a]"), "has an alias"),
        (with_line("<<: {approvers: {}}"), "merge key"),
        (with_line("? [a, b]\n: c"), "a key that is no plain word"),
        (with_line("x: " + "[" * 5000), "nested too deeply"),
        (with_line("x: " + "{a: " * 40 + "1" + "}" * 40), "nested too deeply"),
        (with_line("x: 2026-13-45"), "a value that cannot be read"),
        (with_line("x: " + "9" * 5000), "a value that cannot be read"),
        (with_line("x: !!python/object/apply:os.system [id]"), "no YAML"),
        (with_line("x: !!map [a]"), "no YAML"),
        (with_line("x: {1: a, 0x1: b}"), "two keys of the same value"),
        (with_line("x: \x07"), "no YAML"),
        (WHOLE.replace(b"brand", b"br\xffnd"), "is no UTF-8"),
        (with_line('"new\\nline": 1'), "new line"),
        (with_line(f'"{"k" * 900}": 1'), "Extra inputs are not permitted"),
        (b"# " + b"x" * MOST_BYTES + b"\n" + WHOLE, "is larger than"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 60 and "\n" not in value else "policy",
)  # fmt: skip
def test_a_wrong_policy_is_refused_in_a_sentence(
    load: Callable[[str | bytes], Policy], content: str | bytes, said: str
) -> None:
    assert said in refusal(load, content)


def test_every_key_that_is_mistyped_is_refused(load: Callable[[str | bytes], Policy]) -> None:
    """Each key of the policy, the names of labels and accounts and approvers too, with its second letter left
    out.
    """
    text = WHOLE.decode()
    tree = yaml.safe_load(text)
    for key in tree:
        refusal(load, text.replace(f"\n{key}:", f"\n{key[:1]}{key[2:]}:", 1))
    for label in tree["labels"]:
        refusal(load, text.replace(f"\n  {label}:", f"\n  {label[:1]}{label[2:]}:", 1))
    for account in tree["caps"]:
        refusal(load, text.replace(f"\n  {account}:", f"\n  {account[:1]}{account[2:]}:", 1))


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "device", "link_to_itself", "large"])
def test_what_is_no_file_of_a_policys_size_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "policy.yaml"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path = Path("/dev/zero")
    elif kind == "link_to_itself":
        path.symlink_to(path)
    elif kind == "large":
        with path.open("wb") as file:
            file.truncate(40 * 1024 * 1024)
    began = time.perf_counter()
    with pytest.raises(PolicyUnreadable, match=r"it cannot be read|is larger than"):
        load_policy(path)
    with pytest.raises(BudgetsUnreadable, match=r"it cannot be read|is larger than"):
        load_budgets(path, is_asked_for=True)
    assert time.perf_counter() - began < 1


def test_a_link_to_a_policy_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(Path("policy.yaml").resolve())
    assert load_policy(tmp_path / "link") == load_policy(Path("policy.yaml"))


def test_a_budgets_file_with_a_key_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "budgets.yaml").write_text("budgets: []\nbudgets: []\n")
    with pytest.raises(BudgetsUnreadable, match="line 2 has the key 'budgets' a second time"):
        load_budgets(tmp_path / "budgets.yaml")
