"""Public keys of applications: adding, generating, and handing out the public half."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import (
    administrator_required,
    auditor_required,
    posted_from,
    require_step_up,
    signed_in_user,
    step_up_required,
)
from audit.actors import Actor
from oauthapps.console.file_names import file_name
from oauthapps.console.forms.credentials import GeneratedKeyForm, PublicKeyForm
from oauthapps.console.forms.unsaved import unsaved_fields
from oauthapps.console.idempotency import (
    AlreadyProcessedError,
    already_processed,
    explain_repeat,
    run_once,
)
from oauthapps.console.lookup import find_application, find_key
from oauthapps.console.views.landing import KEYS, REPLACES, back_to_settings, opened_from_settings, way_on
from oauthapps.console.views.reveal import reveal_private_key
from oauthapps.console.views.secrets import ask_again
from oauthapps.errors import InvalidPublicKeyError
from oauthapps.models import Application
from oauthapps.rules.keys import keypairs
from oauthapps.services.credentials import add_key, keep_public_half


@administrator_required
@sensitive_post_parameters("public_key")
@sensitive_variables("form", "data")
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, client_id: str) -> HttpResponse:
    """Take the public key of another application.

    The page asks for a sign-in before anything is pasted: a key is never kept while somebody signs in.
    """
    require_step_up(request)
    application, viewer = find_with_keys(client_id), signed_in_user(request)
    if request.method != "POST":
        return ask_for_key(request, application, PublicKeyForm(application=application, viewer=viewer))
    form = PublicKeyForm(request.POST, request.FILES, application=application, viewer=viewer)
    if not form.is_valid():
        return ask_for_key(request, application, form)
    try:
        key = add_key(
            application,
            form.cleaned_data["key"],
            user=form.subject,
            actor=Actor.of(request),
            last_day=form.last_day,
        )
    except InvalidPublicKeyError as error:
        form.refuse(error)
        return ask_for_key(request, application, form)
    messages.success(request, f"Public key added: {key.short_id}, {key.kind}", extra_tags=KEYS)
    return way_on(request, application, KEYS)


@administrator_required
@posted_from("console:add-key", "client_id")
@opened_from_settings
def open_form(request: HttpRequest, client_id: str) -> HttpResponse:
    """Show that page to somebody who has unsaved settings.

    It has a URL of its own, because the settings are kept while somebody signs in, and keys never are.
    """
    require_step_up(request)
    application = find_with_keys(client_id)
    form = PublicKeyForm(application=application, viewer=signed_in_user(request))
    return ask_for_key(request, application, form)


def ask_for_key(request: HttpRequest, application: Application, form: PublicKeyForm) -> HttpResponse:
    """Show the page that takes a public key."""
    replaces = request.POST.get(REPLACES, request.GET.get(REPLACES, ""))
    unsaved = unsaved_fields(request, application)
    context = {"application": application, "form": form, "unsaved": unsaved, "replaces": replaces}
    return render(request, "console/add_key.html", context, status=422 if form.errors else 200)


@administrator_required
@sensitive_variables("pair")
@posted_from("console:application", "client_id")
@step_up_required
def generate(request: HttpRequest, client_id: str) -> HttpResponse:
    """Generate a key pair and show its private half, for the only time."""
    application = find_with_keys(client_id)
    if already_processed(request):
        return refuse_repeat(request, application)
    form = GeneratedKeyForm(request.POST, application=application, viewer=signed_in_user(request))
    if not form.is_valid():
        return ask_again(request, application, form, "console/generate_key.html")
    pair = keypairs.generate_keypair()  # before the transaction, because it takes a second
    try:
        with run_once(request):
            key = keep_public_half(
                application,
                pair.public,
                user=form.subject,
                actor=Actor.of(request),
                last_day=form.last_day,
            )
    except AlreadyProcessedError:
        return refuse_repeat(request, application)
    return reveal_private_key(request, application, key, pair)


def refuse_repeat(request: HttpRequest, application: Application) -> HttpResponse:
    """Answer a form that was sent again."""
    explain_repeat(request, KEYS)
    return back_to_settings(request, application, KEYS)


@auditor_required
@require_safe
def public_half(request: HttpRequest, client_id: str, pk: int) -> HttpResponse:  # noqa: ARG001
    """Hand out the public half of a key as a file."""
    key = find_key(client_id, pk)
    name = file_name(key.application, f"_public_key_{key.fingerprint[:8]}.pem")
    headers = {"Content-Disposition": content_disposition_header(as_attachment=True, filename=name)}
    return HttpResponse(key.pem, content_type="application/x-pem-file", headers=headers)


def find_with_keys(client_id: str) -> Application:
    """Return an application whose type has public keys, or answer 404."""
    application = find_application(client_id)
    if not application.type.has_keys:
        raise Http404
    return application
