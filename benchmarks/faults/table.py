"""Every kind in turn, and the table of what came of it."""

import argparse
import statistics
import sys
from collections import Counter
from contextlib import ExitStack

import pytest

from benchmarks.faults.clients import OK
from benchmarks.faults.driving import UNAVAILABLE, Outcome
from benchmarks.faults.kinds import KINDS, Kind, Stage
from benchmarks.faults.scene import Scene
from tests.infrastructure.small_disk import ImpossibleHereError

# Seconds that the load lasts before something fails, and that anything may take.
BEFORE_SECONDS, LONGEST_SECONDS = 2, 5
HEADER = (
    "| while | requests | 503 | broken off | tokens: p99 ms before | meanwhile | longest wait s "
    "| works again after s | lost | twice | as it should be |"
)


def run(asked: argparse.Namespace) -> None:
    """Run the kinds that were asked for and print a line for each."""
    say(HEADER)
    say("|---" * 11 + "|")
    passed = True
    with ExitStack() as stack:
        stage = Stage(stack)
        for name in asked.kinds or KINDS:
            passed &= tried(KINDS[name], stage, asked.seconds)
    sys.exit(0 if passed else 1)


def tried(kind: Kind, stage: Stage, seconds: float) -> bool:
    """Run a kind and print its line; return whether nothing was wrong, as far as it could be run."""
    try:
        with kind.scene(stage) as scene:
            driver = scene.play(kind.fault, BEFORE_SECONDS, seconds)
            scene.settle()
            return report(kind, scene, driver.outcomes)
    except ImpossibleHereError as error:
        reason = str(error)
    except pytest.skip.Exception as error:  # something is not installed
        reason = str(error)
    say(f"| {kind.title} | " + "| " * 9 + f"not run: {reason} |")
    return True


def report(kind: Kind, scene: Scene, outcomes: list[Outcome]) -> bool:
    """Print the line of a kind; return whether nothing was wrong."""
    ledger = scene.ledger
    counted = Counter(outcome.status for outcome in outcomes)
    longest = max(outcome.seconds for outcome in outcomes)
    wrong = Counter(ledger.wrong)
    if counted[-1]:
        wrong["no answer"] = counted[-1]
    if longest > LONGEST_SECONDS:
        wrong["waits over 5 s"] = sum(one.seconds > LONGEST_SECONDS for one in outcomes)
    lost, twice = ledger.lost.total(), ledger.twice.total()
    is_right = not wrong and not lost and not twice
    before, meanwhile = p99(outcomes, 0, scene.began), p99(outcomes, scene.began, scene.ended)
    say(
        f"| {kind.title} | {len(outcomes)} | {counted[UNAVAILABLE]} | {counted[0]} "
        f"| {before:.0f} | {meanwhile:.0f} | {longest:.1f} | {recovery(scene, outcomes):.1f} "
        f"| {lost} | {twice} | {'yes' if is_right else 'no'} |"
    )
    for what, number in [*wrong.items(), *ledger.lost.items(), *ledger.twice.items()]:
        if number:
            print(f"  {number} x {what}", file=sys.stderr)
    print(
        f"  {dict(counted)}, {ledger.unanswered} used up without an answer, "
        f"{len(ledger.living())} access and {len(ledger.refresh_tokens)} refresh tokens held, "
        f"{scene.servers[0].starts} starts",
        file=sys.stderr,
    )
    if not is_right:
        said = [line for line in scene.servers[0].said().splitlines() if " WARNING " not in line]
        print("\n".join(said[-60:]), file=sys.stderr)
    return is_right


def p99(outcomes: list[Outcome], since: float, until: float) -> float:
    """Return the wait for tokens, in milliseconds, that one in a hundred requests of a time exceeds."""
    waits = [1000 * one.seconds for one in outcomes if one.gives and since <= one.due < until]
    return statistics.quantiles(waits, n=100)[98]


def recovery(scene: Scene, outcomes: list[Outcome]) -> float:
    """Return how long after the end of the fault the first request succeeded that was sent after it."""
    after = [one.due + one.seconds for one in outcomes if one.status == OK and one.due >= scene.ended]
    return min(after, default=float("inf")) - scene.ended


def say(text: str) -> None:
    """Print at once."""
    print(text, flush=True)
