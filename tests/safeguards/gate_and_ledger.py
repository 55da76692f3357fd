"""Of the proof of decisions, late arrivals, the distrust of the database, authority at the write, the kill
switch, signals, and texts of other people.
"""

from tests.safeguards.safeguard import Safeguard

APPROVAL, RULES, ASSETS = (
    "assets/actions/approval.py",
    "assets/actions/approval_rules.py",
    "assets/actions/assets.py",
)
WRITES, PERMISSION = "assets/actions/execution/platform_writes.py", "assets/actions/execution/permission.py"
DECISIONS, AUDIT, CHAIN = (
    "resources/ledger/decisions.py",
    "resources/ledger/audit.py",
    "resources/ledger/audit_chain.py",
)
REPLAY, SWITCHES, ENGINE, KILL = (
    "resources/ledger/replay.py",
    "resources/ledger/switches.py",
    "resources/ledger/engine.py",
    "resources/ledger/kill_switch.py",
)
TRIGGERS = "resources/ledger/migrations/versions/0004_signed_decisions.py"
APPROVERS, COMMANDS = "resources/security/approvers.py", "orchestration/cli/audit.py"
INTERRUPTION, BACKFILL = "orchestration/cli/interruption.py", "orchestration/cli/backfill.py"
GATE, LEDGER, FORMS = (
    "tests/actions/test_gate.py",
    "tests/actions/test_ledger.py",
    "tests/actions/test_backfill_forms.py",
)
LATE, TAMPERING, AUTHORITY = (
    "tests/actions/test_late_arrivals.py",
    "tests/actions/test_tampering.py",
    "tests/actions/test_authority.py",
)

