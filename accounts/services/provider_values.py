"""The settings of an identity provider: which there are, and which values are valid."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

from accounts.models import IdentityProvider
from audit.models import Event, EventKind
from common.edits import LATEST_CHANGES, Readable, Subject
from common.url_parts import is_host, punycode
from common.validators import validate_name

# Everything that can be changed, in the order of the page; the client secret is never shown.
LABELS = {
    "name": "Name",
    "client_id": "Client ID",
    "scopes": "Scopes",
    "is_enabled": "Enabled",
    "allowed_domains": "Allowed email domains",
    "provisions": "Create members on first sign-in",
    "groups_claim": "Groups claim",
    "administrator_groups": "Administrator groups",
    "auditor_groups": "Auditor groups",
    "second_factor_values": "Second-factor values",
    "logout_ends_tokens": "Sign-out also ends tokens",
}
CLIENT_SECRET = "Client secret"  # noqa: S105  # its label
LISTS = ("allowed_domains", "administrator_groups", "auditor_groups", "second_factor_values")
OPENID = "openid"
MOST_ENTRIES, LONGEST_ENTRY = 200, 255


def state_of(provider: IdentityProvider) -> dict[str, Any]:
    """Return the current values of everything that can be changed."""
    return {name: getattr(provider, name) for name in LABELS}


def described(provider: IdentityProvider) -> dict[str, Any]:
    """Return a provider's values, by label, as events keep them; never its secret."""
    return {"Issuer": provider.issuer, **{LABELS[name]: value for name, value in state_of(provider).items()}}


def subject_of(provider: IdentityProvider) -> Subject:
    """Return a provider as edit conflicts describe it."""
    events = Event.objects.filter(kind=EventKind.IDENTITY_PROVIDER_CHANGED, subject=provider.pk)
    return Subject(
        state=state_of(provider),
        labels=LABELS,
        changes=lambda: events.select_related("actor")[:LATEST_CHANGES],
        readable=readable,
    )


def readable(_: str, value: Any) -> Readable:
    """Return a value as the page shows it."""
    return value if isinstance(value, bool | list) else str(value)


def normalized(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as they are stored: entries without duplicates, domains as in DNS."""
    kept = dict(values)
    for name in LISTS:
        if name in kept:
            entries = (str(entry).strip() for entry in kept[name])
            kept[name] = list(dict.fromkeys(entry for entry in entries if entry))
    if "allowed_domains" in kept:
        domains = (punycode(domain.removeprefix("@")) for domain in kept["allowed_domains"])
        kept["allowed_domains"] = list(dict.fromkeys(domains))
    if "scopes" in kept:
        kept["scopes"] = " ".join(dict.fromkeys(str(kept["scopes"]).split()))
    return kept


def check_values(provider: IdentityProvider) -> None:
    """Check all of a provider's values together.

    Raises:
        ValidationError: by field, when one is invalid.
    """
    provider.clean_fields()
    refusals = {name: refusal for name, refusal in refusals_of(provider) if refusal}
    if refusals:
        raise ValidationError(refusals)


def refusals_of(provider: IdentityProvider) -> list[tuple[str, str]]:
    """Return what is wrong with each field, beyond its type; empty if nothing is."""
    return [
        ("name", name_refusal(provider.name)),
        ("scopes", scopes_refusal(provider.scopes.split())),
        ("allowed_domains", domains_refusal(provider)),
        ("groups_claim", groups_refusal(provider)),
        *((name, entries_refusal(getattr(provider, name))) for name in LISTS[1:]),
    ]


def name_refusal(name: str) -> str:
    """Return why a name can't be shown to people; empty if it can."""
    try:
        validate_name(name)
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


def scopes_refusal(scopes: list[str]) -> str:
    """Return why these scopes can't be requested; empty if they can (RFC 6749 section 3.3)."""
    if OPENID not in scopes:
        return "Include “openid” in the scopes."
    is_written_right = all(
        each.isascii() and each.isprintable() and not set(each) & {'"', "\\"} for each in scopes
    )
    return (
        ""
        if is_written_right
        else "Enter the scopes exactly as the provider defines them, separated by spaces."
    )


def domains_refusal(provider: IdentityProvider) -> str:
    """Return why these domains can't be the allowed ones; empty if they can."""
    if provider.provisions and not provider.allowed_domains:
        return "Enter the email domains of people who become members on first sign-in."
    wrong = next((each for each in provider.allowed_domains if not is_domain(each)), None)
    return (
        f"“{wrong}” isn't a domain. Enter one like example.com."
        if wrong
        else entries_refusal(provider.allowed_domains)
    )


def is_domain(text: str) -> bool:
    """Return whether a text is the part of an email address after the @."""
    return (
        is_host(text) and "." in text and not text.rpartition(".")[2].isdigit() and not text.startswith("[")
    )


def groups_refusal(provider: IdentityProvider) -> str:
    """Return the refusal of groups without a claim to read them from; empty if there is a claim."""
    reads_groups = provider.administrator_groups or provider.auditor_groups
    return "Enter the claim that lists the groups." if reads_groups and not provider.groups_claim else ""


def entries_refusal(entries: list[str]) -> str:
    """Return why a list can't be stored; empty if it can."""
    if len(entries) > MOST_ENTRIES:
        return f"Enter at most {MOST_ENTRIES} lines."
    longest = max(map(len, entries), default=0)
    return f"Enter at most {LONGEST_ENTRY} characters per line." if longest > LONGEST_ENTRY else ""
