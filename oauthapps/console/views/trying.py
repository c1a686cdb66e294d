"""Try it: whether what an integration sends would be accepted. Nothing is issued, used up, or kept."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts.access import administrator_required
from oauthapps.console.forms.trying import JwtForm, PairForm
from oauthapps.console.lookup import find_application
from oauthapps.console.sub_pages import USE_IT, render_sub_page
from oauthapps.console.trying.jwt_check import check_jwt
from oauthapps.console.views.reveal import unkept
from oauthapps.models import Application
from oauthapps.rules.pkce import challenge_of, fault_of_pair


@administrator_required
@sensitive_post_parameters("jwt", "code_verifier")
@sensitive_variables("form", "context")
@require_http_methods(["GET", "HEAD", "POST"])
def try_it(request: HttpRequest, client_id: str) -> HttpResponse:
    """Take a JWT or a PKCE pair, by what the application's type sends, and say what is right about it."""
    application = find_application(client_id)
    form_class = JwtForm if application.type.exchanges_jwts else PairForm
    form = form_class(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        context |= result_of(form, application)
    status = 422 if form.errors else 200
    page = render_sub_page(
        request, USE_IT, application, "console/application/try_it.html", context, status=status
    )
    return unkept(page)


@sensitive_variables()
def result_of(form: JwtForm | PairForm, application: Application) -> dict[str, Any]:
    """Return what a page shows of what was pasted."""
    pasted = form.cleaned_data
    if isinstance(form, JwtForm):
        return {"check": check_jwt(pasted["jwt"], application)}
    fault = fault_of_pair(pasted["code_verifier"], pasted["code_challenge"], pasted["code_challenge_method"])
    return {"pair": {"fault": fault, "challenge": challenge_of(pasted["code_verifier"])}}
