"""Every form of the product is kept when a session ends, or its fields are listed as never kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.urls import resolve
from pytest_django import DjangoDbBlocker, Settings

from accounts.pages import kept_forms
from oauthapps.console.forms.unsaved import CARRIED
from tests.console.pages import Fields, Page, fields_of
from tests.every_page.conftest import browser_for, standing
from tests.every_page.organization import World
from tests.every_page.registry import VISITS
from tests.every_page.visits import Visit
from tests.every_page.worlds import State
from tests.urlconf import VIEWS

# Every field of every form, by whether somebody typed or chose it; a new one is a decision.
TYPED = {
    *("absolute_expiration", "inactivity_expiration", "rotate_refresh_tokens", "may_verify_tokens"),
    *("app_type", "description", "description_url", "developer_email", "developer_name", "domain", "email"),
    *("lane", "logo_kept", "name", "notes", "privacy_policy_url", "redirect_url", "remove_logo"),
    *("response_profile", "role", "terms_of_service_url", "understood", "username", "customer_id"),
    *("identifier", "scope_default", "scope_name", "scope_sentence", "token_seconds", "verifiers"),
    *("allowed_scope", "access_token_seconds", "requires_pkce", "owner", "first_contact", "second_contact"),
    *("time_limit", "last_day", "reason", "secret_days"),
    *("is_enabled", "client_id", "scopes", "issuer", "allowed_domains", "provisions", "groups_claim"),
    *("administrator_groups", "auditor_groups", "second_factor_values", "logout_ends_tokens"),
    *("password_rule", "emergency_account"),
    *("retire_on", "secret_expires", "secret_expires_on", "key_expires", "key_expires_on"),
}
# What pages write into forms for themselves.
WRITTEN = {
    *("authorization_request", "based_on", "csrfmiddlewaretoken", "form_id", "kept_form", "next"),
    *("initial-name", "initial-username", "initial-email", "initial-role", "initial-domain", "initial-lane"),
    *("choice-name", "choice-description", "choice-notes", "choice-expires", "initial-customer_id"),
    *("sent_url", "settings_form", "section", "replaces", "choice-scope-invoices:read"),
    *("confirmed", "page", "reverts"),
}
# Typed or chosen where nobody's session ends in between, or of no use afterward: the sign-in page says that
# nothing was kept.
NOT_WORTH_KEEPING = {"acts_as", "delete_keys", "disconnect", "login", "stored"}
# What is typed there is of no use without a password, key or passkey's answer, which are never kept.
NOT_KEPT = {"account_change_password", "account_reauthenticate", "console:add-key", "mfa_add_webauthn"}
LOGIN = "/accounts/login/"
FILES = {"logo", "public_key_file"}


@dataclass
class Inventory:
    """The ordinary organization, and the pages of all visits to it."""

    world: World
    pages: list[tuple[Visit, Page]]


@pytest.fixture(scope="module")
def inventory(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Inventory]:
    with standing(State.FILLED, django_db_blocker) as world:
        visits = [
            visit
            for visit in VISITS
            if world.arguments.get(visit.of) is not None
            and not visit.breaks
            and "too often" not in str(visit)
        ]
        yield Inventory(world, [(visit, visit.page(browser_for(visit, world), world)) for visit in visits])


def comparable(fields: Fields) -> dict[str, Any]:
    """What was filled in, with the ends of lines as a browser sends them."""
    return {
        name: [value.replace("\r\n", "\n") for value in ([sent] if isinstance(sent, str) else sent)]
        for name, sent in fields.items()
        if name not in {"csrfmiddlewaretoken", "kept_form", "client_secret"}  # which is empty here
    }


@pytest.mark.spec("W-61", "the product's forms")
def test_every_field_of_every_form_of_the_product_is_kept_or_listed_as_never_kept(
    inventory: Inventory, settings: Settings
) -> None:
    seen: dict[str, set[str]] = {}
    for _, page in inventory.pages:
        for form in page.posted_forms():
            for element in form.iter():
                if name := element.get("name"):
                    seen.setdefault(name, set()).add(element.get("type", element.tag))
    secret = {name for name, kinds in seen.items() if "password" in kinds}
    assert secret <= settings.NEVER_KEPT_FIELDS
    assert {name for name, kinds in seen.items() if "file" in kinds} == FILES
    fields = {name.removeprefix(CARRIED) for name, kinds in seen.items() if not kinds <= {"submit"}}
    decided = TYPED | WRITTEN | NOT_WORTH_KEEPING | FILES
    assert fields <= decided | settings.NEVER_KEPT_FIELDS
    assert not settings.NEVER_KEPT_FIELDS & decided
    assert fields >= settings.NEVER_KEPT_FIELDS


@pytest.mark.spec("W-61", "the product's forms")
def test_every_form_with_something_typed_is_kept_and_returns_whole(
    inventory: Inventory, db: None, settings: Settings
) -> None:
    world = inventory.world
    returned = set()
    for visit, page in inventory.pages:
        if visit.by not in {"administrator", "careful"} or visit.status != 200:
            continue
        if visit.sends is not None and not visit.to:
            continue
        if visit.name == "kept-form":
            continue
        path = visit.action(page, world) if visit.to else visit.path(world)
        sendings = [(form, action or path) for form in page.posted_forms() for action in page.actions(form)]
        for form, action in sendings:
            sent = fields_of(form)
            name = resolve(action.partition("#")[0]).view_name
            is_open = not getattr(VIEWS[name], "login_required", True)
            is_kept = name in settings.KEPT_FORMS or sent.keys() & TYPED
            if is_open or name in NOT_KEPT or not is_kept:
                continue
            browser = browser_for(visit, world)
            browser.client.session.delete()
            answer = browser.post(action, sent)
            assert answer.status == 403, action
            sealed = str(fields_of(answer.form(LOGIN))["kept_form"])
            assert comparable(fields_in(sealed)) == comparable(sent), action
            returned.add(name)
    assert returned == settings.KEPT_FORMS


def fields_in(sealed: str) -> Fields:
    """The fields of a sealed form."""
    kept = kept_forms.unseal(sealed)
    assert kept is not None
    assert kept.is_whole
    found: Fields = {}
    for name, value in kept.fields:
        found.setdefault(name, []).append(value)
    return found
