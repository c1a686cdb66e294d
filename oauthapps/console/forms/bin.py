"""The form that restores a deleted application."""

from django import forms
from django.http import QueryDict

from common.validators import validate_name
from oauthapps.errors import NameTakenError
from oauthapps.models import Application
from oauthapps.models.applications import NAME_REQUIRED
from oauthapps.services.bin import require_free_name

LONGEST_NAME = int(Application._meta.get_field("name").max_length or 0)
ADDITION = " (restored)"


class RestoreForm(forms.Form):
    """The name to restore an application under; a button that sends none means the name that it had."""

    name = forms.CharField(
        label="Name",
        max_length=LONGEST_NAME,
        validators=[validate_name],
        error_messages={"required": NAME_REQUIRED},
    )

    def __init__(self, data: QueryDict | None = None, *, application: Application) -> None:
        self.application = application
        if data is not None and "name" not in data:
            data = data.copy()
            data["name"] = application.name
        super().__init__(data, initial={"name": free_name(application)})
        if free_name(application) != application.name:
            self.fields["name"].help_text = "Another application now has its name."


def free_name(application: Application) -> str:
    """Return the name of a deleted application, with an addition if another application has it by now."""
    try:
        require_free_name(application.name)
    except NameTakenError:
        return f"{application.name[: LONGEST_NAME - len(ADDITION)]}{ADDITION}"
    return application.name
