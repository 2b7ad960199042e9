"""Who is who: identities of one person, and members of teams.

An identity is `source:name`: `github:ana`, `gitlab:ana`, `ssh:ana@example.org`,
`server:ana`, `local:ana`. Without a mapping, equal names from different sources are taken for
the same person where that is the stricter reading (own plan, quorum).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Directory:
    """Teams and people as the policies map them."""

    teams: Mapping[str, Sequence[str]] = field(default_factory=dict)
    people: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def person(self, identity: str) -> str:
        """The person behind an identity: the mapped name, else the bare name."""
        for person, identities in self.people.items():
            if identity in identities or identity == person:
                return person.casefold()
        return bare_name(identity)

    def is_one_of(self, identity: str, wanted: Sequence[str]) -> bool:
        """Whether `identity` is named in `wanted`, itself, as a person, or through a team.

        A name with a source (`github:ana`) matches that identity only. A bare name (`ana`)
        matches the mapped person of that name or, where nobody is mapped to it, the bare
        name of any identity.
        """
        return any(self._is(identity, item, _DEPTH) for item in wanted)

    def _is(self, identity: str, wanted: str, depth: int) -> bool:
        if wanted in self.teams:
            return depth > 0 and any(
                self._is(identity, member, depth - 1) for member in self.teams[wanted]
            )
        if wanted.startswith("@") and wanted[1:] in self.teams:
            return self._is(identity, wanted[1:], depth)
        if wanted.startswith("@"):
            return False
        if ":" in wanted:
            return identity.casefold() == wanted.casefold()
        if wanted in self.people:
            return identity in self.people[wanted]
        return bare_name(identity) == wanted.casefold()

    def unmapped_teams(self, wanted: Sequence[str]) -> list[str]:
        """Teams in `wanted` that no policy maps to anybody."""
        return [
            item
            for item in wanted
            if item.startswith("@") and item not in self.teams and item[1:] not in self.teams
        ]


def bare_name(identity: str) -> str:
    """`ana` of `ssh:ana@example.org`, in lower case."""
    return identity.partition(":")[2].partition("@")[0].casefold() or identity.casefold()
