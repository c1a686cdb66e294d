"""Refused requests: how each is made, and what explains it."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import time_machine
from django.utils import timezone

from tests.explanations.conftest import World

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer


class Refused(NamedTuple):
    """A request that is refused.

    Attributes:
        send: sends it and returns the response.
        cause: the sentence; `…` stands for anything.
        fix: part of the sentence that says what to do.
    """

    send: "Callable[[World], Answer]"
    cause: str
    fix: str


def later(**span: float) -> time_machine.travel:
    """Let the clock stand still, at the next whole second or some time after it."""
    now = timezone.now()
    whole = now + timedelta(microseconds=-now.microsecond % 1_000_000)
    return time_machine.travel(whole + timedelta(**span), tick=False)


def check(world: World, refused: Refused) -> dict[str, Any]:
    """Send a request, find by its id why it was refused, and compare that."""
    answer = refused.send(world)
    why = world.why(answer)
    assert why["request_id"] == answer["X-Request-Id"]
    assert why["status"] == answer.status_code
    pattern = ".*".join(map(re.escape, refused.cause.split("…")))
    assert re.fullmatch(pattern, why["cause"]), why
    assert refused.fix in why["fix"], why
    for sentence in (why["cause"], why["fix"]):
        assert sentence.endswith((".", "…")), sentence
        assert "gtsec_" not in sentence.replace("gtsec_…", "")
    return why
