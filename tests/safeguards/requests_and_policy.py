"""Of the cross-site guard, of the judgement of answers, and of the policy file."""

from tests.safeguards.safeguard import Safeguard

GUARD, POLICY, YAML = (
    "orchestration/web/guard.py",
    "resources/policy/policy.py",
    "resources/policy/strict_yaml.py",
)
REFUSALS, WRITER = "resources/platforms/definite_refusals.py", "resources/platforms/writer.py"
HOSTILE = "tests/web/test_guard.py::test_a_request_of_another_site_starts_nothing"
POLICIES = "tests/test_policy_file.py::test_a_wrong_policy_is_refused_in_a_sentence"
NO_FILE = "tests/test_policy_file.py::test_what_is_no_file_of_a_policys_size_is_refused_at_once"
OUTCOMES = "tests/wire/test_write_outcomes.py"

SAFEGUARDS = (
    Safeguard("host", GUARD, "hosts[0].lower() not in self._addresses.hosts", "not hosts[0]", HOSTILE),
    Safeguard("origin", GUARD, "origin.lower() not in self._addresses.origins", "not origin", HOSTILE),
    Safeguard("fetched-by-another-site", GUARD, 'not in {None, "none", "same-origin"}', "in set()", HOSTILE),
    Safeguard("graphql-by-get", GUARD, "if is_safe and is_graphql:", "if False:", HOSTILE),
    Safeguard(
        "content-type", GUARD, 'content_type != "application/json"', '"json" not in content_type', HOSTILE
    ),
    Safeguard(
        "websocket",
        GUARD,
        "if origin is None and scope",
        "if False and scope",
        "tests/web/test_guard.py::test_a_websocket_opens_for_our_own_pages_alone",
    ),
    Safeguard(
        "frames",
        GUARD,
        'more = [(b"x-frame-options"',
        'more = [] and [(b"x-frame-options"',
        "tests/web/test_guard.py::test_what_people_and_scripts_need_is_let_through",
    ),
    Safeguard(
        "repeated-headers",
        GUARD,
        "if len(headers.get(name, [])) > 1",
        "if False",
        "tests/web/test_guard.py::test_a_header_that_is_there_twice_is_refused",
    ),
    Safeguard(
        "guard-at-all",
        "orchestration/web/server.py",
        "serve(CrossSiteGuard(app, addresses), port",
        "serve(app, port",
        "tests/web/test_guard.py::test_a_hostile_page_in_a_browser_starts_nothing",
    ),
    Safeguard(
        "guard-in-dev",
        "orchestration/web/server.py",
        "GUARDED_MODULE if part == STOCK_MODULE else part",
        "part",
        "tests/web/test_guard.py::test_dagster_dev_starts_the_guarded_server_in_the_place_of_the_stock_one",
    ),
    Safeguard(
        "google-refusals",
        REFUSALS,
        "    if not errors:\n        return False\n",
        "    return True\n",
        OUTCOMES,
    ),
    Safeguard(
        "meta-refusals",
        REFUSALS,
        '    code, subcode = error.get("code")',
        '    return True\n    code, subcode = error.get("code")',
        OUTCOMES,
    ),
    Safeguard(
        "linkedin-refusals",
        REFUSALS,
        "http_status in _LINKEDIN_STATUSES",
        "http_status > 0 or http_status in _LINKEDIN_STATUSES",
        OUTCOMES,
    ),
    Safeguard(
        "unknown-unless-proven",
        WRITER,
        "        if error.proves_no_change:\n            raise\n",
        "        raise\n",
        OUTCOMES,
    ),
    Safeguard(
        "client-that-stumbles",
        WRITER,
        "    except Exception as error:",
        "    except LookupError as error:",
        OUTCOMES,
    ),
    Safeguard(
        "results-counted",
        "resources/platforms/google_client.py",
        "if len(names) != operations or not all(names) or answer.partial_failure_error.code:",
        "if False:",
        OUTCOMES,
    ),
    Safeguard(
        "redirects",
        "resources/platforms/meta_client.py",
        'allow_redirects=method == "GET"',
        "allow_redirects=True",
        OUTCOMES,
    ),
    Safeguard(
        "google-over-http",
        REFUSALS,
        "return gives_reason and is_listed",
        "return True or is_listed",
        "tests/wire/test_definite_refusals.py",
    ),
    Safeguard(
        "last-line",
        POLICY,
        "if not _LAST_LINE.search(text):",
        "if False:",
        "tests/test_policy_file.py::test_every_prefix_of_the_policy_is_refused",
    ),
    Safeguard("labels-of-never", POLICY, '("guardrails.never names", protected),', "", POLICIES),
    Safeguard(
        "labels-of-the-default",
        POLICY,
        "if undefined := set(policy.guardrails.never) - set(policy.labels):",
        "if undefined := set():",
        POLICIES,
    ),
    Safeguard("platforms", POLICY, 'if entry.split(" ")[0] not in PLATFORMS:', "if False:", POLICIES),
    Safeguard("keys-twice", YAML, "if (key.tag, key.value) in keys:", "if False:", POLICIES),
    Safeguard("aliases", YAML, "if self.check_event(yaml.AliasEvent):", "if False:", POLICIES),
    Safeguard("nesting", YAML, "if self.nested > MOST_NESTED:", "if False:", POLICIES),
    Safeguard("size", YAML, "if len(content) > MOST_BYTES:", "if False:", NO_FILE),
    Safeguard(
        "regular-file", YAML, "if not stat.S_ISREG(os.fstat(descriptor).st_mode):", "if False:", NO_FILE
    ),
    Safeguard(
        "values",
        YAML,
        "except (ValueError, OverflowError, RecursionError) as error:",
        "except ZeroDivisionError as error:",
        POLICIES,
    ),
)
