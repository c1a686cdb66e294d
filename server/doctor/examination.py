"""All checks, in the order of the report."""

from collections.abc import Iterator, Mapping

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, InterfaceError

from server.doctor.configuration import check_events, check_proxy, check_settings, check_tokens_in_urls
from server.doctor.contents import check_administrators, check_applications
from server.doctor.database import check_clock, check_database, check_migrations, check_stored_secrets
from server.doctor.files import check_disk, check_files, check_secret_key
from server.doctor.findings import Check, Finding, Level, error
from server.doctor.housekeeping import check_expired_data, check_housekeeping
from server.doctor.listening import check_listening
from server.doctor.mail import mail_check
from server.doctor.providers import check_identity_providers
from server.doctor.reach import check_reach


def examine(mail_to: str = "") -> Iterator[Finding]:
    """Yield what every check finds; after an error about the database, nothing that needs it.

    Args:
        mail_to: an email address to send a test email to.
    """
    yield from perform(
        {
            "settings": check_settings,
            "session_id_in_url": check_tokens_in_urls,
            "proxy": check_proxy,
            "reach": check_reach,
            "listening": check_listening,
            "secret_key": check_secret_key,
            "files": check_files,
            "disk": check_disk,
            "mail": mail_check(mail_to),
            "events": check_events,
        }
    )
    for checks in (DATABASE, MIGRATIONS, DATA):
        found = list(perform(checks))
        yield from found
        if any(finding.level is Level.ERROR for finding in found):
            return


DATABASE: Mapping[str, Check] = {"database": check_database}
MIGRATIONS: Mapping[str, Check] = {"migrations": check_migrations}
DATA: Mapping[str, Check] = {
    "clock": check_clock,
    "stored_secrets": check_stored_secrets,
    "applications": check_applications,
    "administrators": check_administrators,
    "identity_providers": check_identity_providers,
    "housekeeping": check_housekeeping,
    "prune": check_expired_data,
}


def perform(checks: Mapping[str, Check]) -> Iterator[Finding]:
    """Yield what some checks find; one that fails is a finding of its own."""
    for name, check in checks.items():
        try:
            yield from [finding.of(name) for finding in check()]
        except (DatabaseError, InterfaceError, ImproperlyConfigured) as failure:
            sentence = f"The database can't be used: {one_line(failure)}."
            yield error(sentence, "Check DATABASE_URL and the database server.").of(name)
        except OSError as failure:
            sentence = f"This can't be checked: {one_line(failure)}."
            yield error(sentence, "Correct that, and try again.").of(name)


def one_line(failure: Exception) -> str:
    """Return an error's message as one line."""
    return " ".join(str(failure).split()).rstrip(".")
