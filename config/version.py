"""The version of this release, and the one place that has it; CHANGELOG.md says what is in it."""

VERSION = "0.1.0"
