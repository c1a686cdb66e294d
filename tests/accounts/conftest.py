"""A person with a browser, and clients to sign in to."""

import pytest

from accounts.models import User
from tests.factories import UserFactory
from tests.oauth2.conftest import person, single_page, visitor, web

__all__ = ["person", "single_page", "visitor", "web"]


@pytest.fixture
def ada(db: None) -> User:
    user: User = UserFactory.create(username="ada", email="ada@example.org")
    return user
