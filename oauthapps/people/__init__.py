"""Where people meet tokens and consents: their access, which administrators see and end, and its own ends."""
