"""Where people meet tokens and consents: what acts in a person's name, and what ends it."""
