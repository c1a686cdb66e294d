"""The pages that show a client secret or a private key, for the only time, and the way out of them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.debug import sensitive_variables

from accounts.access import administrator_required, posted_from
from oauthapps.console.env_file import env_file
from oauthapps.console.file_names import ENV_FILE, PRIVATE_KEY, file_name
from oauthapps.console.forms.unsaved import unsaved_fields
from oauthapps.console.instructions import subject_of
from oauthapps.console.lookup import find_application
from oauthapps.console.views.landing import KEYS, REPLACES, SECRETS, SECTIONS, way_on
from oauthapps.models import Application, PublicKey
from oauthapps.rules.keys import keypairs


@sensitive_variables("value", "context")
def reveal_secret(
    request: HttpRequest, application: Application, value: str, *, is_new: bool = False
) -> HttpResponse:
    """Answer with the one page that shows a client secret."""
    keys = list(application.keys.usable().select_related("user")) if application.type.exchanges_jwts else []
    subject = subject_of(application, keys)
    context = {
        "application": application,
        "client_secret": value,
        "subject": subject,
        "subject_label": keys[0].subject_label if keys else "Service ID",
        "env_file": env_file(application, value, subject=subject),
        "env_file_name": file_name(application, ENV_FILE),
        "is_new": is_new,
        "section": "" if is_new else SECRETS,
        "replaces": request.POST.get(REPLACES, ""),
        "unsaved": unsaved_fields(request, application),
    }
    return unkept(render(request, "console/reveal_secret.html", context))


@sensitive_variables("pair", "context")
def reveal_private_key(
    request: HttpRequest, application: Application, key: PublicKey, pair: keypairs.GeneratedKeypair
) -> HttpResponse:
    """Answer with the one page that shows a private key."""
    context = {
        "application": application,
        "key": key,
        "private_key": pair.private_pem,
        "private_key_name": file_name(application, PRIVATE_KEY),
        "section": KEYS,
        "replaces": request.POST.get(REPLACES, ""),
        "unsaved": unsaved_fields(request, application),
        "fingerprint_command": keypairs.fingerprint_command(),
    }
    return unkept(render(request, "console/reveal_key.html", context))


def unkept(response: HttpResponse) -> HttpResponse:
    """Return a response that no cache keeps."""
    response["Cache-Control"] = "no-store"
    return response


@administrator_required
@posted_from("console:application", "client_id")
def stored(request: HttpRequest, client_id: str) -> HttpResponse:
    """Leave such a page for good: the browser forgets it, for its Back button too."""
    application = find_application(client_id)
    section = request.POST.get("section", "")
    section = section if section in SECTIONS else ""
    if "stored" not in request.POST:
        messages.warning(
            request,
            "You didn't confirm that you've saved it. It isn't shown again: if you don't have it, delete it "
            "and create a new one.",
            extra_tags=section,
        )
    return forgotten(way_on(request, application, section))


def forgotten(response: HttpResponse) -> HttpResponse:
    """Return a response that makes the browser forget the pages before it."""
    response["Clear-Site-Data"] = '"cache"'
    return response
