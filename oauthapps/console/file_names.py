"""What downloads are called: after their application, so that those of several can lie in one folder."""

from django.utils.text import slugify

from oauthapps.models import Application

LONGEST = 40  # characters of the application's name

ENV_FILE, PRIVATE_KEY = ".env", "_private_key.pem"


def file_name(application: Application, ending: str) -> str:
    """Return a file name of letters, digits, hyphens and underscores that begins with the application's name.

    Args:
        application: what the file belongs to.
        ending: what it holds, with the extension.
    """
    name = slugify(application.name, allow_unicode=True)[:LONGEST].strip("-_")
    return f"{name or 'application'}{ending}"
