"""The rules of the leaf modules in the form Django's fields ask for."""

from django.core.validators import MaxValueValidator, MinValueValidator

from common.validators import judge, validate_name, validate_text
from oauthapps.rules.apis.identifiers import check_identifier
from oauthapps.rules.apis.token_lifetimes import LONGEST_SECONDS, SHORTEST_SECONDS
from oauthapps.rules.scopes import check_name as check_scope_name
from oauthapps.rules.urls.links import check_link

# How long an access token may live.
TOKEN_LIFETIME = [MinValueValidator(SHORTEST_SECONDS), MaxValueValidator(LONGEST_SECONDS)]

# Migrations find all of them here.
__all__ = [
    "TOKEN_LIFETIME",
    "validate_api_identifier",
    "validate_link",
    "validate_name",
    "validate_scope_name",
    "validate_text",
]


def validate_link(value: str) -> None:
    """Refuse what may not stand behind a link we show.

    Raises:
        ValidationError: with the sentence that says why.
    """
    judge(check_link, value)


def validate_api_identifier(value: str) -> None:
    """Refuse what cannot identify an API.

    Raises:
        ValidationError: with the sentence that says why.
    """
    judge(check_identifier, value)


def validate_scope_name(value: str) -> None:
    """Refuse what cannot be the name of a scope.

    Raises:
        ValidationError: with the sentence that says why.
    """
    judge(check_scope_name, value)
