"""Scopes of an API as rows of fields, which can be added and removed without JavaScript."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.http import QueryDict

from common.edits import BaseVersion
from oauthapps.errors import ScopeLimitError, ScopeTakenError
from oauthapps.models import Api, Scope
from oauthapps.rules.scopes import LONGEST_NAME, MOST_SCOPES, check_number
from oauthapps.services.api_edits import scope_key
from oauthapps.services.scopes import NewScope

NAME, SENTENCE, IS_DEFAULT, ADD, REMOVE = "scope_name", "scope_sentence", "scope_default", "add", "remove"
LONGEST_SENTENCE = 200
NO_NAME = "Enter a name, such as invoices:read."
NO_SENTENCE = "Enter the sentence that users read, such as “Read your invoices”."


@dataclass
class ScopeRow:
    """One scope as entered, and what is wrong with it.

    Attributes:
        number: its place among the rows, from 1.
        name: its name as entered.
        sentence: the sentence on the consent page as entered.
        is_default: whether it is asked for by default.
        stored: the scope, if it exists: its name stays, and it is deleted on a page of its own.
        errors: what is wrong, by the field's name.
    """

    number: int
    name: str = ""
    sentence: str = ""
    is_default: bool = True
    stored: Scope | None = None
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """How the page and the errors call it."""
        return f"Scope {self.number}"

    @property
    def error(self) -> str:
        """What is wrong with it; empty if nothing is."""
        return " ".join(self.errors.values())

    @property
    def id(self) -> str:
        """The id of the field to go to: the first with an error."""
        return f"id_{next(iter(self.errors), NAME)}_{self.number}"

    @property
    def name_error(self) -> str:
        """What is wrong with its name."""
        return self.errors.get(NAME, "")

    @property
    def sentence_error(self) -> str:
        """What is wrong with its sentence."""
        return self.errors.get(SENTENCE, "")

    @property
    def is_empty(self) -> bool:
        """Whether nothing was entered."""
        return not self.stored and not self.name and not self.sentence

    def refuse(self, name: str, message: str) -> None:
        """Say what is wrong with one of its fields."""
        self.errors.setdefault(name, message)

    def judge(self) -> None:
        """Judge what was entered, as far as one row can be judged alone."""
        scope = Scope(name=self.name, sentence=self.sentence)
        if not self.name:
            self.refuse(NAME, NO_NAME)
        if not self.sentence:
            self.refuse(SENTENCE, NO_SENTENCE)
        try:
            scope.clean_fields(exclude={"api"})
        except ValidationError as error:
            for name, messages in error.message_dict.items():
                self.refuse(f"scope_{name}", messages[0])


class ScopeRows:
    """The rows of one API.

    Attributes:
        problem: what is wrong with all of them together; empty if nothing is.
        was_added: Add was pressed, so nothing is saved yet and the new row gets the focus.
        was_removed: Remove was pressed, likewise.
    """

    title, anchor = "Scopes", "scopes"
    longest_name, longest_sentence = LONGEST_NAME, LONGEST_SENTENCE

    def __init__(self, rows: Sequence[ScopeRow]) -> None:
        self.rows = list(rows) or [ScopeRow(1)]
        self.problem = ""
        self.was_added = False
        self.was_removed = False

    @classmethod
    def stored(cls, api: Api) -> ScopeRows:
        """Return the rows as they are saved."""
        return cls(
            [
                ScopeRow(number, scope.name, scope.sentence, scope.is_default, scope)
                for number, scope in enumerate(api.scopes.live(), start=1)
            ]
        )

    @classmethod
    def sent(cls, data: QueryDict, api: Api | None = None) -> ScopeRows:
        """Return the rows as they were entered, after a press of Add or Remove where there was one."""
        stored = {scope.name: scope for scope in api.scopes.live()} if api else {}
        removed, ticked = data.get(REMOVE), set(data.getlist(IS_DEFAULT))
        sent = enumerate(zip(data.getlist(NAME), data.getlist(SENTENCE), strict=False), start=1)
        kept = [
            (name.strip(), sentence.strip(), str(number) in ticked)
            for number, (name, sentence) in sent
            if str(number) != removed
        ]
        rows = cls(
            [
                ScopeRow(number, *entered, stored.get(entered[0]))
                for number, entered in enumerate(kept, start=1)
            ]
        )
        rows.was_removed = REMOVE in data
        rows.was_added = ADD in data
        if rows.was_added:
            rows.add_another()
        return rows

    def __iter__(self) -> Iterator[ScopeRow]:
        """Go through the rows."""
        return iter(self.rows)

    @property
    def were_edited(self) -> bool:
        """Whether the form was sent by Add or Remove rather than by Save."""
        return self.was_added or self.was_removed

    @property
    def has_errors(self) -> bool:
        """Whether any row was refused, or all of them together."""
        return bool(self.problem) or any(row.errors for row in self.rows)

    @property
    def entered(self) -> list[ScopeRow]:
        """The rows in which something was entered."""
        return [row for row in self.rows if not row.is_empty]

    def add_another(self) -> None:
        """Add an empty row, if there is room for one."""
        try:
            check_number(len(self.rows) + 1)
        except ScopeLimitError as error:
            self.problem = error.message
        else:
            self.rows.append(ScopeRow(len(self.rows) + 1))

    def is_valid(self) -> bool:
        """Judge every row, and their number, and return whether all is well."""
        first: dict[str, int] = {}
        for row in self.entered:
            row.judge()
            if first.setdefault(row.name, row.number) != row.number:
                row.refuse(NAME, f"This is the same as Scope {first[row.name]}.")
        new = {row.name: row for row in self.entered if not row.stored}
        self.refuse_taken(Scope.objects.filter(name__in=new).values_list("name", flat=True))
        if len(self.entered) > MOST_SCOPES:
            self.problem = ScopeLimitError(MOST_SCOPES).message
        return not self.has_errors

    def refuse_taken(self, names: Collection[str]) -> None:
        """Say which of the new scopes have a name that another one has, or had."""
        taken = set(names)
        for row in self.entered:
            if not row.stored and row.name in taken:
                row.refuse(NAME, ScopeTakenError(row.name).message)

    def explain(self, error: ScopeTakenError | ScopeLimitError) -> None:
        """Say why they could not be saved, after what somebody else has saved at the same time."""
        if isinstance(error, ScopeTakenError):
            self.refuse_taken([error.name])
        else:
            self.problem = error.message

    def wanted(self, base_version: BaseVersion | None = None) -> list[NewScope]:
        """Return the scopes as they are to be, without those that the person leaves to somebody else."""
        return [
            NewScope(name=row.name, sentence=row.sentence, is_default=row.is_default)
            for row in self.entered
            if base_version is None or not base_version.takes_theirs(scope_key(row.name))
        ]
