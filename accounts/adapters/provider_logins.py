"""Sign-ins with an identity of a provider, as django-allauth goes on with them: second factors come next."""

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

# What a sign-in under way knows of itself (`Login.state`): whether the provider showed a second factor that
# counts, and which identity is linked in the end, sealed.
SECOND_FACTOR, TO_LINK = "provider_second_factor", "identity_to_link"
log = logging.getLogger("gatehouse.sign_in")


@sensitive_variables()
def begin_login(
    request: HttpRequest, person: User, identity: ProvedIdentity, *, next_url: str
) -> HttpResponse:
    """Sign somebody in whose identity a provider has proven, or ask for what is still missing.

    What another tab has begun is over: one sign-in at a time is under way in a browser.
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
    """Sign somebody in who confirmed with their password that an identity is theirs.

    It is linked once all else was shown that a sign-in with this password needs (`LinkIdentityStage`). A
    second factor that the provider has seen is none of these: whose it was is what is to be confirmed.
    """
    clear_login(request)
    record_authentication(request, person, method="password", username=person.username)
    login = Login(user=person, redirect_url=waiting.next_url or None, state={TO_LINK: seal(waiting)})
    answer: HttpResponse = perform_login(request, login)
    return answer


@sensitive_variables()
def link_in_the_end(request: HttpRequest, login: Login) -> bool:
    """Link the identity that a sign-in is for, if there is one; return whether the sign-in goes on."""
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
    """Record in the session with which identity somebody signs in, and when they proved that it is theirs."""
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
    """Return who changes something by what a provider said: the provider, from where the browser is."""
    return Actor.anonymous(request).as_provider(provider.name)
