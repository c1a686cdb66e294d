"""Measures the running server: `python -m benchmarks --help`; README says what the figures mean."""
