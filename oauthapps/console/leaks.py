"""Whether something in a pasted text is a credential of this installation. Nothing of the text is kept."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from accounts.models import ScimToken, User
from oauthapps.models import AccessToken, Application, ClientSecret, Grant, PublicKey, RefreshToken
from oauthapps.models.consents import EndReason
from oauthapps.models.credentials import Credential
from oauthapps.rules import lifetimes
from oauthapps.rules.credential_values import PREFIXES, digest, hint
from oauthapps.rules.keys.keys_in_text import thumbprints_in

# Values of a text that are looked up.
MOST_VALUES = 500
SHORTEST_VALUE = 16
OURS = re.compile(rf"(?:{'|'.join(PREFIXES)})[A-Za-z0-9_-]{{49}}")
ENDS = "\"'`,;()<>[]{}"


@dataclass(frozen=True, kw_only=True)
class Found:
    """A credential of this installation.

    Attributes:
        kind: what it is.
        shown: all that the page repeats of it: how it begins and ends.
        application: whose it is; None for what belongs to the installation.
        person: whom it acts as; None for the application itself.
        state: whether it works, or why not.
        works: whether it works.
        notes: what it is for, as its administrators wrote.
        created_at: since when it exists.
        last_used_at: when it was last used.
        never: what the page says where that is not known.
        disable_url: of the page that ends it after a confirmation; empty where nothing is left to end.
        end_label: what the link to that page says, as the page itself does.
        advice: what else to do.
    """

    kind: str
    shown: str = field(repr=False)
    application: Application | None = None
    person: User | None = None
    state: str
    works: bool
    notes: str = ""
    created_at: datetime | None = None
    last_used_at: datetime | None = None
    never: str = "Never"
    disable_url: str = ""
    end_label: str = "Delete it"
    advice: str = ""


def credentials_in(text: str) -> list[Found]:
    """Return the credentials of this installation in a text, each once.

    Args:
        text: what was pasted, with or without something around it.
    """
    values = {digest(value): value for value in values_in(text)}
    return [*secrets_among(values), *tokens_among(values), *scim_tokens_among(values), *keys_in(text)]


def values_in(text: str) -> list[str]:
    """Return what in a text could be a credential: what looks like ours, all of it, and its words."""
    words = [word.strip(ENDS) for word in text.split()]
    named = [word.partition(sign)[2].strip(ENDS) for word in words for sign in "=:" if sign in word]
    found = dict.fromkeys([*OURS.findall(text), text.strip(), *words, *named])
    return [value for value in found if len(value) >= SHORTEST_VALUE][:MOST_VALUES]


def looks_like_ours(text: str) -> bool:
    """Return whether a text has something in it that an installation of this product could have made."""
    return OURS.search(text) is not None


def masked(value: str) -> str:
    """Return what a page may repeat of a credential: its prefix and its last four characters."""
    prefix = next((each for each in PREFIXES if value.startswith(each)), "")
    return f"{prefix}…{hint(value)}"


def secrets_among(values: dict[str, str]) -> Iterator[Found]:
    """Yield the client secrets among some values, by their digests."""
    rows = ClientSecret.objects.filter(digest__in=values).select_related("application")
    for row in rows:
        yield Found(
            kind="Client secret",
            shown=masked(values[row.digest]),
            application=row.application,
            state=state_of_credential(row),
            works=works(row),
            notes=row.notes,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            disable_url=page_of(row, "console:delete-secret"),
            advice=NEW_FIRST if works(row) else "",
        )


def tokens_among(values: dict[str, str]) -> Iterator[Found]:
    """Yield the tokens and codes among some values, by their digests."""
    related = ("application", "user", "family")
    for token in AccessToken.objects.filter(token_checksum__in=values).select_related(*related):
        is_alive = AccessToken.objects.not_ended().filter(pk=token.pk).exists()
        state = state_of_token(token, token.revoked_at, expires=token.expires)
        shown = masked(values[token.token_checksum])
        yield of_token("Access token", shown, token, state, is_alive=is_alive)
    for refresh in RefreshToken.objects.filter(token_checksum__in=values).select_related(*related):
        is_alive = refresh.revoked is None and refresh.family.ended_at is None
        times = {"expires": end_of(refresh), "replaced_at": refresh.replaced_at}
        state = state_of_token(refresh, refresh.revoked, **times)
        shown = masked(values[refresh.token_checksum])
        yield of_token("Refresh token", shown, refresh, state, is_alive=is_alive)
    for grant in Grant.objects.filter(code__in=values).select_related(*related):
        is_alive = grant.family.ended_at is None
        state = state_of_token(grant, None, expires=grant.expires, redeemed_at=grant.redeemed_at)
        yield of_token("Authorization code", masked(values[grant.code]), grant, state, is_alive=is_alive)


def scim_tokens_among(values: dict[str, str]) -> Iterator[Found]:
    """Yield the values that are SCIM tokens, found by their digests."""
    for row in ScimToken.objects.filter(digest__in=values):
        yield Found(
            kind="SCIM token",
            shown=masked(values[row.digest]),
            state=ALIVE,
            works=True,
            notes=row.name,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            disable_url=reverse("delete-scim-token", args=[row.pk]),
        )


def of_token(
    kind: str, shown: str, row: AccessToken | RefreshToken | Grant, state: str, *, is_alive: bool
) -> Found:
    """Return what is found of a token or code.

    Args:
        kind: what it is.
        shown: what the page repeats of it.
        row: the token or code.
        state: whether it works, or why not.
        is_alive: whether it, or what descends from it, could still work.
    """
    application, person = row.application, row.user
    subject = person.user_id if person else application.service_id
    can_end = is_alive and application.deleted_at is None and bool(subject)
    url = reverse("console:revoke-access", args=[application.client_id, subject]) if can_end else ""
    return Found(
        kind=kind,
        shown=shown,
        application=application,
        person=person,
        state=state,
        works=is_alive and state == ALIVE,
        created_at=row.created,
        last_used_at=getattr(row, "last_used_at", None),
        never="Never" if hasattr(row, "last_used_at") else "Not recorded",
        disable_url=url,
        end_label="Revoke access",
        advice=ENDS_ALL if url else "",
    )


ALIVE = "Works"
NEW_FIRST = "Give the integration a new client secret, then delete this one."
ENDS_ALL = "Revoking access ends all tokens that the application has for the same person."


def state_of_token(
    row: AccessToken | RefreshToken | Grant, revoked_at: datetime | None, **times: datetime | None
) -> str:
    """Return whether a token works, or what ended it first.

    Args:
        row: the token or code.
        revoked_at: when it was revoked.
        times: when it expires, was replaced, or was redeemed.
    """
    family, expires = row.family, times.get("expires")
    ended = family.end_reason if family else ""
    causes = {
        f"Ended: {EndReason(ended).label}" if ended else "": bool(ended),
        "Revoked": revoked_at,
        "Replaced by a newer one: using it again ends all of them": times.get("replaced_at"),
        "Already exchanged for tokens: using it again ends them": times.get("redeemed_at"),
        "Expired": expires and expires <= timezone.now(),
        "Its application was deleted": row.application.deleted_at,
        "Its application is disabled": not row.application.is_enabled,
        "The person is not active": row.user and not row.user.is_active,
    }
    return next((cause for cause, is_so in causes.items() if is_so), ALIVE)


def end_of(token: RefreshToken) -> datetime | None:
    """Return when a refresh token expires, as things are now; None for never."""
    application, family = token.application, token.family
    absolute = lifetimes.delta(application.absolute_expiration)
    inactivity = lifetimes.delta(application.inactivity_expiration)
    ends = (
        family.allowed_until,
        absolute and family.started_at + absolute,
        inactivity and token.user.last_active_at + inactivity,
    )
    return min((end for end in ends if end), default=None)


def keys_in(text: str) -> Iterator[Found]:
    """Yield the keys of applications whose private or public half is in a text."""
    for is_private, thumbprint in dict.fromkeys(thumbprints_in(text)):
        rows = PublicKey.objects.filter(thumbprint=thumbprint).select_related("application", "user")
        for row in rows:
            yield Found(
                kind=f"{'Private' if is_private else 'Public'} half of a key pair",
                shown=row.short_id,
                application=row.application,
                person=row.user,
                state=state_of_credential(row),
                works=works(row),
                created_at=row.created_at,
                last_used_at=row.last_used_at,
                disable_url=page_of(row, "console:delete-key") if is_private else "",
                advice=(LEAKED_KEY if works(row) else "") if is_private else PUBLIC_HALF,
            )


LEAKED_KEY = "Treat it as leaked: add a new key pair to the integration, then delete this key."
PUBLIC_HALF = "A public key is no secret: nothing needs to be done."


def state_of_credential(row: Credential) -> str:
    """Return whether a secret or key works, or why not."""
    causes = {
        "Deleted": row.deleted_at is not None,
        "Its application was deleted": row.application.deleted_at is not None,
        "Expired": row.expires_at is not None and row.expires_at <= timezone.now(),
        "Its application is disabled": not row.application.is_enabled,
    }
    return next((cause for cause, is_so in causes.items() if is_so), ALIVE)


def works(row: Credential) -> bool:
    """Return whether a secret or key works."""
    return state_of_credential(row) == ALIVE


def page_of(row: Credential, name: str) -> str:
    """Return the URL of the page that deletes a secret or key; empty where it has gone already."""
    is_there = row.deleted_at is None and row.application.deleted_at is None
    return reverse(name, args=[row.application.client_id, row.pk]) if is_there else ""
