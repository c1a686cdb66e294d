"""People's access, for administrators, and their organization, which applications go by."""

from django.urls import path

from oauthapps.http.messages import Endpoint
from oauthapps.people.logout_endpoint import provider_logout
from oauthapps.people.views import access, activation, customer_id, organization, person
from oauthapps.rules.recorded_endpoints import RecordedEndpoint

urlpatterns = [
    path(
        "accounts/logout/provider/<identifier:provider_id>/",
        Endpoint(provider_logout, recorded_as=RecordedEndpoint.LOGOUT),
        name="provider-logout",
    ),
    path("people/<identifier:user_id>/", person.person, name="person"),
    path("people/<identifier:user_id>/access/", access.access, name="person-access"),
    path("people/<identifier:user_id>/access/revocation/", access.revoke_all, name="revoke-all-of-person"),
    path(
        "people/<identifier:user_id>/access/revocation/older/",
        access.revoke_older,
        name="revoke-older-of-person",
    ),
    path(
        "people/<identifier:user_id>/access/<identifier:client_id>/revocation/",
        access.revoke,
        name="revoke-of-person",
    ),
    path("people/<identifier:user_id>/deactivation/", activation.deactivate, name="deactivate-person"),
    path("people/<identifier:user_id>/activation/", activation.activate, name="activate-person"),
    path("organization/", organization.organization, name="organization"),
    path("organization/customer-id/", customer_id.customer_id, name="customer-id"),
]
