"""Whether there is anything to read about what was refused: of most of it there is not.

Such a look-up takes a tenth of the time that reading a row with all it stands on does.
"""

from collections.abc import Iterable

from oauthapps.sql.execution import fetch_all

CODE = "SELECT 1 FROM oauthapps_grant WHERE code = %(digest)s AND application_id = %(application_id)s"
REFRESH_TOKEN = """
    SELECT 1 FROM oauthapps_refreshtoken
     WHERE token_checksum = %(digest)s AND application_id = %(application_id)s"""

# By a digest.
ANY_CODE = "SELECT 1 FROM oauthapps_grant WHERE code = %(value)s"
ANY_ACCESS_TOKEN = "SELECT 1 FROM oauthapps_accesstoken WHERE token_checksum = %(value)s"  # a statement
ANY_REFRESH_TOKEN = "SELECT 1 FROM oauthapps_refreshtoken WHERE token_checksum = %(value)s"  # a statement
ANY_SECRET = "SELECT 1 FROM oauthapps_clientsecret WHERE digest = %(value)s"  # a statement
# As they are.
ANY_CLIENT_ID = "SELECT 1 FROM oauthapps_application WHERE client_id = %(value)s"
CUSTOMER_ID = "SELECT 1 FROM accounts_organization WHERE customer_id = %(value)s"


def is_issued(statement: str, digest: str, application_id: int) -> bool:
    """Return whether there is a code or refresh token of an application with this digest, living or not.

    Args:
        statement: `CODE` or `REFRESH_TOKEN`.
        digest: the digest.
        application_id: the application.
    """
    return bool(fetch_all(statement, {"digest": digest, "application_id": application_id}))


def is_known(statement: str, values: Iterable[str]) -> bool:
    """Return whether there is any row, whoever's and living or not, for one of some values.

    Args:
        statement: one of those by one value.
        values: digests, or IDs.
    """
    return any(fetch_all(statement, {"value": value}) for value in values)
