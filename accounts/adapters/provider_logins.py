"""Handing sign-ins with a provider over to django-allauth, which asks for second factors next."""

import logging

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.internal.stagekit import clear_login
from allauth.account.models import Login
from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_variables

from accounts.models import IdentityProvider, User
from accounts.oidc.proved import Confirmation, ProvedIdentity, seal, unseal
from accounts.services.group_roles import apply_group_role
from accounts.services.identities import link_confirmed
from accounts.sessions.provider_sessions import METHOD
from audit.actors import Actor

# What a sign-in under way keeps (`Login.state`): whether the provider checked a second factor that counts,
# and which account to link at the end, sealed.
SECOND_FACTOR, TO_LINK = "provider_second_factor", "identity_to_link"
log = logging.getLogger("gatehouse.sign_in")


@sensitive_variables()
def begin_login(
    request: HttpRequest, person: User, identity: ProvedIdentity, *, next_url: str
) -> HttpResponse:
    """Sign in a person whose provider vouched for them, or ask for what is still missing.

    A sign-in begun in another tab is dropped: a browser has one under way at a time.
    """
    clear_login(request)
    record_identity(request, person, identity)
    state = {SECOND_FACTOR: identity.has_second_factor}
    answer: HttpResponse = perform_login(
        request, Login(user=person, redirect_url=next_url or None, state=state)
    )
    return answer


@sensitive_variables()
def begin_confirmed_login(request: HttpRequest, person: User, waiting: Confirmation) -> HttpResponse:
    """Sign in a person who confirmed with their password that an account is theirs.

    It is linked once they have passed everything else that a sign-in with this password needs
    (`LinkIdentityStage`). A second factor checked by the provider doesn't count: whose it was is still open.
    """
    clear_login(request)
    record_authentication(request, person, method="password", username=person.username)
    login = Login(user=person, redirect_url=waiting.next_url or None, state={TO_LINK: seal(waiting)})
    answer: HttpResponse = perform_login(request, login)
    return answer


@sensitive_variables()
def link_in_the_end(request: HttpRequest, login: Login) -> bool:
    """Link the account that a sign-in is for, if there is one; return whether the sign-in continues."""
    sealed = login.state.get(TO_LINK)
    if not sealed:
        return True
    waiting = unseal(sealed)
    provider = (
        waiting and IdentityProvider.objects.filter(pk=waiting.identity.provider_pk, is_enabled=True).first()
    )
    if not waiting or not provider or waiting.user_pk != login.user.pk:
        return False
    actor = actor_for(request, provider)
    if not link_confirmed(login.user, waiting.identity.subject, provider, actor=actor):
        return False
    record_identity(request, login.user, waiting.identity)
    apply_group_role(login.user, waiting.identity.group_role, provider, actor=actor)
    return True


@sensitive_variables()
def record_identity(request: HttpRequest, person: User, identity: ProvedIdentity) -> None:
    """Record in the session which account a person signs in with, and when they proved it is theirs."""
    record_authentication(
        request,
        person,
        method=METHOD,
        provider=identity.issuer,
        uid=identity.subject,
        sid=identity.sid,
        name=identity.provider_name,
        second_factor=identity.has_second_factor,
        at=identity.at,
    )


def actor_for(request: HttpRequest, provider: IdentityProvider) -> Actor:
    """Return the provider as the actor of a change, with the browser's IP address."""
    return Actor.anonymous(request).as_provider(provider.name)
