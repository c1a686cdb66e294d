"""How the server is started; `tests/stories` have it running."""

import os

import pytest
from django.core.management import CommandError, call_command

from server.workers.server import refuse_interruptions


@pytest.mark.parametrize("name", ["workers", "threads"])
@pytest.mark.parametrize("number", [0, -1])
def test_a_server_of_nothing_is_refused(name: str, number: int) -> None:
    with pytest.raises(CommandError, match=f"--{name} \\(or {name.upper()}\\) must be 1 or more"):
        call_command("serve", **{name: number})


def test_requests_are_not_interrupted_for_one_another() -> None:
    before = os.sched_getscheduler(0)
    try:
        refuse_interruptions()
        assert os.sched_getscheduler(0) == os.SCHED_BATCH
    finally:
        os.sched_setscheduler(0, before, os.sched_param(0))
