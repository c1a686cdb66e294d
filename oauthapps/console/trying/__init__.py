"""Trying a JWT or a PKCE pair against an application, without getting anything for it."""
