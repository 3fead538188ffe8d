"""Who may do what: viewers look, operators act and see what customers were told, admins also manage accounts."""

from enum import StrEnum


class Role(StrEnum):
    """What an account may do; each may what the ones before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Whether this role may do what the other may."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)
