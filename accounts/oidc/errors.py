"""What goes wrong at identity providers: a sentence for the person, cause and fix for the operator."""

from common.errors import GatehouseError

NOT_ANSWERING = "The identity provider isn't answering as expected. Try again in a few minutes."


class ProviderError(GatehouseError):
    """An identity provider, or its response, can't be used for a sign-in.

    No text may repeat a secret, code or token.

    Attributes:
        message: the sentence for the person signing in; it says nothing about the installation.
        cause: what happened, for the operator.
        fix: what to do about it, also for the operator.
    """

    def __init__(self, sentence: str, cause: str, fix: str) -> None:
        super().__init__(sentence)
        self.cause, self.fix = cause, fix

    @property
    def explanation(self) -> str:
        """Cause and fix in one text."""
        return f"{self.cause} {self.fix}"


class FetchError(ProviderError):
    """A URL of an identity provider couldn't be read, or isn't allowed."""

    def __init__(self, cause: str, fix: str) -> None:
        super().__init__(NOT_ANSWERING, cause, fix)


class DiscoveryError(ProviderError):
    """The discovery document of an identity provider can't be used."""

    def __init__(self, cause: str, fix: str) -> None:
        super().__init__(NOT_ANSWERING, cause, fix)
