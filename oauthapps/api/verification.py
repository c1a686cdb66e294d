"""Token checks for a proxy's sub-request: nginx auth_request, Traefik forwardAuth, Envoy ext_authz."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from oauthapps import scopes
from oauthapps.api.bearer import BearerError, challenge, check


@csrf_exempt
@login_not_required
def verify(request: HttpRequest, path: str = "") -> HttpResponse:  # noqa: ARG001  # proxies append theirs
    """Answer 200 with whom the token speaks for, 401 without a living token, 403 without the scope.

    Any method, because a proxy may pass on that of the request it asks about; the body is not read. The scope
    is `read`, or the one that the parameter `scope` of the URL names.
    """
    scope = request.GET.get("scope", scopes.READ)
    try:
        token = check(request, scope)
    except BearerError as error:
        return challenge(error)
    return HttpResponse(
        status=200,
        headers={
            "X-Auth-User-Id": token.user.user_id,
            "X-Auth-Username": token.user.username,
            "X-Auth-Client-Id": token.application.client_id,
            "X-Auth-Scope": scopes.render(token.scope),
            "Cache-Control": "no-store",
        },
    )
