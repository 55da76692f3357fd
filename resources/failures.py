"""Our errors as Dagster failures: the class of the error decides whether Dagster tries again."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from resources.errors import LakeBusy, PaidMediaError, PlatformBusy

_WORTH_RETRYING = (PlatformBusy, LakeBusy)


@contextmanager
def one_sentence(*, may_retry: bool = True) -> Iterator[None]:
    """Turn our errors into a failure that says one clear sentence in the UI, with retries only where they
    help.

    Args:
        may_retry: False for steps that change a platform, which are never repeated by themselves.
    """
    try:
        yield
    except PaidMediaError as error:
        failure = dg.Failure(
            description=str(error),
            metadata={"what went wrong": str(error), "kind": type(error).__name__},
            allow_retries=may_retry and isinstance(error, _WORTH_RETRYING),
        )
        raise failure from error
