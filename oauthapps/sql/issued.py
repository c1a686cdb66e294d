"""Whether a code or refresh token was ever issued to a client: of most that are refused no more is known."""

from oauthapps.sql.execution import fetch_all

CODE = "SELECT 1 FROM oauthapps_grant WHERE code = %(digest)s AND application_id = %(application_id)s"
REFRESH_TOKEN = """
    SELECT 1 FROM oauthapps_refreshtoken
     WHERE token_checksum = %(digest)s AND application_id = %(application_id)s"""


def is_issued(statement: str, digest: str, application_id: int) -> bool:
    """Return whether there is a code or refresh token of an application with this digest, living or not.

    Args:
        statement: `CODE` or `REFRESH_TOKEN`.
        digest: the digest.
        application_id: the application.
    """
    return bool(fetch_all(statement, {"digest": digest, "application_id": application_id}))
