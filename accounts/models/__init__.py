"""Who somebody is: users, the invites that make them, and the passwords tried for them."""

from accounts.models.invites import Invite
from accounts.models.tries import PasswordTries
from accounts.models.users import Kind, SkeletonField, User, UserManager, hash_token, me, person_on_wire

__all__ = [
    "Invite",
    "Kind",
    "PasswordTries",
    "SkeletonField",
    "User",
    "UserManager",
    "hash_token",
    "me",
    "person_on_wire",
]
