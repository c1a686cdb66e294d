"""What the database holds while pages are looked at: an ordinary organization, and ones that are not."""

from collections.abc import Callable
from enum import StrEnum

from django.test import override_settings

from oauthapps.models import Application
from oauthapps.rules.app_types import AppType
from tests.every_page.counted import count_usage, leave_findings
from tests.every_page.organization import World, found, settle
from tests.every_page.spoiling import spoil_everything
from tests.factories import make_application


class State(StrEnum):
    """What a page may find: what is usual, nothing, all there can be, more, or the worst that fits."""

    FILLED = "filled"
    EMPTY = "empty"
    FULL = "full"
    MANY = "many"
    HOSTILE = "hostile"


def filled() -> World:
    """An organization with seven applications, as its people use them."""
    world = settle(found())
    count_usage(world)
    leave_findings(world)
    return world


def empty() -> World:
    """Nobody but an administrator and a member, and nothing they made."""
    return found()


def full() -> World:
    """The ordinary organization at its limit of ten applications."""
    world = filled()
    for number in range(10 - Application.objects.live().count()):
        make_application(list(AppType)[number % 3], name=f"Trial {number + 1}")
    return world


def many() -> World:
    """The ordinary organization with more applications than one page lists, and than may be since."""
    world = filled()
    with override_settings(APPLICATION_LIMIT=1000):
        for number in range(60):
            make_application(list(AppType)[number % 3], name=f"Trial {number + 1:02}")
    return world


def hostile() -> World:
    """The ordinary organization, where every field holds the most unpleasant thing that it takes."""
    world = filled()
    spoil_everything()
    return world


BUILDERS: dict[State, Callable[[], World]] = {
    State.FILLED: filled,
    State.EMPTY: empty,
    State.FULL: full,
    State.MANY: many,
    State.HOSTILE: hostile,
}
