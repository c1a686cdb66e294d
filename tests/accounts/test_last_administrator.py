"""An administrator stays, however many step down or are deactivated at once."""

from collections.abc import Callable
from functools import partial

import pytest
from django.core.exceptions import ValidationError

from accounts.models import Role, User
from accounts.services.people import change_person
from audit.actors import Actor
from oauthapps.services.activation import deactivate
from tests.factories import AdministratorFactory
from tests.parallel import all_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.locking]

COMMAND = Actor.command("tests")


def step_down(person: User) -> None:
    change_person(person, {"role": Role.MEMBER}, actor=COMMAND)


def become_auditor(person: User) -> None:
    change_person(person, {"role": Role.AUDITOR}, actor=COMMAND)


def leave(person: User) -> None:
    deactivate(person, actor=COMMAND)


def is_refused(act: Callable[[User], None], person: User) -> bool:
    try:
        act(person)
    except ValidationError:
        return True
    return False


@pytest.mark.parametrize("acts", [[step_down] * 6, [leave] * 6, [step_down, leave, become_auditor] * 2])
@pytest.mark.parametrize("attempt", range(3))
def test_of_six_who_go_at_once_exactly_one_stays(acts: list[Callable[[User], None]], attempt: int) -> None:
    people = AdministratorFactory.create_batch(6)
    refused = all_at_once([partial(is_refused, *pair) for pair in zip(acts, people, strict=True)])
    assert sum(refused) == 1
    assert User.objects.administrators().count() == 1


def test_the_last_one_is_refused_alone_too() -> None:
    person = AdministratorFactory.create()
    for act in (step_down, become_auditor, leave):
        with pytest.raises(ValidationError, match="last active administrator"):
            act(person)
    assert User.objects.administrators().get() == person
