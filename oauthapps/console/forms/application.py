"""The settings of an application: a form per type, fields in the order of the product's description."""

from oauthapps.console.forms.base import ApplicationForm, Group
from oauthapps.console.forms.people import LIFETIME_FIELDS, LOGO_FIELDS, PeopleForm
from oauthapps.rules.app_types import AppType


class MachineForm(ApplicationForm):
    """Settings of a Machine to Machine Application."""

    groups = (
        Group(key="identity", title="Name and description", fields=("name", "description")),
        Group(key="compatibility", title="Compatibility", fields=("response_profile", "may_verify_tokens")),
    )

    class Meta(ApplicationForm.Meta):
        fields = ("name", "description", "response_profile", "may_verify_tokens")


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
        COMPATIBILITY,
    )


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
        COMPATIBILITY,
    )


FORMS: dict[str, type[ApplicationForm]] = {
    AppType.MACHINE_TO_MACHINE: MachineForm,
    AppType.SINGLE_PAGE: SinglePageForm,
    AppType.WEB: WebForm,
}


def form_class(app_type: str) -> type[ApplicationForm]:
    """Return the form that has the fields of a type."""
    return FORMS[app_type]
