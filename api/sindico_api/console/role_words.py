"""What the roles of the product are for, in the reader's language.

Names and descriptions of roles are a tenant's data, in Portuguese from the start. As long as nobody
has changed a description, it is the product's, and can be told in English too.
"""

from sindico_api.i18n import Translator
from sindico_platform.identity.default_roles import ADMIN, OPERATOR
from sindico_platform.words import translatable
from sindico_tenants.default_roles import COORDINATOR, DIRECTOR, USER

DESCRIPTIONS: dict[str, str] = {
    ADMIN.description: translatable("May do everything in every module."),
    OPERATOR.description: translatable("The vendor's staff: deploys and looks after the tenants."),
    DIRECTOR.description: translatable("May do everything in the CRM."),
    COORDINATOR.description: translatable("In between; sees the data of their subordinates."),
    USER.description: translatable("For everyday use, by salespeople and representatives."),
}
"""By the description as declared."""


def describe_role(description: str, _: Translator) -> str:
    """The description of a role that nobody has changed in the reader's words, others as given."""
    return _(DESCRIPTIONS[description]) if description in DESCRIPTIONS else description
