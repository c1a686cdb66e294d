"""The dated exceptions of an application, as conditions of the statements that one could matter to."""

from oauthapps.rules.dated_exceptions import ExceptionKind


def in_force(kind: ExceptionKind) -> str:
    """Return the condition that an application has an exception now.

    Args:
        kind: which one. The statement calls the application `application` and has the parameter `now`.
    """
    return f"""EXISTS (
        SELECT 1 FROM oauthapps_datedexception excepted
         WHERE excepted.application_id = application.id AND excepted.kind = '{kind.value}'
           AND excepted.ended_at IS NULL AND excepted.ends_at > %(now)s)"""
