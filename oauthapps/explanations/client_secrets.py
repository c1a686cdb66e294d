"""Why a client did not authenticate with a secret, or without one."""

from datetime import datetime

from oauthapps.explanations import applications
from oauthapps.explanations.applications import Claimed
from oauthapps.explanations.wording import Shown, ago, by, withheld
from oauthapps.http.messages import Explanation
from oauthapps.models import Application, ClientSecret
from oauthapps.sql import issued

ADD_SECRET = (
    "Add a client secret on the application's page under Settings › Client secret, and put it into "  # noqa: S105  # a sentence
    "the client."
)
SEND_SECRET = (
    "Send the secret as client_secret or with HTTP Basic; a client with a key can send a client_assertion."  # noqa: S105  # a sentence
)


def not_authenticated(claimed: Claimed, shown: Shown, at: datetime) -> Explanation:
    """Return why a client that showed this secret, or none, did not authenticate.

    Args:
        claimed: the Client ID, as it was sent.
        shown: the secret.
        at: when the request was refused.
    """
    application = applications.find(claimed)
    if application is None:
        return with_owner(applications.unknown(claimed), shown)
    if unavailable := applications.out_of_use(application, at):
        return with_owner(unavailable, shown)
    if not application.type.has_secrets:
        return not_needed(application.type.label)
    if not shown.digests:
        return none_shown(application)
    return of_secret(application, shown, at)


def of_secret(application: Application, shown: Shown, at: datetime) -> Explanation:
    """Return why a secret that a client showed is none of its application's."""
    if not issued.is_known(issued.ANY_SECRET, shown.digests):
        return unknown(application, shown)
    secrets = ClientSecret.objects.select_related("deleted_by").filter(digest__in=shown.digests)
    if own := secrets.filter(application=application).first():
        return ended(own, at)
    if other := secrets.exclude(application=application).select_related("application").first():
        return of_another(other, application, shown)
    return unknown(application, shown)


def with_owner(unavailable: Explanation, shown: Shown) -> Explanation:
    """Return the explanation of an unavailable application, with whose the secret is if it is another's."""
    if not issued.is_known(issued.ANY_SECRET, shown.digests):
        return unavailable
    rows = ClientSecret.objects.live().filter(digest__in=shown.digests).select_related("application")
    other = rows.first()
    if other is None or not other.application.is_enabled:
        return unavailable
    name, client_id = other.application.name, other.application.client_id
    return withheld(
        f"{unavailable.cause} The secret belongs to {name}.",
        f"If the client belongs to {name}, send its Client ID, {client_id}.",
        to_client=unavailable,
    )


def none_shown(application: Application) -> Explanation:
    """Return that a client that has to show a secret showed none."""
    has_any = ClientSecret.objects.usable().filter(application=application).exists()
    cause = f"The request has no client secret, which a {application.type.label} must send"
    if has_any:
        return Explanation(f"{cause}.", SEND_SECRET)
    return Explanation(f"{cause}, and the application has none.", ADD_SECRET)


def ended(secret: ClientSecret, at: datetime) -> Explanation:
    """Return that a secret of the application's own was deleted or has expired, and when."""
    name = name_of(secret.hint or secret.masked)
    if secret.deleted_at is not None and secret.deleted_at <= at:
        when = f"{ago(secret.deleted_at, at)}{by(secret.deleted_by)}"
        details = {"deleted_at": secret.deleted_at.isoformat()}
        return Explanation(f"{name} was deleted {when}.", ADD_SECRET, details)
    if secret.expires_at is not None and secret.expires_at <= at:
        details = {"expired_at": secret.expires_at.isoformat()}
        return Explanation(f"{name} expired {ago(secret.expires_at, at)}.", ADD_SECRET, details)
    return Explanation(
        f"{name} was not valid at the time of the request; it was added or changed at about that time.",
        "Send the request again.",
    )


def of_another(secret: ClientSecret, application: Application, shown: Shown) -> Explanation:
    """Return that a secret is that of another application, which clients are not told."""
    name = secret.application.name
    return withheld(
        f"{name_of(secret.hint or secret.masked)} belongs to the application {name}, not to "
        f"{application.name}.",
        f"Send the Client ID of {name}, or a secret of {application.name}, depending on which client it is.",
        to_client=unknown(application, shown),
    )


def unknown(application: Application, shown: Shown) -> Explanation:
    """Return that the application never had a secret like this, and which it has."""
    live = [secret.masked for secret in ClientSecret.objects.usable().filter(application=application)]
    if shown.fault:
        return Explanation(
            f"The client secret {shown.fault}.", "Send the secret alone, exactly as it was shown."
        )
    if shown.kind and shown.kind != "a client secret":
        return Explanation(
            f"What was sent as client_secret is {shown.kind}.", "Send the client secret in its place."
        )
    sent = f"a secret of {shown.length} characters ({shown.masked})"
    if not live:
        return Explanation(f"The client sent {sent}, but the application has no secrets.", ADD_SECRET)
    return Explanation(
        f"The client sent {sent}, which the application never had; it has {', '.join(live)}.",
        "Put the whole secret into the client as it was shown, or add a new one under Settings › Client "
        "secret.",
        {"secrets": live},
    )


def not_needed(type_label: str) -> Explanation:
    """Return that a public client sent a secret."""
    return Explanation(
        f"The request has a client secret, but a {type_label} has none.",
        "Send client_id alone, and remove the secret from the client: whoever has the client can read it.",
    )


def cannot_authenticate(type_label: str) -> Explanation:
    """Return that a public client asked where only clients are answered that can show who they are."""
    return Explanation(
        f"A {type_label} can't authenticate, which this endpoint requires.",
        "Send the request from a server, as an application with a client secret or key of its own.",
    )


def name_of(hint: str) -> str:
    """Return what a sentence that begins with it calls a secret."""
    return f"The secret ending {hint}" if "…" not in hint else f"The secret {hint}"
