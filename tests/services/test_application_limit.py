"""No more applications at one time than the limit, however many administrators create one at once."""

import random

import pytest
from django.db import IntegrityError
from pytest_django import Settings

from accounts.models import Organization
from audit.actors import Actor
from oauthapps.errors import ApplicationLimitError
from oauthapps.models import Application
from oauthapps.rules.app_types import AppType
from oauthapps.services.applications import delete_application, occupy_slot
from tests.factories import make_application
from tests.parallel import all_at_once, in_parallel

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.locking,
    pytest.mark.spec("C-08", "the product's limit"),
]

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


def occupy(limit: int) -> bool:
    """Occupy a slot as a server with this limit does."""
    try:
        occupy_slot(
            Application(app_type=AppType.WEB, name="Web", organization=Organization.current()), limit=limit
        )
    except ApplicationLimitError:
        return False
    return True


def stand_in(*slots: int) -> None:
    """Let applications stand in these slots and no others."""
    organization = Organization.current()
    Application.objects.bulk_create(
        Application(app_type=AppType.WEB, name=f"Web {slot}", slot=slot, organization=organization)
        for slot in slots
    )


def slots() -> list[int]:
    return sorted(Application.objects.live().values_list("slot", flat=True))


@pytest.mark.parametrize("existing", [0, 9])
def test_sixteen_parallel_attempts_end_at_exactly_ten(existing: int) -> None:
    for _ in range(existing):
        make_application(AppType.WEB)
    assert sum(in_parallel(attempts, THREADS)) == 10 - existing
    assert slots() == list(range(1, 11))


def test_another_limit_is_as_exact(settings: Settings) -> None:
    settings.APPLICATION_LIMIT = 12
    assert sum(in_parallel(attempts, THREADS)) == 12
    assert slots() == list(range(1, 13))


def test_only_the_lowest_free_slot_is_taken() -> None:
    stand_in(2, 3, 5)
    for _ in range(3):
        assert occupy(limit=10)
    assert slots() == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("free", [(3,), (1, 2, 3)])
def test_a_free_slot_is_not_enough_where_the_limit_was_lowered(free: tuple[int, ...]) -> None:
    stand_in(*(slot for slot in range(1, 14) if slot not in free))
    assert not occupy(limit=10)
    for application in Application.objects.filter(slot__gt=9):
        delete_application(application, actor=Actor.command("tests"))
    assert occupy(limit=10)
    assert min(free) in slots()


@pytest.mark.parametrize("above", [(12, 13, 14, 15), (7, 12, 14), (15,)])
def test_parallel_attempts_end_at_the_limit_though_slots_above_it_are_taken(above: tuple[int, ...]) -> None:
    stand_in(1, 2, 4, 5, *above)
    made = sum(all_at_once([lambda: occupy(10) + occupy(10)] * THREADS))
    assert made == 10 - 4 - len(above)
    assert len(slots()) == 10


def test_two_servers_with_different_limits_stop_at_the_higher() -> None:
    acts = [lambda: [occupy(10) for _ in range(3)], lambda: [occupy(12) for _ in range(3)]] * (THREADS // 2)
    all_at_once(acts)
    assert slots() == list(range(1, 13))
    assert not occupy(limit=10)


def test_creating_and_deleting_at_once_never_exceeds_the_limit() -> None:
    stand_in(*range(1, 7), 14, 15, 16)

    def change() -> None:
        choice = random.Random()  # noqa: S311  # any order of events will do
        for _ in range(6):
            occupy(limit=10)
            assert Application.objects.live().count() <= 10
            rows = list(Application.objects.live())
            delete_application(choice.choice(rows), actor=Actor.command("tests"))

    in_parallel(change, THREADS)


@pytest.mark.parametrize("slot", [0, 1001])
def test_the_database_knows_a_thousand_slots(slot: int) -> None:
    stand_in(1, 1000)
    with pytest.raises(IntegrityError, match="application_slot_range"):
        stand_in(slot)
