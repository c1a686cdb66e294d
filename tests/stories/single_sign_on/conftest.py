"""One organization with two providers, for all stories of a worker that change nothing for others."""

from collections.abc import Iterator

import pytest

from tests.infrastructure.identity_providers import KINDS, IdentityProvider
from tests.stories.single_sign_on.office import Office, office_with


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office_with(tmp_path_factory.mktemp("office"), KINDS) as running:
        yield running


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def provider(office: Office, kind: str) -> Iterator[IdentityProvider]:
    """A provider that may be broken: it is whole again afterward."""
    running = office.providers[kind]
    yield running
    running.mend_endpoints()
    running.set_clock(0)
    running.forget(forgetful=False)
