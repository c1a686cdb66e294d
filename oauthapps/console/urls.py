"""URLs of the console: every button has its own."""

from django.urls import include, path

from oauthapps.console.views import (
    access,
    activity,
    api_deletion,
    apis,
    applications,
    creation,
    deleted,
    deletion,
    housekeeping,
    hygiene,
    keys,
    leaks,
    moving_in,
    reveal,
    secrets,
    settings,
    status,
    trying,
    usage,
    use,
)

one_application = [
    path("", settings.application, name="application"),
    path("access/", access.access, name="application-access"),
    path("access/revocation/", access.revoke_all, name="revoke-all-access"),
    path("access/revocation/older/", access.revoke_older, name="revoke-older-access"),
    path("access/<identifier:subject>/revocation/", access.revoke, name="revoke-access"),
    path("activity/", activity.application_activity, name="application-activity"),
    path("usage/", usage.application_usage, name="application-usage"),
    path("use/", use.use, name="application-use"),
    path("use/try/", trying.try_it, name="try-it"),
    path("moving-in/", moving_in.moving_in, name="moving-in"),
    path("moving-in/begin/", moving_in.begin, name="begin-moving-in"),
    path("moving-in/finish/", moving_in.finish, name="finish-moving-in"),
    path("moving-in/exceptions/<str:kind>/", moving_in.give_exception, name="give-exception"),
    path("moving-in/exceptions/<str:kind>/end/", moving_in.end_exception, name="end-exception"),
    path("hygiene/<str:finding>/<int:subject>/", hygiene.ignore, name="ignore-finding"),
    path("unsaved/", settings.unsaved, name="unsaved-settings"),
    path("effect", settings.effect, name="effect"),
    path("disable/", status.disable, name="disable-application"),
    path("enable/", status.enable, name="enable-application"),
    path("deletion/", deletion.delete_application, name="delete-application"),
    path("restore/", deleted.restore, name="restore-application"),
    path("purge/", deleted.purge, name="purge-application"),
    path("stored/", reveal.stored, name="stored"),
    # The same with unsaved settings, which are worth keeping while somebody signs in (KEPT_FORMS).
    path("stored/unsaved/", reveal.stored, name="stored-unsaved"),
    path("secrets/", secrets.add, name="add-secret"),
    path("secrets/<int:pk>/notes/", secrets.notes, name="secret-notes"),
    path("secrets/<int:pk>/deletion/", deletion.delete_secret, name="delete-secret"),
    path("keys/new", keys.add, name="add-key"),
    path("keys/", keys.open_form, name="open-add-key"),
    path("keys/generate", keys.generate, name="generate-key"),
    path("keys/<int:pk>/public.pem", keys.public_half, name="public-key"),
    path("keys/<int:pk>/deletion/", deletion.delete_key, name="delete-key"),
]

one_api = [
    path("", apis.api, name="api"),
    path("deletion/", api_deletion.delete_api, name="delete-api"),
    path("scopes/<int:scope_pk>/deletion/", api_deletion.delete_scope, name="delete-scope"),
]

app_name = "console"
urlpatterns = [
    path("", applications.index, name="index"),
    path("activity/", activity.activity, name="activity"),
    path("leaks/", leaks.is_this_ours, name="is-this-ours"),
    path("usage/", usage.usage, name="usage"),
    path("hygiene/", hygiene.hygiene, name="hygiene"),
    path("hygiene/ignored/<int:pk>/end/", hygiene.stop_ignoring, name="stop-ignoring"),
    path("activity/housekeeping/", housekeeping.housekeeping, name="housekeeping"),
    path("oauth-applications/", applications.index, name="oauth-applications"),
    path("oauth2-applications/", applications.index, name="oauth2-applications"),
    path("applications/", applications.applications, name="applications"),
    path("applications/bin/", deleted.deleted_applications, name="bin"),
    path("applications/new", creation.new_application, name="new-application"),
    path("apis/", apis.apis, name="apis"),
    path("apis/built-in/", apis.built_in_api, name="built-in-api"),
    path("apis/new", apis.new_api, name="new-api"),
    path("apis/<int:pk>/", include(one_api)),
    path("applications/<identifier:client_id>/", include(one_application)),
]
