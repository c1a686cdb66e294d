"""Ten applications at one time, however many administrators create one at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from oauthapps.app_types import AppType
from oauthapps.errors import ApplicationLimitError
from oauthapps.models import Application
from tests.factories import make_application

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.locking]

ATTEMPTS = 16
THREADS = 8


def attempt_in_parallel() -> int:
    """Make 16 attempts from 8 threads and return how many succeeded."""
    barrier = Barrier(THREADS)

    def attempts() -> int:
        barrier.wait()
        try:
            return sum(attempt() for _ in range(ATTEMPTS // THREADS))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(future.result() for future in [pool.submit(attempts) for _ in range(THREADS)])


def attempt() -> bool:
    try:
        make_application(AppType.SINGLE_PAGE)
    except ApplicationLimitError:
        return False
    return True


@pytest.mark.parametrize("existing", [0, 9])
def test_sixteen_parallel_attempts_end_at_exactly_ten(existing: int) -> None:
    for _ in range(existing):
        make_application(AppType.WEB)
    assert attempt_in_parallel() == 10 - existing
    assert sorted(Application.objects.values_list("slot", flat=True)) == list(range(1, 11))
