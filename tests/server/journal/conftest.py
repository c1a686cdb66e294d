"""Clients, and the journal that is kept of what they do."""

from collections.abc import Iterator

import pytest

from server.journal.journal import Journal
from tests.infrastructure.recording import recording
from tests.oauth2.conftest import machine, person, single_page, verifier_machine, visitor, web

__all__ = ["journal", "machine", "person", "single_page", "verifier_machine", "visitor", "web"]


@pytest.fixture
def journal() -> Iterator[Journal]:
    """A journal that is written when the test says so."""
    with recording() as journal:
        yield journal
