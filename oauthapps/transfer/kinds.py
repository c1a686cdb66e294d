"""What a document has: the kinds of things, and the fields of each, which are named as their models' are."""

from dataclasses import dataclass

from django.db.models import TextChoices

from accounts.models import Role, Status
from oauthapps.models import ResponseProfile
from oauthapps.rules.app_types import AppType
from oauthapps.rules.lifetimes import Lifetime
from oauthapps.transfer.values import (
    Choice,
    Dates,
    Day,
    Flag,
    Identifier,
    Name,
    Number,
    Text,
    Texts,
    ValueType,
)

FORMAT = 1
ITSELF = "application"  # what a key acts as that acts as no person


class ApplicationStatus(TextChoices):
    """Whether an application's client may act."""

    ENABLED = "enabled", "Enabled"
    DISABLED = "disabled", "Disabled"


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of a thing.

    Attributes:
        name: its name in a document, and the name of its column.
        type: what values it has.
        is_required: whether it can't be left out.
    """

    name: str
    type: ValueType
    is_required: bool = False


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of things.

    Attributes:
        name: what a document calls its list, and what the name of its table begins with.
        noun: what one of them is called.
        fields: its fields.
        key: the fields that tell one from all others.
        within: the kind and field of what it belongs to; in JSON it stands in there, in a table it names it.
    """

    name: str
    noun: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    within: tuple[str, str] | None = None

    @property
    def names(self) -> list[str]:
        """The names of its fields."""
        return [field.name for field in self.fields]


def required(name: str, value_type: ValueType) -> Field:
    """Return a field that can't be left out."""
    return Field(name=name, type=value_type, is_required=True)


def optional(value_type: ValueType, *names: str) -> tuple[Field, ...]:
    """Return fields of one type that can be left out."""
    return tuple(Field(name=name, type=value_type) for name in names)


ORGANIZATION = Kind(
    name="organization",
    noun="organization",
    fields=(
        *optional(Identifier(), "customer_id"),
        *optional(Name(), "name"),
        *optional(Text(), "domain", "lane"),
        *optional(Flag(), "require_second_factor"),
    ),
    key=(),
)
PEOPLE = Kind(
    name="people",
    noun="person",
    fields=(
        required("user_id", Identifier()),
        required("username", Text()),
        required("email", Text()),
        *optional(Name(), "name"),
        *optional(Choice(Role), "role"),
        *optional(Choice(Status), "status"),
    ),
    key=("user_id",),
)
APIS = Kind(
    name="apis",
    noun="API",
    fields=(
        required("identifier", Text()),
        required("name", Name()),
        *optional(Text(), "description"),
        *optional(Number(), "token_seconds"),
        *optional(Texts(), "verifiers"),
    ),
    key=("identifier",),
)
SCOPES = Kind(
    name="scopes",
    noun="scope",
    fields=(
        required("identifier", Text()),
        required("name", Text()),
        required("sentence", Text()),
        *optional(Flag(), "is_default"),
    ),
    key=("name",),
    within=("apis", "identifier"),
)
APPLICATIONS = Kind(
    name="applications",
    noun="application",
    fields=(
        required("client_id", Identifier()),
        required("type", Choice(AppType)),
        required("name", Name()),
        *optional(Choice(ApplicationStatus), "status"),
        *optional(Identifier(), "service_id"),
        *optional(Texts(), "redirect_urls"),
        *optional(Choice(ResponseProfile), "response_profile"),
        *optional(Flag(), "rotate_refresh_tokens"),
        *optional(Choice(Lifetime), "absolute_expiration", "inactivity_expiration"),
        *optional(Texts(), "allowed_scopes"),
        *optional(Number(), "access_token_seconds"),
        *optional(Flag(), "requires_pkce", "may_verify_tokens"),
        *optional(Text(), "owner", "first_contact", "second_contact", "description", "description_url"),
        *optional(Text(), "developer_name", "developer_email", "privacy_policy_url", "terms_of_service_url"),
        *optional(Dates(), "exceptions"),
    ),
    key=("client_id",),
)
KEYS = Kind(
    name="keys",
    noun="public key",
    fields=(
        required("client_id", Identifier()),
        required("key", Text()),
        required("acts_as", Text()),
        *optional(Day(), "last_day"),
    ),
    key=("client_id", "key"),
    within=("applications", "client_id"),
)
SECRETS = Kind(
    name="secrets",
    noun="client secret",
    fields=(
        required("client_id", Identifier()),
        required("secret", Text()),
    ),
    key=("client_id", "secret"),
)

# In the order in which they are applied: each needs only what comes before it.
KINDS = (ORGANIZATION, PEOPLE, APIS, SCOPES, APPLICATIONS, KEYS)
