"""The organization and its people."""

from accounts.models import Organization, Role, Status, User
from accounts.services.organization import change_organization
from accounts.services.people import EDITABLE, change_person, label_of, normalized
from accounts.services.second_factor_rule import set_second_factor_rule
from oauthapps.services.people import create_person
from oauthapps.transfer.applying.context import Context, difference, joined
from oauthapps.transfer.entries import Item

RULE = "require_second_factor"


def apply_organization(item: Item, context: Context) -> None:
    """Give the organization the values of a document."""
    organization = Organization.current()
    present = {name: getattr(organization, name) for name in item.values if name != RULE}
    wanted = {name: item.values[name] for name in present if item.values[name] != present[name]}
    said = [difference(name, present[name], value) for name, value in wanted.items()]
    if wanted:
        change_organization(wanted, actor=context.actor)
    required = item.values.get(RULE)
    if required is not None and set_second_factor_rule(required=required, actor=context.actor):
        said.append(difference("Second factor for administrators and auditors", not required, required))
    if said:
        context.report.changed(item.place, f"organization: {joined(said)}")
    else:
        context.report.unchanged()


def apply_person(item: Item, context: Context) -> None:
    """Make a person, who has no password, or give one the values of a document."""
    person = context.person(item.values["user_id"])
    if person is None:
        make_person(item, context)
        return
    status = item.values.get("status")
    if status is not None and status != person.status:
        said = f"person {person.username} is {person.status.label.lower()} here, and stays it"
        context.report.kept(item.place.at("status"), said)
    wanted = {name: item.values[name] for name in EDITABLE if name in item.values}
    changed = {
        name: value for name, value in wanted.items() if normalized(name, value) != getattr(person, name)
    }
    if not changed:
        context.report.unchanged()
        return
    said = joined(difference(label_of(name), getattr(person, name), value) for name, value in changed.items())
    change_person(person, changed, actor=context.actor)
    context.report.changed(item.place, f"person {person.username}: {said}")


def make_person(item: Item, context: Context) -> None:
    """Make a person who has no password."""
    values = item.values
    user: User = create_person(
        username=values["username"],
        email=values["email"],
        name=values.get("name", ""),
        role=Role(values.get("role", Role.MEMBER)),
        user_id=values["user_id"],
        status=Status(values.get("status", Status.ACTIVE)),
        password=None,
        actor=context.actor,
    )
    context.add_person(user)
    context.report.made(item.place, f"person {user.username}, {user.get_role_display().lower()}")
