"""Which worker runs which tests, where pytest-xdist runs them on several."""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

# The tests of such a file share what takes long to make: an installation, or the pages of an organization.
TOGETHER = ("tests/stories/", "tests/every_page/test_kept.py")


def runs_together(nodeid: str) -> bool:
    """Whether a test, or the group it is in, is one that a single worker runs."""
    return nodeid.startswith(TOGETHER)


def together_first(items: list[pytest.Item]) -> None:
    """Bring the tests that run together to the front, file by file; the order is kept otherwise."""
    items.sort(key=lambda item: not runs_together(item.nodeid))


class Scheduling(LoadScopeScheduling):
    """Runs the groups one after the other on the first worker, and all other tests where there is room.

    When nothing else is left, the other workers take groups as well.

    Stories wait much and start processes of their own: two at once would disturb each other's measurements,
    and leave a processor idle when both wait. The mark `xdist_group` does nothing with pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0] if runs_together(nodeid) else nodeid

    def _assign_work_unit(self, node: WorkerController) -> None:
        if node is not self.nodes[0]:
            alone = next((scope for scope in self.workqueue if not runs_together(scope)), None)
            if alone is not None:
                self.workqueue.move_to_end(alone, last=False)
        super()._assign_work_unit(node)
