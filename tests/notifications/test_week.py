"""A week of the same trouble, as people in the chat live it: every message is counted."""

from datetime import date, timedelta

from tests.notifications.conftest import MONDAY, Post

SUNDAY = date(2026, 11, 15)
LOW = {"severity": "medium", "incident_id": "low1", "campaign_id": "88", "name": "Brand", "metric": "ctr", "value": 0.01, "expected": 0.02, "low": 0.018,
       "high": 0.022, "stake": 12.0}  # fmt: skip


def day_of(post: Post, number: int, *incidents: dict) -> None:
    """One day: the morning's figures, and a sensor that looks every two hours until the evening."""
    post.go_to(MONDAY + timedelta(days=number, hours=-2))
    post.judge(SUNDAY + timedelta(days=number), *incidents)
    for _ in range(6):
        post.tick()
        post.later(hours=2)


def test_a_week_of_one_runaway_and_one_small_incident(post: Post) -> None:
    for number in range(5):
        day_of(post, number, {"metric": "spend"}, LOW)
    day_of(post, 5, LOW)
    day_of(post, 6, LOW)
    titles = [text.splitlines()[0] for text in post.caught()]
    urgent = [title for title in titles if "[P1]" in title]
    digests = [title for title in titles if "[P3]" in title]
    others = [title for title in titles if "[P2]" in title]
    assert len(urgent) == 1
    assert len(digests) == 7
    assert others == []  # that it is over comes on Saturday, and waits for Monday
    post.go_to(MONDAY + timedelta(days=7, minutes=30))
    post.judge(SUNDAY + timedelta(days=7), LOW)
    post.tick()
    post.later(minutes=11)
    post.tick()
    over = [text for text in post.caught() if "[P2]" in text.splitlines()[0]]
    assert len(over) == 1
    assert "over: Spring sale" in over[0]


def test_the_digest_says_new_then_still_on_then_over_then_all_quiet(post: Post) -> None:
    for number in range(2):
        day_of(post, number, LOW)
    day_of(post, 2)
    day_of(post, 3)
    digests = post.caught()
    assert len(digests) == 4
    assert "1 new" in digests[0].splitlines()[0]
    assert "1 still on" in digests[1].splitlines()[0]
    assert "still on since Sun 15 Nov: " in digests[1]
    assert "1 over" in digests[2].splitlines()[0]
    assert "all quiet" in digests[3].splitlines()[0]
    assert [line for line in digests[3].splitlines()[1:] if line.strip()] == [
        line for line in digests[3].splitlines()[1:] if "all quiet" in line or "dashboard" in line
    ]


def test_the_leading_metric_of_an_incident_may_change_without_news(post: Post) -> None:
    day_of(post, 0, {"metric": "spend"})
    day_of(post, 1, {"metric": "cpc", "value": 4.0, "low": 1.0, "high": 2.0, "expected": 1.5})
    assert sum("[P1]" in text for text in post.caught()) == 1
    assert sum("[P2]" in text for text in post.caught()) == 0


def test_what_ended_and_comes_back_is_told_again(post: Post) -> None:
    day_of(post, 0, {"incident_id": "one"})
    day_of(post, 1)
    day_of(post, 2, {"incident_id": "two"})
    urgent = [text for text in post.caught() if "[P1]" in text]
    assert len(urgent) == 2
    assert "again: " in urgent[1]


def test_a_small_incident_that_becomes_large_is_told_once_more(post: Post) -> None:
    small = {"severity": "low", "stake": 3.0}
    day_of(post, 0, small)
    assert not any("[P1]" in text for text in post.caught())
    day_of(post, 1, {})
    day_of(post, 2, {})
    urgent = [text for text in post.caught() if "[P1]" in text]
    assert len(urgent) == 1
    assert "worse: " in urgent[0]


def test_broken_tracking_is_one_message_however_much_follows_from_it(post: Post) -> None:
    broken = {
        "data": "Conversions stopped on every account of the platform.",
        "metric": "cvr",
        "value": 0.001,
        "expected": 0.03,
        "low": 0.02,
        "high": 0.04,
    }
    many = [
        broken | {"incident_id": f"i{n}", "campaign_id": str(n), "stake": float(100 + n)} for n in range(12)
    ]
    day_of(post, 0, *many)
    urgent = [text for text in post.caught() if "[P1]" in text]
    assert len(urgent) == 1
    assert "Meta Ads · tracking" in urgent[0]
    assert "€111.00 a day" in urgent[0]


def test_a_digest_shows_five_things_and_counts_the_rest(post: Post) -> None:
    many = [
        LOW | {"incident_id": f"i{n}", "campaign_id": str(n), "name": f"C{n}", "stake": float(n)}
        for n in range(1, 13)
    ]
    day_of(post, 0, *many)
    (digest,) = post.caught()
    assert digest.count("•") == 6
    assert "and 7 more on the dashboard" in digest
    assert "C12" in digest
    assert "C7" not in digest


def test_late_figures_are_waited_for_and_then_said_to_be_missing(post: Post) -> None:
    post.go_to(MONDAY)
    post.tick()
    assert post.caught() == []
    post.later(hours=3)
    post.tick()
    (digest,) = post.caught()
    assert "figures are not all there yet" in digest


def test_the_weekly_text_goes_out_once_on_monday(post: Post) -> None:
    folder = post.services.settings.reports_dir
    folder.mkdir(parents=True)
    (folder / "weekly_pacing_2026-11-15.txt").write_text(
        "Pacing, week to Sun 15 Nov 2026\nTotal: spent €1, ends near €2.\n"
    )
    (folder / "weekly_pacing_2026-11-08.txt").write_text("An older week")
    for number in range(3):
        day_of(post, number)
    weekly = [text for text in post.caught() if "weekly pacing" in text.splitlines()[0]]
    assert len(weekly) == 1
    assert "Total: spent €1, ends near €2." in weekly[0]
    assert not any("An older week" in text for text in post.caught())
