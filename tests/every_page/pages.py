"""Every page in each state that it is looked at in."""

import pytest

from tests.every_page.registry import VISITS
from tests.every_page.worlds import State

PAGES = [
    pytest.param(visit, state, id=f"{visit}: {state}")
    for state in State
    for visit in VISITS
    if state in visit.states
]
