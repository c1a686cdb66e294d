"""The settings of an application: a form per type, fields in the order of the product's description."""

from dataclasses import replace

from oauthapps.console.forms.base import ApplicationForm, Group
from oauthapps.console.forms.people import LIFETIME_FIELDS, LOGO_FIELDS, PeopleForm
from oauthapps.rules.app_types import AppType

API_ACCESS = Group(
    key="api-access",
    title="API access",
    fields=("allowed_scope",),
    text="The scopes that the application can ask for. Clearing a scope also removes it from issued tokens.",
)
TOKENS = Group(key="tokens", title="Tokens", fields=("access_token_seconds",))
OWNER_AND_CONTACTS = Group(
    key="owner-and-contacts",
    title="Owner and contacts",
    fields=("owner", "first_contact", "second_contact"),
)


class MachineForm(ApplicationForm):
    """Settings of a Machine to Machine Application."""

    groups = (
        Group(key="identity", title="Name and description", fields=("name", "description")),
        API_ACCESS,
        TOKENS,
        Group(key="compatibility", title="Compatibility", fields=("response_profile", "may_verify_tokens")),
        OWNER_AND_CONTACTS,
    )

    class Meta(ApplicationForm.Meta):
        fields = (*ApplicationForm.Meta.fields, "may_verify_tokens")


REFRESH_TOKENS = Group(
    key="refresh-tokens",
    title="Refresh tokens",
    fields=LIFETIME_FIELDS,
    text="Changes apply immediately, also to refresh tokens that were already issued.",
)
ALSO_SHOWN = "Also shown on the consent page"
COMPATIBILITY = Group(key="compatibility", title="Compatibility", fields=("response_profile",))


class WebForm(PeopleForm):
    """Settings of a Web Application."""

    groups = (
        REFRESH_TOKENS,
        Group(
            key="identity",
            title="Branding and consent",
            fields=(*LOGO_FIELDS, "name", "description", "description_url"),
        ),
        Group(
            key="also-shown",
            title=ALSO_SHOWN,
            fields=("developer_name", "developer_email", "privacy_policy_url", "terms_of_service_url"),
        ),
        API_ACCESS,
        replace(TOKENS, fields=(*TOKENS.fields, "requires_pkce")),
        COMPATIBILITY,
        OWNER_AND_CONTACTS,
    )

    class Meta(PeopleForm.Meta):
        fields = (*PeopleForm.Meta.fields, "requires_pkce")


class SinglePageForm(PeopleForm):
    """Settings of a Single Page Web Application."""

    groups = (
        REFRESH_TOKENS,
        Group(
            key="identity",
            title="Branding and consent",
            fields=(
                *LOGO_FIELDS,
                "name",
                "description",
                "developer_name",
                "developer_email",
                "privacy_policy_url",
            ),
        ),
        Group(key="also-shown", title=ALSO_SHOWN, fields=("description_url", "terms_of_service_url")),
        API_ACCESS,
        TOKENS,
        COMPATIBILITY,
        OWNER_AND_CONTACTS,
    )


FORMS: dict[str, type[ApplicationForm]] = {
    AppType.MACHINE_TO_MACHINE: MachineForm,
    AppType.SINGLE_PAGE: SinglePageForm,
    AppType.WEB: WebForm,
}


def form_class(app_type: str) -> type[ApplicationForm]:
    """Return the form that has the fields of a type."""
    return FORMS[app_type]