SAFEGUARDS = (
    # A proof is spent on a map of decisions
    Safeguard(
        "digits-in-a-run",
        APPROVAL,
        "        if code.isdigit():\n",
        "        if False:\n",
        f"{GATE}::test_six_digits_typed_into_a_run_are_taken_for_nothing",
    ),
    Safeguard(
        "verdict-of-the-reference",
        APPROVAL,
        "if any(reference.decisions.get(digest) != verdict for digest, verdict in decisions.items()):",
        "if False:",
        f"{GATE}::test_one_proof_takes_a_different_decision_on_each",
    ),
    Safeguard(
        "person-of-the-reference",
        APPROVAL,
        "if reference.approver != request.approver:",
        "if False:",
        f"{GATE}::test_a_reference_copied_from_a_run_decides_nothing_else",
    ),
    Safeguard(
        "proposals-of-the-reference",
        DECISIONS,
        "                if verdict is None:\n",
        "                if False:\n",
        f"{LEDGER}::test_a_reference_decides_exactly_what_it_was_given_for_and_once[sqlite]",
    ),
    Safeguard(
        "reference-once",
        DECISIONS,
        "if redeemed_by is not None and redeemed_by != run_id:",
        "if False:",
        f"{LEDGER}::test_a_reference_decides_exactly_what_it_was_given_for_and_once[sqlite]",
    ),
    Safeguard(
        "reference-age",
        DECISIONS,
        "if now - reference.created_at > valid_for:",
        "if False:",
        f"{LEDGER}::test_a_reference_that_is_too_old_decides_nothing[sqlite]",
    ),
    Safeguard(
        "code-once",
        DECISIONS,
        "if connection.execute(sa.select(table.c.scope).where(spent)).first() is not None:",
        "if False:",
        f"{LEDGER}::test_a_code_serves_once[sqlite]",
    ),
    Safeguard(
        "guesses-of-a-session",
        DECISIONS,
        "if by_session >= attempt.limit.wrong_codes:",
        "if False:",
        f"{LEDGER}::test_of_forty_guesses_at_once_five_are_tested[sqlite]",
    ),
    Safeguard(
        "guesses-in-a-name",
        DECISIONS,
        "if by_name >= attempt.limit.wrong_codes * SPENT_ON_ANY_SESSION:",
        "if False:",
        f"{LEDGER}::test_a_second_approver_unlocks_a_name_that_many_sessions_guessed_at[sqlite]",
    ),
    Safeguard(
        "way-back-from-guesses",
        DECISIONS,
        "table.c.at >= max(since, forgotten or since)",
        "table.c.at >= since",
        f"{LEDGER}::test_a_second_approver_unlocks_a_name_that_many_sessions_guessed_at[sqlite]",
    ),
    Safeguard(
        "ascii-codes",
        APPROVERS,
        "not secret or not given.isascii()",
        "not secret",
        f"{GATE}::test_a_code_that_is_not_ascii_is_a_wrong_code",
    ),
    Safeguard(
        "backfill-status",
        ASSETS,
        'if backfill.status.value not in {"REQUESTED", "COMPLETED_SUCCESS"}:',
        "if False:",
        f"{FORMS}::test_a_backfill_that_was_cancelled_or_failed_decides_nothing",
    ),
    Safeguard(
        "backfill-age",
        ASSETS,
        "if datetime.now(UTC) - launched_at > VALID_FOR:",
        "if False:",
        f"{FORMS}::test_a_backfill_that_is_old_decides_nothing",
    ),
    Safeguard(
        "backfill-form",
        ASSETS,
        'if any(str(given.get(name) or "").strip() != value.strip() for name, value in brought.items()):',
        "if False:",
        f"{FORMS}::test_a_form_that_is_not_the_backfills_own_decides_nothing",
    ),
    Safeguard(
        "enrolling-again",
        COMMANDS,
        "    if services.approvers().knows(name):\n        proven",
        "    if False:\n        proven",
        "tests/actions/test_commands.py::test_enrolling_again_takes_the_old_proof_or_another_approver",
    ),
    # An outcome is unknown for long enough, and looked for afterwards
    Safeguard(
        "quarter-of-an-hour",
        WRITES,
        "return max(LOOK_AT_LEAST, timedelta(seconds=seconds))",
        "return timedelta(seconds=seconds)",
        f"{LATE}::test_a_shift_whose_second_part_lands_late_is_whole_and_spends_no_more_than_approved",
    ),
    Safeguard(
        "end-of-the-request",
        WRITES,
        "return write.answered_at or write.intended_at + LONGEST_REQUEST",
        "return write.intended_at",
        f"{LATE}::test_the_quarter_of_an_hour_counts_from_the_end_of_the_request",
    ),
    Safeguard(
        "looking-after-failed",
        WRITES,
        "if not change.is_in(image):\n",
        "if True:\n",
        f"{LATE}::test_a_late_arrival_is_led_back_by_a_proposal_of_its_own",
    ),
    Safeguard(
        "late-by-another-write",
        WRITES,
        "                or self._written_by_another(proposal, change, write)\n",
        "",
        f"{LATE}::test_another_change_of_ours_is_not_taken_for_a_late_arrival",
    ),
    Safeguard(
        "refusal-read-back",
        WRITES,
        "return write.looked_at is not None or self._refusal_holds(proposal, write)",
        "return True",
        f"{LATE}::test_what_was_refused_is_read_back_once",
    ),
    # The database is not believed
    Safeguard(
        "approval-derived-anew",
        PERMISSION,
        "why = rules.why_not_approved(entry, self.ledger.decisions.of(proposal_id))",
        "why = None",
        f"{AUTHORITY}::test_an_approval_whose_authority_is_gone_is_not_written",
    ),
    Safeguard(
        "signed-decisions",
        RULES,
        "if decision.is_signed and decision.digest",
        "if decision.digest",
        f"{AUTHORITY}::test_a_decision_that_this_deployment_did_not_sign_does_not_count",
    ),
    Safeguard(
        "tables-against-the-chain",
        AUDIT,
        "        if difference := proposal_difference(proposal_id, replayed, row, decisions, writes):\n",
        "        if difference := None:\n",
        f"{TAMPERING}::test_a_state_written_by_hand_approves_nothing",
    ),
    Safeguard(
        "signed-head",
        AUDIT,
        "if key is None or not audit_chain.head_is_signed(head, key):",
        "if False:",
        f"{TAMPERING}::test_a_forged_chain_with_a_forged_decision_is_not_signed",
    ),
    Safeguard(
        "nothing-added-to-a-forged-head",
        CHAIN,
        "    if key is not None and not head_is_signed(head, key):\n        raise",
        "    if False:\n        raise",
        f"{TAMPERING}::test_another_key_adds_nothing_and_believes_nothing",
    ),
    Safeguard(
        "replay-of-decisions",
        REPLAY,
        "if in_table != replayed.decisions:",
        "if False:",
        f"{TAMPERING}::test_verify_replays_every_table_from_the_chain",
    ),
    Safeguard(
        "replay-of-writes",
        REPLAY,
        "if sent != replayed.writes:",
        "if False:",
        f"{TAMPERING}::test_verify_replays_every_table_from_the_chain",
    ),
    Safeguard(
        "replay-of-codes",
        AUDIT,
        "if gone := replayed.spent_codes - spent:",
        "if gone := set():",
        f"{TAMPERING}::test_verify_replays_every_table_from_the_chain",
    ),
    Safeguard(
        "replay-of-switches",
        AUDIT,
        "if switches != replayed.switches:",
        "if False:",
        f"{TAMPERING}::test_verify_replays_every_table_from_the_chain",
    ),
    Safeguard(
        "signed-switch",
        SWITCHES,
        "if is_signed and is_last:",
        "if True:",
        f"{TAMPERING}::test_a_kill_switch_that_was_turned_off_in_the_database_stays_on",
    ),
    Safeguard(
        "deleted-switch",
        SWITCHES,
        "            if last is None:\n",
        "            if True:\n",
        f"{TAMPERING}::test_a_kill_switch_that_was_turned_off_in_the_database_stays_on",
    ),
    Safeguard(
        "anchor",
        AUDIT,
        "return anchor.disagreement(self._database, only_last=True) if anchor else None",
        "return None",
        f"{TAMPERING}::test_an_older_copy_of_the_ledger_carries_nothing_out_again",
    ),
    Safeguard(
        "anchored-before-the-write",
        PERMISSION,
        "        if self.anchor is not None:\n",
        "        if False:\n",
        f"{TAMPERING}::test_an_older_copy_of_the_ledger_carries_nothing_out_again",
    ),
    Safeguard(
        "damaged-pages",
        ENGINE,
        "            _check_pages(engine)\n",
        "            pass\n",
        f"{TAMPERING}::test_a_damaged_page_is_noticed_at_opening",
    ),
    Safeguard(
        "file-mode",
        ENGINE,
        "os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))\n        file.chmod(0o600)",
        "file.touch(0o644)\n        file.chmod(0o644)",
        f"{TAMPERING}::test_the_ledger_and_its_key_can_be_read_by_their_owner_alone",
    ),
    Safeguard(
        "triggers-on-steps",
        TRIGGERS,
        "not in ({allowed}) begin select",
        "not in ({allowed}) and false begin select",
        f"{TAMPERING}::test_a_transition_that_is_not_in_the_list_is_refused_by_the_database",
    ),
    Safeguard(
        "automatic-recomputed",
        RULES,
        "            return self.not_automatic(proposal)\n        reasons",
        "            return None\n        reasons",
        f"{AUTHORITY}::test_an_automatic_decision_holds_only_while_the_policy_still_allows_it",
    ),
    # Authority at the write
    Safeguard(
        "authority-at-the-write",
        RULES,
        "count, needed = sum(reason is None for reason in reasons.values()), self.needed(proposal)",
        "count, needed = len(reasons), 1",
        f"{AUTHORITY}::test_an_approval_whose_authority_is_gone_is_not_written",
    ),
    Safeguard(
        "authority-before-every-part",
        WRITES,
        "why = (permission.why_not if direction == FORWARD else permission.why_not_back)(proposal.proposal_id)",
        "why = permission.why_not_back(proposal.proposal_id)",
        f"{AUTHORITY}::test_authority_is_judged_again_before_the_second_part_of_a_bundle",
    ),
    # The kill switch, signals, and the rest
    Safeguard(
        "kill-file-for-all",
        KILL,
        "                self._raise_for_all()\n",
        "",
        f"{AUTHORITY}::test_a_kill_file_on_one_machine_stops_the_workers_of_another",
    ),
    Safeguard(
        "signals",
        INTERRUPTION,
        "raise SignalReceived(number)",
        "return",
        "tests/orchestration/test_interruption.py::test_a_signal_ends_the_command_its_run_and_its_child",
    ),
    Safeguard(
        "the-deployment-that-is-there",
        BACKFILL,
        'named = os.environ.get("DAGSTER_HOME")',
        "named = None",
        "tests/orchestration/test_interruption.py::test_the_deployment_that_is_there_is_used_and_its_settings_stay",
    ),
    Safeguard(
        "last-read-before-the-write",
        WRITES,
        "                self.writers.refuse_if_changed(change)  # the last thing before the request",
        "                pass",
        f"{LATE}::test_an_edit_of_the_same_moment_is_said_and_not_only_verified",
    ),
    Safeguard(
        "edit-of-the-same-moment",
        WRITES,
        "said = edited_meanwhile(change, image) if write.direction == FORWARD else None",
        "said = None",
        f"{LATE}::test_an_edit_of_the_same_moment_is_said_and_not_only_verified",
    ),
    Safeguard(
        "markdown",
        "assets/formatting/markdown.py",
        "return _MARKUP.sub(",
        "return text or _MARKUP.sub(",
        "tests/actions/test_rendering.py",
    ),
    Safeguard(
        "formulas",
        "assets/formatting/csv_text.py",
        'return f"\'{text}" if is_formula else text',
        "return text",
        "tests/test_untrusted_text.py",
    ),
)
