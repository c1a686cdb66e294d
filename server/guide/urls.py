"""URLs of the integration guide."""

from django.urls import path

from server.guide.views import page

app_name = "guide"
urlpatterns = [
    path("", page, name="contents"),
    path("<path:path>", page, name="page"),
]
