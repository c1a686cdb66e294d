"""Our answers to django-allauth's questions."""

import logging
from smtplib import SMTPException
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.models import SocialAccount
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.access import signed_in_recently
from accounts.models import IdentityProvider, LinkPurpose, User
from accounts.pages.next_pages import is_own_page, redirect_to_page
from accounts.pages.user_agents import device
from accounts.security import throttling
from accounts.security.logins import login_in
from accounts.services.emergency import record_emergency_sign_in
from accounts.services.links import create_link_key, link_url
from accounts.services.mail import email_message
from accounts.services.password_rule import may_use_password
from accounts.services.second_factors import second_factors_of
from accounts.sessions.provider_sessions import identity_of, proved_second_factor, provider_of
from audit.actors import Actor
from audit.ip_addresses import UNKNOWN_IP, client_ip

AUTH_HASH_AT_START = "sign_in_begun_under"
IS_EMERGENCY = "sign_in_is_emergency"
# The same whatever was typed: it tells nobody which of the two is wrong.
WRONG_PASSWORD = "Check your username and password."  # noqa: S105 - it is none
log = logging.getLogger("gatehouse.mail")
BY_PROVIDER = "provider"
BY_PASSWORD, BY_CODE, BY_PASSKEY = "reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate:webauthn"
WAYS = {
    BY_PASSWORD: "Use your password",
    BY_CODE: "Use your authenticator app or a recovery code",
    BY_PASSKEY: "Use a passkey",
}


