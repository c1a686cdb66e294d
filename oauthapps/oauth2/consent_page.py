"""The page on which a person decides: what is asked for, and what they have allowed before."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.access import signed_in_user
from common.words import span_in_words
from oauthapps.models import Application, Consent
from oauthapps.models.access import Access, access_of
from oauthapps.oauth2.consent_form import seal
from oauthapps.oauth2.parameters import Parameters
from oauthapps.oauth2.requests import AuthorizationRequest
from oauthapps.rules import lifetimes, scopes
from oauthapps.rules.time_limits import TimeLimit, limits_before
from oauthapps.rules.urls.redirect_urls import display_host
from oauthapps.sql.catalog import ApiEntry, Catalog


@dataclass(frozen=True, kw_only=True)
class ScopeLine:
    """What a person reads of one scope.

    Attributes:
        sentence: what it says.
        is_new: whether they have not allowed it before, though they have others.
        earlier_sentence: what it said when they last allowed it; empty where that is the same, or never was.
    """

    sentence: str
    is_new: bool = False
    earlier_sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class ScopeGroup:
    """The scopes of one API."""

    api: ApiEntry
    lines: list[ScopeLine]


@dataclass(frozen=True, kw_only=True)
class ConsentPage:
    """An authorization request as one person reads it.

    Attributes:
        asked: the request.
        consent: what the person has allowed the application before; None where that is nothing.
        access: what of it works now.
        now: when the page is shown.
    """

    asked: AuthorizationRequest
    consent: Consent | None
    access: Access
    now: datetime

    @property
    def application(self) -> Application:
        """The application that asks."""
        application: Application = self.asked.client
        return application

    @property
    def catalog(self) -> Catalog:
        """The APIs that there are."""
        catalog: Catalog = self.asked.catalog
        return catalog

    @cached_property
    def lines(self) -> dict[str, ScopeLine]:
        """What the page says of scopes, compared with what the person has read before."""
        read = self.consent.sentences if self.consent else {}
        names = dict.fromkeys((*self.asked.scopes, *self.access.scope))
        return {
            name: ScopeLine(
                sentence=sentence,
                is_new=bool(read) and name not in read,
                earlier_sentence=read[name] if read.get(name, sentence) != sentence else "",
            )
            for name, sentence in self.catalog.sentences(names).items()
        }

    @property
    def earlier_scope(self) -> tuple[str, ...]:
        """What the application holds already and does not ask for now."""
        return tuple(name for name in self.access.scope if name not in self.asked.scopes)

    def groups(self, names: Iterable[str]) -> list[ScopeGroup]:
        """Return the lines of some scopes by API; keeping access, which is of none, has a line of its own."""
        groups = self.catalog.by_api(name for name in names if name != scopes.OFFLINE_ACCESS)
        return [ScopeGroup(api=api, lines=[self.lines[name] for name in said]) for api, said in groups]

    def keeping(self, names: Iterable[str]) -> ScopeLine | None:
        """Return the line that says that access lasts while the person is away, if it does."""
        return self.lines[scopes.OFFLINE_ACCESS] if scopes.OFFLINE_ACCESS in names else None

    def time_limits(self) -> list[tuple[TimeLimit, datetime]]:
        """Return the time limits that are shorter than what the application's settings allow."""
        if scopes.OFFLINE_ACCESS not in self.asked.scopes:
            return []
        return limits_before(self.last_end, self.now)

    @property
    def last_end(self) -> datetime | None:
        """When what is allowed now ends without a time limit at the latest; None for never."""
        absolute = self.application.absolute_expiration
        return lifetimes.last_end(absolute, since=self.now, allowed_until=None)

    def context(self) -> dict[str, Any]:
        """Return what the template shows of scopes and time."""
        held = {*self.asked.scopes, *self.access.scope}
        apis = [api for api, _ in self.catalog.by_api(held - {scopes.OFFLINE_ACCESS})]
        limits = self.time_limits()
        return {
            "last_allowed_at": self.consent and self.consent.sentences and self.consent.last_allowed_at,
            "has_marks": any(line.is_new or line.earlier_sentence for line in self.lines.values()),
            "has_built_in_api": any(api.is_built_in for api in apis),
            "has_other_apis": not all(api.is_built_in for api in apis),
            "may_write": not scopes.READ_ONLY.issuperset(held.intersection(scopes.SCOPES)),
            "groups": self.groups(self.asked.scopes),
            "keeps_access": self.keeping(self.asked.scopes),
            "until": self.until_sentence + (" You can choose a shorter time below." if limits else ""),
            "time_limits": limits,
            "at_the_latest": self.last_end,
            "earlier_groups": self.groups(self.earlier_scope),
            "kept_earlier": self.keeping(self.earlier_scope),
            "earlier_until": self.access.until_sentence(self.application),
            "lasts_already": self.access.renewable_since is not None,
        }

    def whole_context(self) -> dict[str, Any]:
        """Return the same with what the template shows of the application and of where people are sent."""
        asked, application = self.asked, self.application
        seconds = self.catalog.most_seconds(asked.scopes, application.access_token_seconds)
        return self.context() | {
            "application": application,
            "organization": application.organization,
            "access_token_lifetime": span_in_words(seconds),
            "redirect_host": display_host(asked.redirect_uri),
            "leads_to_app": not asked.redirect_uri.startswith(("https:", "http:")),
            "first_time": asked.redirect_url is not None and asked.redirect_url.last_used_at is None,
        }

    @property
    def until_sentence(self) -> str:
        """Until when what is allowed now lasts without a time limit."""
        application = self.application
        return lifetimes.until_sentence(
            application.absolute_expiration, application.inactivity_expiration, since=self.now
        )


def show_consent(
    request: HttpRequest,
    parameters: Parameters,
    asked: AuthorizationRequest,
    *,
    chosen: str = "",
    status: int = 200,
) -> HttpResponse:
    """Return the page on which the person decides.

    Args:
        request: the person's.
        parameters: the authorization request's parameters.
        asked: the same request, validated.
        chosen: the time limit that they chose before the page had to be shown again.
        status: of the response.
    """
    application, user = asked.client, signed_in_user(request)
    consent = Consent.objects.in_force().filter(user=user, application=application).first()
    access = access_of(consent) if consent else Access()
    page = ConsentPage(asked=asked, consent=consent, access=access, now=timezone.now())
    context = page.whole_context() | {
        "chosen_limit": next((limit for limit, _ in page.time_limits() if limit == chosen), ""),
        "authorization_request": seal(parameters, user, asked),
    }
    return render(request, "oauth2/consent.html", context, status=status)
