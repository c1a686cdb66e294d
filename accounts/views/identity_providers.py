"""Identity providers, under "System": listing, adding, changing, and deleting them."""

from collections.abc import Sequence
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import (
    administrator_required,
    auditor_required,
    recent_sign_in_required,
    step_up_required,
)
from accounts.forms.identity_providers import NewProviderForm, ProviderForm
from accounts.models import IdentityProvider, Organization
from accounts.oidc.discovery import Discovery, discover
from accounts.oidc.errors import ProviderError
from accounts.oidc.registration import redirect_url, urls_to_register
from accounts.pages.save_messages import tell_what_was_saved
from accounts.services.identity_providers import add_provider, change_provider
from accounts.services.identity_providers import delete_provider as delete
from accounts.services.provider_impact import impact_of_deletion
from accounts.services.provider_values import state_of
from audit.actors import Actor
from common.confirmation import ConfirmNameForm
from common.edits import BaseVersion, EditConflict, EditConflictError

SECRET_NOT_KEPT = "Enter the client secret again. A form that wasn't saved doesn't keep it."  # noqa: S105  # a sentence
SENT_AGAIN = "That form was sent a second time, so nothing new was added."


@auditor_required
@require_safe
def identity_providers(request: HttpRequest) -> HttpResponse:
    """List the identity providers, and say who may sign in with a password."""
    organization = Organization.objects.select_related("emergency_account").get_or_create()[0]
    providers = list(IdentityProvider.objects.all())
    context = {
        "providers": providers,
        "rule_counts": any(provider.is_enabled for provider in providers),
        "organization": organization,
        "redirect_url": redirect_url(),
    }
    return render(request, "people/sign_in/providers.html", context)


@administrator_required
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
@step_up_required
def new_identity_provider(request: HttpRequest) -> HttpResponse:
    """Ask for what it takes to reach a provider, and add it as disabled."""
    form = NewProviderForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if (found := sent_before(form)) is not None:
            messages.info(request, SENT_AGAIN)
            return redirect("identity-provider", found.provider_id)
        try:
            provider = add_provider(
                discover(form.cleaned_data["issuer"]),
                {**form.values(), "is_enabled": False},
                client_secret=form.cleaned_data["client_secret"],
                actor=Actor.of(request),
            )
        except ProviderError as error:
            form.add_error("issuer", error.explanation)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"Added: {provider.name}")
            return redirect("identity-provider", provider.provider_id)
    ask_for_secret_again(form)
    context = {"form": form, "redirect_url": redirect_url()}
    return render(request, "people/sign_in/new_provider.html", context, status=422 if form.errors else 200)


def ask_for_secret_again(form: ProviderForm) -> None:
    """Say that a client secret which was sent with a form that wasn't saved has to be entered again."""
    if form.is_bound and form.cleaned_data.get("client_secret"):
        form.add_error("client_secret", SECRET_NOT_KEPT)


def sent_before(form: NewProviderForm) -> IdentityProvider | None:
    """Return the provider that this form already added, if it was sent twice."""
    same = {name: form.cleaned_data[name] for name in ("name", "issuer", "client_id")}
    return IdentityProvider.objects.filter(**same).first()


@auditor_required
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
@step_up_required
def identity_provider(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Show a provider, or change it, which reads its discovery document again."""
    provider = get_object_or_404(IdentityProvider, provider_id=provider_id)
    if request.method != "POST":
        base_version = BaseVersion.shown(state_of(provider))
        return show(request, provider, ProviderForm(provider=provider), base_version)
    form, base_version = ProviderForm(request.POST, provider=provider), BaseVersion.sent(request.POST)
    if not form.is_valid():
        return show(request, provider, form, base_version, status=422)
    try:
        changes = change_provider(
            provider,
            form.values(base_version),
            client_secret=form.cleaned_data["client_secret"],
            discovery=discovered_again(request, provider),
            based_on=base_version.accepted,
            actor=Actor.of(request),
        )
    except EditConflictError as error:
        return show(request, provider, form, base_version, edit_conflicts=error.conflicts, status=409)
    except IdentityProvider.DoesNotExist as error:  # deleted meanwhile
        raise Http404 from error
    except ValidationError as error:
        form.add_error(None, error)
        return show(request, provider, form, base_version, status=422)
    tell_what_was_saved(request, changes)
    return redirect("identity-provider", provider.provider_id)


def discovered_again(request: HttpRequest, provider: IdentityProvider) -> Discovery | None:
    """Read a provider's discovery document; if that fails, say on the next page that the stored one is used.

    A provider that is down must not keep anybody from changing or disabling it.
    """
    try:
        return discover(provider.issuer)
    except ProviderError as error:
        text = "The discovery document couldn't be read, so the stored version is still used."
        messages.warning(request, f"{text} {error.explanation}")
        return None


def show(
    request: HttpRequest,
    provider: IdentityProvider,
    form: ProviderForm,
    base_version: BaseVersion,
    *,
    edit_conflicts: Sequence[EditConflict] = (),
    status: int = 200,
) -> HttpResponse:
    """Show a provider with the form that changes it, and the one that starts a test sign-in."""
    request.leads_to_provider = True  # type: ignore[attr-defined]  # the second one
    ask_for_secret_again(form)
    context: dict[str, Any] = {
        "provider": provider,
        "discovery": Discovery(document=provider.discovery),
        "form": form,
        "base_version": base_version,
        "edit_conflicts": edit_conflicts,
        "urls": urls_to_register(provider),
        "identities": SocialAccount.objects.filter(provider=provider.issuer).count(),
    }
    return render(request, "people/sign_in/provider.html", context, status=status)


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in_required
def delete_identity_provider(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Delete a provider after showing who would be affected."""
    provider = get_object_or_404(IdentityProvider, provider_id=provider_id)
    data = request.POST if request.method == "POST" else None
    form = ConfirmNameForm(data, named=provider.name, noun="provider")
    if form.is_valid():
        delete(provider, actor=Actor.of(request))
        messages.success(request, f"Deleted: {provider.name}")
        return redirect("identity-providers")
    context = {"provider": provider, "form": form, "impact": impact_of_deletion(provider)}
    status = 422 if form.errors else 200
    return render(request, "people/sign_in/delete_provider.html", context, status=status)
