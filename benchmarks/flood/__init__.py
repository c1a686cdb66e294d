"""Refusals by the thousand beside good requests: `python -m benchmarks flood`; see docs/performance.md."""
