"""Parser of rules written by people: an expression over traits, read as a rule and never run as code.

Such as `country in ("DE", "AT") and orders >= 2`. Allowed are names of traits, texts, numbers, true and
false, None (not known), the comparisons == != < <= > >= in, not in, is, and, or, not and brackets.
Everything else is refused with its position and the reason.
"""

import ast
import math
from collections.abc import Mapping
from itertools import product

from assets.segments.discovery.rules import Clause, Rule
from assets.segments.discovery.traits import FLAG, NUMBER, TEXT, Trait
from resources.errors import DataUnusable

MOST_BRANCHES = 64
_Branches = tuple[tuple[Clause, ...], ...]
_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_MIRRORED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt,
    ast.Gt: ast.Lt,
    ast.LtE: ast.GtE,
    ast.GtE: ast.LtE,
}


class RuleWrong(DataUnusable):
    """A rule that cannot be read or names an unknown trait. Correct it in segments.rules of policy.yaml."""

    def __init__(self, name: str, why: str) -> None:
        self.name = name
        super().__init__(f"segments.rules: '{name}': {why}")


def parse(expression: str, traits: Mapping[str, Trait], *, name: str = "rule") -> Rule:
    """The rule that the expression states.

    Raises:
        RuleWrong: It is no expression, uses what is not allowed, or names a trait that does not exist.
    """
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        position = f" at character {error.offset}" if isinstance(error, SyntaxError) and error.offset else ""
        raise RuleWrong(
            name, f'it cannot be read{position}. Write comparisons such as country == "DE" and orders >= 2.'
        ) from None
    branches = _Reading(traits, name).branches(tree.body, is_true=True)
    return Rule(branches)


