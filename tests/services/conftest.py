"""A person with a browser, and a client."""

from tests.oauth2.conftest import person, single_page, visitor, web

__all__ = ["person", "single_page", "visitor", "web"]
