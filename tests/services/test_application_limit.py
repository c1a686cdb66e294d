"""Ten applications at one time, however many administrators create one at once."""

import pytest

from oauthapps.errors import ApplicationLimitError
from oauthapps.models import Application
from oauthapps.rules.app_types import AppType
from tests.factories import make_application
from tests.parallel import in_parallel

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.locking]

ATTEMPTS = 16
THREADS = 8


def attempts() -> int:
    """Make one thread's attempts and return how many succeeded."""
    return sum(attempt() for _ in range(ATTEMPTS // THREADS))


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
    assert sum(in_parallel(attempts, THREADS)) == 10 - existing
    assert sorted(Application.objects.values_list("slot", flat=True)) == list(range(1, 11))
