"""The policy by which an operator's command checks what it is given."""

from __future__ import annotations

from nsor_server.config import Settings
from nsor_server.policy import store
from nsor_server.policy.loaded import Policy
from nsor_server.storage.attach import attached


def policy(settings: Settings) -> Policy:
    """The policy in force; before the first start that of the files that it will begin with."""
    with attached(settings) as database, database.owner() as owner:
        try:
            return store.in_force(owner)
        except store.NoPolicy:
            return Policy.load(settings.policy_dir)