class AccountAdapter(DefaultAccountAdapter):
    """People are made by administrators: nobody registers."""

    error_messages: ClassVar[dict[str, str]] = DefaultAccountAdapter.error_messages | {
        "enter_current_password": "This is not your current password.",
        "username_email_password_mismatch": WRONG_PASSWORD,
        "username_password_mismatch": WRONG_PASSWORD,
        "email_password_mismatch": WRONG_PASSWORD,
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Return that registration is closed."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the browser's IP address, for the list of sessions and, as its network, for throttles."""
        return client_ip(request.META) or UNKNOWN_IP

    def is_safe_url(self, url: str | None) -> bool:
        """Return whether a URL to go on to is a page of this origin.

        The original would lead to any host in ALLOWED_HOSTS, under any scheme and at any port.
        """
        return is_own_page(url or "")

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link that a mail carries: under BASE_URL, whatever Host was asked for."""
        return link_url(key.partition("-")[2])  # what stands before is the person's primary key

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:  # noqa: ARG002
        """Return whether the sign-in is too long ago, by the one rule for all that cannot be undone."""
        return not signed_in_recently(self.request)

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """Return the ways to confirm that it is you, in our words, the likeliest first.

        Whoever has a second factor is asked for one: a password that somebody else knows must not be enough
        to remove it. Without an authenticator app a passkey is likelier at hand than a recovery code. People
        who may not use a password aren't asked for one.
        """
        offered = {method["id"]: method for method in super().get_reauthentication_methods(user)}
        factors = second_factors_of(user)
        if factors.are_on or not may_use_password(user):
            offered.pop(BY_PASSWORD, None)
        if not factors.has_app and BY_CODE in offered:
            offered[BY_CODE] = offered.pop(BY_CODE)  # now the last one
        local = [method | {"description": WAYS[name]} for name, method in offered.items()]
        if factors.are_on and not proved_second_factor(self.request):
            return local
        began_there = identity_of(self.request) is not None
        provider = provider_that_confirms(self.request, user) if began_there or not local else None
        return [at_provider(provider), *local] if provider else local

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send our own email: django-allauth's would name the installation after the Host header."""
        email_message(template_prefix, email, context).send()

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:  # noqa: ARG002
        """Mail the link of a forgotten password to the email address that is stored, not to the typed one."""
        super().send_password_reset_mail(user, user.email, context)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Tell somebody by mail what has changed; a mail that cannot be sent does not undo the change.

        Of the browser it says the name alone: the header may hold any text of whoever made the change.
        """
        said = {"user": user, "user_agent": device(self.get_http_user_agent(self.request)), **(context or {})}
        try:
            super().send_notification_mail(template_prefix, user, said, email)
        except (SMTPException, OSError) as error:
            log.warning("A notification could not be mailed: %s", type(error).__name__)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse or slow down an attempt that comes after too many failures.

        django-allauth's own counts by the login alone, with which a stranger could keep a victim out, and
        counts those who have not failed yet.

        Raises:
            TooManyAttemptsError: which says how long to wait.
        """
        throttling.throttle_sign_in(request, login_in(credentials))

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Count an attempt that failed."""
        throttling.count_failure(request, login_in(credentials))

    def validation_error(self, code: str, *args: Any) -> Exception:
        """Return the error of a code; where somebody has to wait, one that says how long."""
        if code in ("too_many_login_attempts", "rate_limited"):
            return throttling.TooManyAttemptsError(throttling.longest_wait("login_failed"))
        error: Exception = super().validation_error(code, *args)
        return error

    def get_login_stages(self) -> list[str]:
        """Return the stages of a sign-in: django-allauth's, then ours."""
        ours = {"allauth.mfa.stages.AuthenticateStage": "accounts.adapters.stages.SecondFactorStage"}
        stages = [ours.get(stage, stage) for stage in super().get_login_stages()]
        last = ["accounts.adapters.stages.FirstPasswordStage", "accounts.adapters.stages.LinkIdentityStage"]
        return [*stages, *last]

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Record under which password somebody begins to sign in: a second factor may come in between.

        Also record whether it is the emergency account: only the check of a password or passkey knows.
        """
        request.session[AUTH_HASH_AT_START] = user.get_session_auth_hash()
        request.session[IS_EMERGENCY] = getattr(user, "is_emergency_account", False)
        answer: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return answer

    def login(self, request: HttpRequest, user: User) -> None:
        """Sign a person in, unless they, their password, or their provider became invalid since they began.

        Raises:
            ImmediateHttpResponse: which leads back to the sign-in page.
        """
        auth_hash_at_start = request.session.pop(AUTH_HASH_AT_START, "")
        is_emergency = request.session.pop(IS_EMERGENCY, False)
        is_same = user.is_active and user.is_session_auth_hash(auth_hash_at_start)
        if not is_same or (identity_of(request) and provider_of(request) is None):
            from allauth.account.internal.stagekit import clear_login  # noqa: PLC0415  # it imports the adapter

            clear_login(request)
            raise ImmediateHttpResponse(redirect("account_login"))
        super().login(request, user)
        if is_emergency:
            record_emergency_sign_in(user, actor=Actor.of(request))

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """Lead on to where the person was going, however long its URL is."""
        from allauth.account.utils import get_login_redirect_url  # noqa: PLC0415  # it imports the adapter

        target = get_login_redirect_url(request, kwargs.pop("redirect_url"))
        answer: HttpResponse = super().post_login(request, user, redirect_url=reverse("home"), **kwargs)
        answer["Location"] = redirect_to_page(target)["Location"]
        return answer


def provider_that_confirms(request: HttpRequest, user: User) -> IdentityProvider | None:
    """Return the provider that can confirm a session: the session's, or another of the person's."""
    if provider := provider_of(request):
        return provider
    issuers = SocialAccount.objects.filter(user=user).values("provider")
    return IdentityProvider.objects.filter(is_enabled=True, issuer__in=issuers).first()


def at_provider(provider: IdentityProvider) -> dict[str, Any]:
    """Return the option to confirm a session with a provider."""
    description = f"Sign in again with {provider.name}"
    return {"id": BY_PROVIDER, "description": description, "url": reverse("reauthenticate-provider")}


class MailedKeys:
    """What makes the keys of mailed links for django-allauth."""

    def make_token(self, user: User) -> str:
        """Return the key of a new link, beside those mailed earlier."""
        return create_link_key(user, LinkPurpose.MAILED)
