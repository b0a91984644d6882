"""Under which condition each kind of item may be written."""

from payhub.store.table import Item

NEW = "attribute_not_exists(pk)"
"""The item must not exist: the idempotency check of payments and events."""

SAME_REVISION = "rev = :rev"
"""Nobody wrote the payment since it was read."""


def same_revision(revision: int) -> Item:
    """The value that SAME_REVISION compares with."""
    return {":rev": {"N": str(revision)}}


OWN_OR_NEW = "attribute_not_exists(pk) OR doc = :doc"
"""A claim that nobody has, or this very payment."""

NOT_FINAL = "attribute_not_exists(pk) OR #final = :false"
"""An event that is applied, kept or expired stays so."""

NOT_FINAL_NAMES = {"#final": "final"}
NOT_FINAL_VALUES: Item = {":false": {"BOOL": False}}
