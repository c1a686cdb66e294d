"""People's access, for administrators, and what an organization's new Customer ID ends."""

from django.urls import path

from oauthapps.people.views import activation, customer_id, person

urlpatterns = [
    path("people/<identifier:user_id>/", person.person, name="person"),
    path("people/<identifier:user_id>/deactivation/", activation.deactivate, name="deactivate-person"),
    path("people/<identifier:user_id>/activation/", activation.activate, name="activate-person"),
    path("organization/customer-id/", customer_id.customer_id, name="customer-id"),
]
