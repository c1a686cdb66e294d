"""People's pages: where signing in leads, the people themselves, and their organization."""

from django.urls import include, path

from accounts.views import home, invitations, organization, people

one_person = [
    path("edit/", people.change, name="change-person"),
    path("password-link/", people.make_password_link, name="password-link"),
    path("invitation/", invitations.invite_again, name="invite-again"),
    path("invitation/withdrawal/", invitations.withdraw, name="withdraw-invitation"),
]

urlpatterns = [
    path("", home.home, name="home"),
    path("accounts/password/reset/", home.password_reset, name="account_reset_password"),
    path("people/", people.people, name="people"),
    path("people/new", invitations.invite, name="invite-person"),
    path("people/<identifier:user_id>/", include(one_person)),
    path("organization/", organization.organization, name="organization"),
]
