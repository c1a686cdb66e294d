"""Reverting: putting back what an event changed, by the service and the checks of every change."""
