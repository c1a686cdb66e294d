"""What the doors share: the only code besides theirs that sees a request."""
