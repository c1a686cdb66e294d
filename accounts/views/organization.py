"""What the pages share on which the organization is changed."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.forms.organization import ModelForm
from accounts.models import Organization
from accounts.pages.save_messages import tell_what_was_saved
from accounts.services.organization import change_organization
from audit.actors import Actor
from common.edits import BaseVersion, Changes, EditConflictError


def show_or_save(request: HttpRequest, form: ModelForm, template: str, **more: Any) -> HttpResponse:
    """Show a form that changes the organization, or give the organization what was entered there.

    Args:
        request: with the form, if it was sent.
        form: bound to what was sent, or not.
        template: the page with the form.
        more: what else the page shows.
    """
    names = form._meta.fields or []
    current = Organization.current()
    context = {"form": form, "organization": current, **more}
    if request.method != "POST":
        base_version = BaseVersion.shown({name: getattr(current, name) for name in names})
        return render(request, template, {**context, "base_version": base_version})
    context["base_version"] = base_version = BaseVersion.sent(request.POST)
    if form.is_valid():
        try:
            changes = save(form, names, base_version, actor=Actor.of(request))
        except EditConflictError as error:
            return render(request, template, {**context, "edit_conflicts": error.conflicts}, status=409)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            tell_what_was_saved(request, changes)
            return redirect("organization")
    return render(request, template, context, status=422)


def save(form: ModelForm, names: Iterable[str], base_version: BaseVersion, *, actor: Actor) -> Changes:
    """Give the organization what was entered, but for what the person left to somebody else.

    Raises:
        EditConflictError: when somebody else has changed the same meanwhile and nobody has chosen yet.
        ValidationError: when a value cannot be taken, by field.
    """
    return change_organization(
        {name: form.cleaned_data[name] for name in names if not base_version.takes_theirs(name)},
        labels={name: str(form.fields[name].label) for name in names},
        based_on=base_version.accepted,
        actor=actor,
    )
