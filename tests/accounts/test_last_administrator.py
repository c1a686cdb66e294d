"""An administrator stays, however many step down or are deactivated at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db import connections

from accounts.actors import Actor
from accounts.models import Role, User
from accounts.services.activation import deactivate
from accounts.services.people import change_person
from tests.factories import AdministratorFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.locking]

COMMAND = Actor.command("tests")


def step_down(person: User) -> None:
    change_person(person, {"role": Role.MEMBER}, actor=COMMAND)


def leave(person: User) -> None:
    deactivate(person, actor=COMMAND)


def all_at_once(acts: list[tuple[Callable[[User], None], User]]) -> int:
    """Let each act happen in its own thread at the same time and return how many were refused."""
    barrier = Barrier(len(acts))

    def attempt(act: Callable[[User], None], person: User) -> bool:
        barrier.wait()
        try:
            act(person)
        except ValidationError:
            return True
        finally:
            connections.close_all()
        return False

    with ThreadPoolExecutor(len(acts)) as pool:
        return sum(future.result() for future in [pool.submit(attempt, *act) for act in acts])


@pytest.mark.parametrize("acts", [[step_down] * 6, [leave] * 6, [step_down, leave] * 3])
@pytest.mark.parametrize("attempt", range(3))
def test_of_six_who_go_at_once_exactly_one_stays(acts: list[Callable[[User], None]], attempt: int) -> None:
    people = AdministratorFactory.create_batch(6)
    assert all_at_once(list(zip(acts, people, strict=True))) == 1
    assert User.objects.administrators().count() == 1


def test_the_last_one_is_refused_alone_too() -> None:
    person = AdministratorFactory.create()
    for act in (step_down, leave):
        with pytest.raises(ValidationError, match="last active administrator"):
            act(person)
    assert User.objects.administrators().get() == person
