"""What a scrape reads: what all workers have counted, and what the database says now."""

from collections.abc import Iterator

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from accounts.services.waiting_emails import overdue_since
from config.version import VERSION
from oauthapps.models import Application
from oauthapps.services.cleanup import removal_overdue_since
from server.faults import drop_connection
from server.metrics.files import folder_in_use


class Installation:
    """What is so now, asked when it is scraped."""

    def collect(self) -> Iterator[Metric]:
        """Yield it; where the database cannot be asked, that alone."""
        info = GaugeMetricFamily("gatehouse_info", "The version that runs.", labels=["version"])
        info.add_metric([VERSION], 1)
        yield info
        yield gauge("application_limit", "How many applications there can be.", settings.APPLICATION_LIMIT)
        try:
            applications = Application.objects.live().count()
            since = min(filter(None, (removal_overdue_since(), overdue_since())), default=None)
        except (DatabaseError, InterfaceError):
            yield gauge("database_up", "Whether the database answers.", 0)
            return
        finally:
            drop_connection()  # no permit's: nobody else would close it
        yield gauge("database_up", "Whether the database answers.", 1)
        yield gauge("applications", "How many applications there are.", applications)
        lag = (timezone.now() - since).total_seconds() if since else 0.0
        yield gauge(
            "housekeeping_lag_seconds", "For how long something has been due that housekeeping does.", lag
        )


def gauge(name: str, documentation: str, value: float) -> GaugeMetricFamily:
    """Return a gauge with its value."""
    return GaugeMetricFamily(f"gatehouse_{name}", documentation, value=value)


def exposition() -> bytes:
    """Return all metrics in Prometheus's text format."""
    registry = CollectorRegistry()
    if folder := folder_in_use():
        MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
    registry.register(Installation())
    return generate_latest(registry)
