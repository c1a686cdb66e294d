"""What breaks under load, and what that costs: `python -m benchmarks faults`; see docs/performance.md."""
