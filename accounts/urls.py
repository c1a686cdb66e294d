"""People's pages: where signing in leads, and the people themselves."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("", views.home, name="home"),
    path("accounts/password/reset/", views.password_reset, name="account_reset_password"),
    path("people/", views.people, name="people"),
    path("people/<identifier:user_id>/password-link/", views.make_password_link, name="password-link"),
]
