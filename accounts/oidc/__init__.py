"""OpenID Connect, where this installation is the client (relying party) of an identity provider."""