class _Reading:
    """Converts one expression to disjunctive normal form: branches (or) of clauses (and)."""

    def __init__(self, traits: Mapping[str, Trait], name: str) -> None:
        self.traits, self.name = traits, name

    def branches(self, node: ast.expr, *, is_true: bool) -> _Branches:
        """Branches of the customers for whom `node` is (or is not) true."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return self.branches(node.operand, is_true=not is_true)
        if isinstance(node, ast.BoolOp):
            parts = [self.branches(part, is_true=is_true) for part in node.values]
            return self._all(parts) if isinstance(node.op, ast.And) == is_true else self._any(parts)
        if isinstance(node, ast.Name) and self._trait(node).kind == FLAG:
            return self._flag(self._trait(node), is_true=is_true)
        if isinstance(node, ast.Compare):
            terms = [node.left, *node.comparators]
            parts = [
                self._compared(terms[number], operator, terms[number + 1], is_true=is_true)
                for number, operator in enumerate(node.ops)
            ]
            return self._all(parts) if is_true else self._any(parts)
        raise RuleWrong(self.name, f"`{ast.unparse(node)[:60]}` is not allowed. {_ALLOWED}")

    def _all(self, parts: list[_Branches]) -> _Branches:
        branches: list[tuple[Clause, ...]] = [()]
        for part in parts:
            branches = [(*branch, *further) for branch, further in product(branches, part)]
            self._few(len(branches))
        return tuple(branches)

    def _any(self, parts: list[_Branches]) -> _Branches:
        branches = tuple(branch for part in parts for branch in part)
        self._few(len(branches))
        return branches

    def _few(self, count: int) -> None:
        if count > MOST_BRANCHES:
            raise RuleWrong(self.name, f"it has more than {MOST_BRANCHES} alternatives. Write several rules.")

    def _trait(self, node: ast.Name) -> Trait:
        if node.id not in self.traits:
            raise RuleWrong(
                self.name,
                f"there is no `{node.id}`. What there is: {', '.join(sorted(self.traits)) or 'nothing'}.",
            )
        return self.traits[node.id]

    def _compared(self, left: ast.expr, operator: ast.cmpop, right: ast.expr, *, is_true: bool) -> _Branches:
        kind = type(operator)
        if isinstance(right, ast.Name) and not isinstance(left, ast.Name) and kind not in {ast.In, ast.NotIn}:
            left, right, kind = right, left, _MIRRORED.get(kind, kind)
        if not isinstance(left, ast.Name):
            raise RuleWrong(self.name, f"`{ast.unparse(left)[:60]}` is no trait. {_ALLOWED}")
        trait = self._trait(left)
        if not is_true:
            kind = _OPPOSITE[kind]
        values = self._values(right)
        if values == [None]:
            if kind not in {ast.Is, ast.IsNot, ast.Eq, ast.NotEq}:
                raise RuleWrong(
                    self.name, f"{trait.name} is compared with None: write `is None` or `is not None`."
                )
            return ((Clause(trait, is_missing_in=kind in {ast.Is, ast.Eq}),),)
        is_list = isinstance(right, ast.List | ast.Tuple | ast.Set)
        if kind in {ast.Is, ast.IsNot} or (kind in {ast.In, ast.NotIn}) != is_list:
            raise RuleWrong(
                self.name,
                f"`{ast.unparse(left)} … {ast.unparse(right)[:60]}`: use == for one value, in for a list, "
                "is for None.",
            )
        return self._clauses(trait, kind, values)

    def _values(self, node: ast.expr) -> list[str | float | bool | None]:
        parts = node.elts if isinstance(node, ast.List | ast.Tuple | ast.Set) else [node]
        values: list[str | float | bool | None] = []
        for part in parts:
            value: object = part
            if isinstance(part, ast.Constant):
                value = part.value
            elif isinstance(part, ast.Name) and part.id.lower() in {"true", "false"}:
                value = part.id.lower() == "true"
            elif (
                isinstance(part, ast.UnaryOp)
                and isinstance(part.op, ast.USub)
                and isinstance(part.operand, ast.Constant)
                and isinstance(part.operand.value, int | float)
            ):
                value = -part.operand.value
            if value is not None and not isinstance(value, str | int | float):
                raise RuleWrong(self.name, f"`{ast.unparse(part)[:60]}` is no value. {_ALLOWED}")
            values.append(value)
        if not values:
            raise RuleWrong(self.name, "a list is empty: nobody would be in it.")
        return values

    def _clauses(self, trait: Trait, kind: type[ast.cmpop], values: list) -> _Branches:
        is_not = kind in {ast.NotEq, ast.NotIn}
        if (
            trait.kind == FLAG
            and len(values) == 1
            and isinstance(values[0], bool)
            and kind in {ast.Eq, ast.NotEq}
        ):
            return self._flag(trait, is_true=values[0] != is_not)
        wanted = str if trait.kind == TEXT else (int, float)
        if trait.kind == FLAG or any(
            not isinstance(value, wanted) or isinstance(value, bool) for value in values
        ):
            kinds = {TEXT: 'texts in quotes, such as "DE"', NUMBER: "numbers", FLAG: "true or false"}
            raise RuleWrong(self.name, f"{trait.name} is compared with {kinds[trait.kind]}.")
        if trait.kind == TEXT:
            if kind not in {ast.Eq, ast.NotEq, ast.In, ast.NotIn}:
                raise RuleWrong(
                    self.name, f"{trait.name} is a text: it can be == or in, not larger or smaller."
                )
            return ((Clause(trait, tuple(sorted(set(values))), is_not=is_not),),)
        if is_not:
            parts: list[_Branches] = [
                ((Clause(trait, high=float(number)),), (Clause(trait, low=_above(number)),))
                for number in values
            ]
            return self._all(parts)
        return tuple((_bounded(trait, kind, float(number)),) for number in values)

    @staticmethod
    def _flag(trait: Trait, *, is_true: bool) -> _Branches:
        return ((Clause(trait, low=1.0) if is_true else Clause(trait, high=1.0),),)


_ALLOWED = "Allowed are traits compared with values, joined by and, or, not."


def _above(number: float) -> float:
    """The next larger float: at least this is more than `number`."""
    return math.nextafter(float(number), math.inf)


def _bounded(trait: Trait, kind: type[ast.cmpop], number: float) -> Clause:
    low = None if kind in {ast.Lt, ast.LtE} else _above(number) if kind is ast.Gt else number
    high = None if kind in {ast.Gt, ast.GtE} else number if kind is ast.Lt else _above(number)
    return Clause(trait, low=low, high=high)
