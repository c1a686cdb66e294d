"""Changing an application, on top of what somebody else may have saved since one began."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.actors import Actor
from audit.models import Event, EventKind
from common.edits import Changes, Readable, merge_edits
from oauthapps.models import Application, Logo, RedirectURL
from oauthapps.rules.logos.encoding import logo_digest
from oauthapps.rules.urls.redirect_url_text import check_number
from oauthapps.rules.urls.redirect_urls import check_redirect_url
from oauthapps.services.edit_conflicts import (
    COLUMNS,
    LABELS,
    LOGO,
    REDIRECT_URLS,
    readable,
    subject_of,
    value_of,
)


def change_application(
    application: Application,
    *,
    values: Mapping[str, Any],
    labels: Mapping[str, str],
    actor: Actor,
    redirect_urls: Sequence[str] | None = None,
    logo: bytes | None = None,
    based_on: Mapping[str, str] | None = None,
    detail: str = "",
) -> Changes:
    """Give fields new values.

    Args:
        application: the application to change.
        values: the fields' new values by name; what is not named stays.
        labels: how the page calls each field, for the event and for the answer.
        actor: who changes it.
        redirect_urls: all redirect URLs in their order; None leaves them as they are.
        logo: a checked 256 by 256 pixel PNG; empty bytes remove the logo, None leaves it.
        based_on: the versions of the values that the new ones were chosen on top of. What differs from them
            by now was changed by somebody else: it stays where the new value is the old one.
        detail: what the event says besides, such as that this puts back what another event changed.

    Raises:
        EditConflictError: when both have changed the same, to different values.
        Application.DoesNotExist: when it was deleted meanwhile.
        InvalidRedirectURLError: when there are too many redirect URLs.
        ValidationError: when a field has a value it cannot have.
    """
    wanted = dict(values)
    if redirect_urls is not None:
        wanted[REDIRECT_URLS] = list(redirect_urls)
    if logo is not None:
        wanted[LOGO] = logo_digest(logo) if logo else ""
    with transaction.atomic():
        current = Application.objects.live().select_for_update(no_key=True).get(pk=application.pk)
        names = {**LABELS, **labels}
        subject = subject_of(current, wanted, names)
        state = subject.state
        kept = merge_edits(wanted, based_on or {}, subject)
        changed = [name for name, value in wanted.items() if value != state[name]]
        fields = {name: wanted[name] for name in changed if name not in LABELS}
        before, after = save_fields(application, fields, state, names)
        if REDIRECT_URLS in changed:
            old, new = replace_redirect_urls(application, wanted[REDIRECT_URLS], actor=actor)
            before[LABELS[REDIRECT_URLS]], after[LABELS[REDIRECT_URLS]] = old, new
        if LOGO in changed and replace_logo(application, logo or b""):
            after[LABELS[LOGO]] = "new picture" if logo else "removed"
        if after:
            Event.objects.record(
                EventKind.APPLICATION_CHANGED,
                actor=actor,
                application=application,
                detail=detail,
                before=before,
                after=after,
                values={
                    name: [state[name], wanted[name] if name in LABELS else value_of(application, name)]
                    for name in changed
                    if name != LOGO
                },
            )
    return Changes(changed=list(after), kept=kept)


def add_redirect_url(application: Application, url: str, *, actor: Actor) -> bool:
    """Add a redirect URL behind those that an application has; return whether it didn't have it already.

    Raises:
        Application.DoesNotExist: when the application was deleted meanwhile.
        InvalidRedirectURLError: when it can't have this URL, or no other one.
    """
    checked = check_redirect_url(url, app_type=application.app_type)
    with transaction.atomic():
        current = Application.objects.live().select_for_update(no_key=True).get(pk=application.pk)
        urls = [row.url for row in current.redirect_urls.all()]
        if checked in urls:
            return False
        change_application(current, values={}, labels={}, actor=actor, redirect_urls=[*urls, checked])
    return True


def save_fields(
    application: Application, values: Mapping[str, Any], state: Mapping[str, Any], names: Mapping[str, str]
) -> tuple[dict[str, Readable], dict[str, Readable]]:
    """Save fields that have another value by now; return what they were and are, readable, by label.

    Raises:
        ValidationError: when one has a value it cannot have.
    """
    columns = {COLUMNS.get(name, name): value for name, value in values.items()}
    for name, value in columns.items():
        setattr(application, name, value)
    application.clean_fields(exclude={field.name for field in application._meta.fields} - set(columns))
    if columns:
        application.save(update_fields=[*columns, "updated"])
    before = {names[name]: readable(name, state[name]) for name in values}
    after = {names[name]: readable(name, value) for name, value in values.items()}
    return before, after


def replace_redirect_urls(
    application: Application, urls: Sequence[str], *, actor: Actor
) -> tuple[list[str], list[str]]:
    """Make the redirect URLs be exactly `urls`, keep the history of those that stay; return old and new.

    Raises:
        InvalidRedirectURLError: when there are too many.
    """
    check_number(urls)
    rows = {row.url: row for row in application.redirect_urls.all()} if application.pk else {}
    application.redirect_urls.exclude(url__in=urls).delete()
    for position, url in enumerate(urls):
        if url not in rows:
            RedirectURL.objects.create(
                application=application, url=url, position=position, created_by=actor.user
            )
        elif rows[url].position != position:
            application.redirect_urls.filter(url=url).update(position=position)
    return list(rows), list(urls)


def replace_logo(application: Application, png: bytes) -> bool:
    """Store, replace or (with empty bytes) remove the logo and return whether that changed anything."""
    if not png:
        return Logo.objects.filter(application=application).delete()[0] > 0
    digest = logo_digest(png)
    if Logo.objects.filter(application=application, digest=digest).exists():
        return False
    Logo.objects.update_or_create(
        application=application, defaults={"png": png, "digest": digest, "created_at": timezone.now()}
    )
    return True
