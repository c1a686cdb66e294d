"""Measures the running server: `python -m benchmarks --help`; see docs/performance.md."""
