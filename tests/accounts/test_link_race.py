"""A one-time link works once, however many use it at the same moment."""

import pytest

from accounts.models import LinkPurpose
from accounts.services.links import create_link_key, usable_link, use_link
from audit.actors import Actor
from tests.factories import UserFactory
from tests.parallel import in_parallel

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.locking]


@pytest.mark.spec("C-13", "ASVS 6.4.1")
@pytest.mark.parametrize("attempt", range(3))
def test_of_six_uses_at_once_one_counts(attempt: int) -> None:
    person = UserFactory.create()
    link = usable_link(create_link_key(person, LinkPurpose.HANDED_OVER))
    assert link is not None
    used = in_parallel(lambda: use_link(link, "a new password for all", actor=Actor.command("tests")))
    assert sorted(used) == [False] * 5 + [True]
    person.refresh_from_db()
    assert person.check_password("a new password for all")


def test_of_six_links_made_at_once_one_works() -> None:
    person = UserFactory.create()
    keys = in_parallel(lambda: create_link_key(person, LinkPurpose.HANDED_OVER))
    assert [usable_link(key) is not None for key in keys].count(True) == 1
