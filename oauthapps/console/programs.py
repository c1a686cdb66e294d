"""Whole programs that use an application, with its real IDs: for Python, for Node.js, and for a browser."""

import json
from collections.abc import Sequence
from enum import StrEnum

from django.template import Context, Engine

from oauthapps.console.file_names import PRIVATE_KEY, file_name
from oauthapps.console.instructions import Step, explained_subject, instructions, subject_of, url_of
from oauthapps.models import Application, PublicKey

WITHOUT_REDIRECT_URL = "https://app.example.com/callback"


class Language(StrEnum):
    """What the instructions are written in."""

    SHELL = "shell"
    PYTHON = "python"
    NODE = "node"
    BROWSER = "browser"

    @property
    def label(self) -> str:
        """What the link to them is called."""
        return LABELS[self]


LABELS = {
    Language.SHELL: "Shell",
    Language.PYTHON: "Python",
    Language.NODE: "Node.js",
    Language.BROWSER: "Browser",
}
# Whoever runs an application's code, by its flow: what runs in a browser can keep no secret.
LANGUAGES = {
    "jwt": (Language.SHELL, Language.PYTHON, Language.NODE),
    "code": (Language.SHELL, Language.PYTHON, Language.NODE),
    "pkce": (Language.SHELL, Language.BROWSER),
}
# How a program is saved and run, by its language.
RUN = {
    Language.PYTHON: "Save it as {name}.py and run: python {name}.py",
    Language.NODE: "Save it as {name}.mjs and run: node {name}.mjs",
}
NEEDS = {Language.PYTHON: "Python 3.9 or newer", Language.NODE: "Node.js 20 or newer, and no packages"}
ENDINGS = {Language.PYTHON: "py", Language.NODE: "mjs"}
SERVE = "Serve it at the Redirect URL, by https or from this computer. It keeps no token once it is closed."


def language_of(text: str, application: Application) -> Language:
    """Return the language that a page is asked for in; the shell where there is no such page."""
    found = [each for each in LANGUAGES[application.type.flow] if each == text]
    return next(iter(found), Language.SHELL)


def steps_in(
    language: Language, application: Application, redirect_urls: Sequence[str], keys: Sequence[PublicKey]
) -> list[Step]:
    """Return how to use an application in a language.

    Args:
        language: one of `LANGUAGES` of the application's flow.
        application: the application.
        redirect_urls: those that are saved; the first one is used.
        keys: its live keys; the first one's subject is used.
    """
    if language is Language.SHELL:
        return instructions(application, redirect_urls, keys)
    values = values_of(application, redirect_urls, keys)
    if language is Language.BROWSER:
        return [Step(title="Sign in with PKCE", code=rendered("pkce.html", values), note=SERVE)]
    return [
        Step(
            title=title,
            code=rendered(f"{name}.{ENDINGS[language]}", values),
            note=f"Needs {NEEDS[language]}. The environment variable CLIENT_SECRET has the client secret. "
            f"{note} {RUN[language].format(name=name)}",
        )
        for title, name, note in programs(application, keys)
    ]


def programs(application: Application, keys: Sequence[PublicKey]) -> list[tuple[str, str, str]]:
    """Return the programs of a flow: the title, the template, and what to know about it."""
    if application.type.flow == "code":
        return [("Sign in, call the API, and refresh", "code", "The Redirect URL may be any that is saved.")]
    note = f"sub is the {explained_subject(keys)}."
    own = "It needs no JWT. The token acts as the application, not as a person."
    return [
        ("Exchange a JSON Web Token", "exchange", note),
        ("Get a token for the application itself", "own", own),
    ]


def values_of(
    application: Application, redirect_urls: Sequence[str], keys: Sequence[PublicKey]
) -> dict[str, str]:
    """Return what programs name, as literals of each language: JSON in which no script can end."""
    values = {
        "client_id": application.client_id,
        "customer_id": application.organization.customer_id,
        "subject": subject_of(application, keys),
        "key_file": file_name(application, PRIVATE_KEY),
        "redirect_uri": redirect_urls[0] if redirect_urls else WITHOUT_REDIRECT_URL,
        "authorize_url": url_of("oauth2_provider:authorize"),
        "token_url": url_of("oauth2_provider:token"),
        "exchange_url": url_of("oauth2_provider:jwt-exchange"),
        "me_url": url_of("api:me"),
    }
    return {name: json.dumps(value).replace("<", "\\u003c") for name, value in values.items()}


def rendered(name: str, values: dict[str, str]) -> str:
    """Return a program; the page escapes it as any other text."""
    template = Engine.get_default().get_template(f"console/snippets/{name}.txt")
    return str(template.render(Context(values, autoescape=False))).rstrip("\n")
