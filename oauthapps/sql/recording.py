"""What is added to rows that are there already: repeated refusals, counts of usage, callers."""

from oauthapps.sql.adding import Conflict

# Of requests that share a row it has the parameters of the first one, and when the last one came.
REPEATED_REFUSAL = Conflict("""
    ON CONFLICT (fingerprint) DO UPDATE SET
        times = oauthapps_recordedrequest.times + excluded.times,
        at = CASE WHEN excluded.at > oauthapps_recordedrequest.at
                  THEN excluded.at ELSE oauthapps_recordedrequest.at END,
        last_request_id = CASE WHEN excluded.at >= oauthapps_recordedrequest.at
                  THEN excluded.last_request_id ELSE oauthapps_recordedrequest.last_request_id END""")

USAGE = Conflict("""
    ON CONFLICT (application_id, day, kind, subject) DO UPDATE SET
        issued = oauthapps_usagecount.issued + excluded.issued,
        refreshed = oauthapps_usagecount.refreshed + excluded.refreshed,
        refused = oauthapps_usagecount.refused + excluded.refused""")

CALLER = Conflict("""
    ON CONFLICT (kind, credential, address, user_agent) DO UPDATE SET
        times = oauthapps_credentialcaller.times + excluded.times,
        last_at = CASE WHEN excluded.last_at > oauthapps_credentialcaller.last_at
                       THEN excluded.last_at ELSE oauthapps_credentialcaller.last_at END""")
