"""What guards sign-ins and secrets: ciphers, passwords, throttles."""
