"""An installation as a document: all that an import makes of one, in an order that its contents decide."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from accounts.models import Organization, Status, User
from oauthapps.models import Api, Application
from oauthapps.rules import scopes
from oauthapps.services import moving_in
from oauthapps.transfer.kinds import APPLICATIONS, FORMAT, ITSELF, KEYS, ApplicationStatus


def export_document() -> bytes:
    """Return the document of this installation: JSON in UTF-8, without any secret.

    The same contents make the same bytes, in whatever order and on whichever database they were stored.
    """
    document = {
        "format": FORMAT,
        "organization": described_organization(Organization.current()),
        "people": [described_person(user) for user in sorted(User.objects.all(), key=name_of_person)],
        "apis": [described_api(api) for api in sorted(Api.objects.live(), key=identifier_of)],
        "applications": described_applications(),
    }
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()


def described_organization(organization: Organization) -> dict[str, Any]:
    """Return the organization as a document has it."""
    return {
        "customer_id": organization.customer_id,
        "name": organization.name,
        "domain": organization.domain,
        "lane": organization.lane,
        "require_second_factor": organization.requires_second_factor,
    }


def name_of_person(user: User) -> tuple[str, str]:
    """Return what people are sorted by."""
    return user.username.lower(), user.user_id


def described_person(user: User) -> dict[str, Any]:
    """Return a person as a document has one; status stands there where it isn't active."""
    return {
        "user_id": user.user_id,
        "username": user.username,
        "email": user.email,
        **given({"name": user.name}),
        "role": user.role,
        **({"status": user.status.value} if user.status != Status.ACTIVE else {}),
    }


def identifier_of(api: Api) -> str:
    """Return what APIs are sorted by."""
    return api.identifier


def described_api(api: Api) -> dict[str, Any]:
    """Return an API as a document has one, its scopes in the order in which people read them."""
    return {
        "identifier": api.identifier,
        "name": api.name,
        **given({"description": api.description}),
        "token_seconds": api.token_seconds,
        "scopes": [
            {"name": scope.name, "sentence": scope.sentence, "is_default": scope.is_default}
            for scope in api.scopes.live()
        ],
        "verifiers": sorted(api.verifiers.filter(deleted_at=None).values_list("client_id", flat=True)),
    }


def described_applications() -> list[dict[str, Any]]:
    """Return the applications that have not been deleted, by name."""
    rows: Iterable[Application] = (
        Application.objects.live().select_related("user").prefetch_related("redirect_urls", "keys__user")
    )
    return [described_application(row) for row in sorted(rows, key=name_of_application)]


def name_of_application(application: Application) -> tuple[str, str]:
    """Return what applications are sorted by."""
    return application.name.lower(), application.client_id


def described_application(application: Application) -> dict[str, Any]:
    """Return an application as a document has one: what its type has, and no secret."""
    allowed = scopes.in_order(scopes.parse(application.allowed_scope))
    exceptions = {kind: f"{day}" for kind, day in moving_in.exceptions_of(application).items()}
    apart = {
        "type": application.app_type,
        "status": "" if application.is_enabled else ApplicationStatus.DISABLED.value,
        "redirect_urls": [row.url for row in application.redirect_urls.all()],
        "allowed_scopes": list(allowed),
        "owner": application.user.user_id if application.user else "",
        "exceptions": exceptions,
    }
    values = {
        name: apart[name] if name in apart else getattr(application, name)
        for name in APPLICATIONS.names
        if application.type.has_field(name)
    }
    if application.type.has_field(KEYS.name):
        values[KEYS.name] = described_keys(application)
    return given(values)


def described_keys(application: Application) -> list[dict[str, Any]]:
    """Return the public keys of an application that have not expired, by their key IDs."""
    usable = sorted((key for key in application.keys.all() if key.is_usable), key=lambda key: key.thumbprint)
    return [
        given(
            {
                "key": key.pem,
                "acts_as": key.user.user_id if key.user else ITSELF,
                "last_day": f"{key.last_day or ''}",
            }
        )
        for key in usable
    ]


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those values that are not empty; an empty list of scopes says something."""
    empty: tuple[Any, ...] = ("", None, {})
    return {name: value for name, value in values.items() if value not in empty}
