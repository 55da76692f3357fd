"""A daily budget, in the account's currency."""

from decimal import Decimal
from typing import ClassVar, Literal

from resources.errors import DataUnusable
from resources.kinds.base import MONEY_LIMITS, Image, Target, ValueChange, plain


class BudgetChange(ValueChange):
    """A daily budget from one amount to another, in major units."""

    title: ClassVar[str] = "daily budget"
    limits: ClassVar[tuple[str, ...]] = MONEY_LIMITS
    moves: ClassVar[Literal["budget", "delivery", "nothing"]] = "budget"
    may_be_automatic: ClassVar[bool] = True
    own_fields: ClassVar[frozenset[str]] = frozenset({"daily_budget"})

    field: Literal["daily_budget"] = "daily_budget"

    @property
    def words(self) -> str:
        return f"{self.before} -> {self.after} {self.image.currency} a day"

    @property
    def budgets(self) -> tuple[Decimal, Decimal]:
        return Decimal(self.before), Decimal(self.after)

    def state_in(self, image: Image) -> str:
        return plain(image.daily_budget)

    def led_back(self, live: Image) -> "BudgetChange":
        owned_budget(self.target, live)
        return self.to(self.target, live, Decimal(self.before))

    @classmethod
    def to(cls, target: Target, image: Image, amount: Decimal) -> "BudgetChange":
        """The change of what is there to an amount a day.

        Raises:
            DataUnusable: It has that budget already.
        """
        before, after = plain(image.daily_budget), plain(amount)
        if before == after:
            raise DataUnusable(f"{target.entity_id} has {before} a day already")
        return cls(target=target, before=before, after=after, image=image)


def owned_budget(target: Target, image: Image) -> Decimal:
    """The daily budget that an entity owns.

    Raises:
        DataUnusable: Something else owns it, or nothing that can be seen.
    """
    if image.daily_budget is None:
        owner = (
            f"its {image.budget_owner} {image.budget_id}" if image.budget_owner else "nobody that can be seen"
        )
        raise DataUnusable(f"{target.entity_id} has no daily budget of its own: {owner} owns it")
    return image.daily_budget
