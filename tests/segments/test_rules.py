"""Rules: the same people in a frame and in SQL, written rules read and never run."""

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.segments.discovery.preview import preview
from assets.segments.discovery.rule_parser import RuleWrong, parse
from assets.segments.discovery.rules import rule_of
from assets.segments.discovery.traits import FLAG, NUMBER, TEXT, Trait
from resources.policy.segments import Segments

TRAITS = {
    trait.name: trait for trait in (Trait("country", TEXT), Trait("orders", NUMBER), Trait("agreed", FLAG))
}
ROWS = pd.DataFrame(
    {
        "country": np.array(["DE", "AT", "FR", "O'Hare", None, "DE"], dtype=object),
        "orders": [0.0, 1.0, 2.0, 3.0, np.nan, 2.5],
        "agreed": [1.0, 0.0, np.nan, 1.0, 0.0, 1.0],
    }
)


def taken(expression: str) -> list[int]:
    return np.flatnonzero(parse(expression, TRAITS).mask(ROWS)).tolist()


@pytest.mark.parametrize(
    ("expression", "people"),
    [
        ('country == "DE"', [0, 5]),
        ('country in ("DE", "AT") and orders >= 1', [1, 5]),
        ('country != "DE"', [1, 2, 3]),
        ('not (country == "DE" or orders > 1)', [1]),
        ("1 < orders <= 2.5", [2, 5]),
        ("2 <= orders", [2, 3, 5]),
        ("orders != 2", [0, 1, 3, 5]),
        ("orders in [0, 3]", [0, 3]),
        ("country is None", [4]),
        ("country is not None and agreed", [0, 3, 5]),
        ("not agreed", [1, 4]),
        ("agreed == False or orders < 1", [0, 1, 4]),
        ('country == "O\'Hare"', [3]),
        ("orders > -1", [0, 1, 2, 3, 5]),
    ],
)
def test_an_expression_takes_those_it_says(expression: str, people: list[int]) -> None:
    assert taken(expression) == people


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("industry == 'retail'", "there is no `industry`. What there is: agreed, country, orders"),
        ("__import__('os').system('ls')", "is not allowed"),
        ("country.upper() == 'DE'", "is no trait"),
        ("(lambda: orders)() > 1", "is no trait"),
        ("[x for x in country]", "is not allowed"),
        ("orders > other", "is no value"),
        ("orders > 1 + 1", "is no value"),
        ("country = 'DE'", "cannot be read"),
        ("orders >", "cannot be read"),
        ("", "cannot be read"),
        ("orders", "is not allowed"),
        ("country > 'A'", "not larger or smaller"),
        ("orders == 'two'", "compared with numbers"),
        ("country == 5", "texts in quotes"),
        ("country in 'DE'", "in for a list"),
        ("country == ('DE', 'AT')", "in for a list"),
        ("orders > None", "is None"),
        ("orders in ()", "nobody"),
        (" and ".join(["orders != 1"] * 12), "more than 64"),
    ],
)
def test_what_is_no_rule_is_refused_with_a_reason(expression: str, reason: str) -> None:
    with pytest.raises(RuleWrong, match=r"^segments\.rules: 'mine': ") as refused:
        parse(expression, TRAITS, name="mine")
    assert reason in str(refused.value)


_COMPARED = st.one_of(
    st.builds(
        "orders {} {}".format,
        st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
        st.sampled_from([0, 1, 2, 2.5]),
    ),
    st.builds(
        "country {} {}".format,
        st.sampled_from(["in", "not in"]),
        st.sampled_from(['("DE",)', '("AT", "FR")', '("O\'Hare", "none")']),
    ),
    st.sampled_from(["country is None", "orders is not None", "agreed", "not agreed"]),
)
_EXPRESSIONS = st.recursive(
    _COMPARED,
    lambda part: (
        st.builds("({} {} {})".format, part, st.sampled_from(["and", "or"]), part)
        | st.builds("not ({})".format, part)
    ),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    opened = duckdb.connect()
    opened.register(
        "people", ROWS.assign(place=range(len(ROWS)), agreed=ROWS["agreed"].map({1.0: True, 0.0: False}))
    )
    return opened


@settings(max_examples=60, deadline=None)
@given(expression=_EXPRESSIONS)
def test_sql_and_frame_take_the_same_people_and_json_keeps_the_rule(
    connection: duckdb.DuckDBPyConnection, expression: str
) -> None:
    rule = parse(expression, TRAITS)
    selected = connection.sql(f"select place from people where {rule.sql} order by place").fetchall()
    assert [row[0] for row in selected] == np.flatnonzero(rule.mask(ROWS)).tolist()
    assert rule_of(rule.as_json()) == rule


def test_a_preview_tells_size_and_overlap_in_order_of_priority() -> None:
    rules = {"Germans": parse('country == "DE"', TRAITS), "Buyers": parse("orders >= 2", TRAITS)}
    germans, buyers = preview(ROWS, rules)
    assert (germans.people, germans.gets, germans.shared) == (2, 2, {"Buyers": 1})
    assert (buyers.people, buyers.gets, buyers.share) == (3, 2, 0.5)


def test_two_rules_of_one_name_are_refused() -> None:
    rule = {"name": "Mine", "expression": "orders > 1"}
    with pytest.raises(ValueError, match="two rules are named 'mine'"):
        Segments.model_validate({"rules": [rule, rule | {"name": "mine"}]})
