"""The people of the organization: finding and changing them, and letting them back in."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import administrator_required, auditor_required, recent_sign_in_required
from accounts.forms.people import PeopleFilters, PersonForm
from accounts.models import User
from accounts.pages.downloads import csv_download
from accounts.pages.save_messages import tell_what_was_saved
from accounts.services.links import allow_linking, create_password_link
from accounts.services.password_rule import may_use_password, with_password_rule
from accounts.services.people import change_person
from audit.actors import Actor
from common.csv_tables import MOST_ROWS, Columns
from common.edits import BaseVersion, EditConflictError

PEOPLE_PER_PAGE = 50
COLUMNS: Columns[User] = {
    "Name": lambda person: person.display_name,
    "Username": lambda person: person.username,
    "Email": lambda person: person.email,
    "User ID": lambda person: person.user_id,
    "Role": lambda person: person.get_role_display(),
    "Status": lambda person: person.status.label,
    "Last active (UTC)": lambda person: person.last_active_at if person.joined_at else None,
}


@auditor_required
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """List the people of the organization, or those of a name, role or status."""
    asked = PeopleFilters(request.GET)
    page = Paginator(filter_people(asked.chosen), PEOPLE_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "people/people.html", {"asked": asked, "page": page})


@auditor_required
@require_safe
def export_people(request: HttpRequest) -> HttpResponse:
    """Export the people that were asked for, of all pages of the list."""
    found = filter_people(PeopleFilters(request.GET).chosen)
    return csv_download("people", COLUMNS, found[: MOST_ROWS + 1])


def filter_people(chosen: dict[str, str]) -> QuerySet[User]:
    """Return the people that fit what was chosen, by name."""
    rows = User.objects.of_status(chosen["status"]) if "status" in chosen else User.objects.all()
    if "role" in chosen:
        rows = rows.filter(role=chosen["role"])
    if "q" in chosen:
        text = chosen["q"]
        of_name = Q(name__icontains=text) | Q(username__icontains=text) | Q(email__icontains=text)
        rows = rows.filter(of_name | Q(user_id=text.lower()))
    return rows.order_by("name", "username", "pk")


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in_required
def change(request: HttpRequest, user_id: str) -> HttpResponse:
    """Change a person's name, username, email address or role."""
    form = PersonForm(request.POST or None, instance=get_object_or_404(User, user_id=user_id))
    person = get_object_or_404(User, user_id=user_id)  # the form writes into the other one
    context: dict[str, Any] = {"person": person, "form": form}
    if request.method != "POST":
        base_version = BaseVersion.shown({field: getattr(person, field) for field in form.fields})
        return render(request, "people/change.html", {**context, "base_version": base_version})
    context["base_version"] = base_version = BaseVersion.sent(request.POST)
    if form.is_valid():
        values = {
            field: value for field, value in form.values.items() if not base_version.takes_theirs(field)
        }
        try:
            changes = change_person(person, values, based_on=base_version.accepted, actor=Actor.of(request))
        except EditConflictError as error:
            return render(
                request, "people/change.html", {**context, "edit_conflicts": error.conflicts}, status=409
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            person.refresh_from_db()
            tell_what_was_saved(request, changes, about=person.display_name)
            return redirect("person", person.user_id)
    return render(request, "people/change.html", context, status=422)


@administrator_required
@sensitive_variables("link")
@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in_required
def make_password_link(request: HttpRequest, user_id: str) -> HttpResponse:
    """Say what a one-time password link does; make it for an active person and show it for the only time."""
    person = get_object_or_404(with_password_rule(User.objects.all()), user_id=user_id, is_active=True)
    if not may_use_password(person):
        return let_link(request, person)
    link = ""
    try:
        if request.method == "POST":
            link = create_password_link(person, actor=Actor.of(request))
    except ValidationError as error:
        messages.error(request, error.message)
        return redirect("person", person.user_id)
    response = render(request, "people/password_link.html", {"person": person, "link": link})
    response["Cache-Control"] = "no-store"
    return response


def let_link(request: HttpRequest, person: User) -> HttpResponse:
    """Say what it means to let somebody who can't use a password link an account, and do it once confirmed.

    Whoever confirmed a password link, because passwords were restricted only afterward, hasn't confirmed it.
    """
    if "allow_linking" not in request.POST:
        return render(request, "people/allow_linking.html", {"person": person})
    try:
        allow_linking(person, actor=Actor.of(request))
    except ValidationError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{person.display_name} can link an account at their next sign-in.")
    return redirect("person", person.user_id)
