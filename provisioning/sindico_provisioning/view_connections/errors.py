"""What may be refused about View integrations."""

from sindico_platform.errors import SindicoError


class ViewConnectionNotFound(SindicoError):
    """The integration is of another kind, or its connection was never entered."""

    code, status, title = "view-connection-not-found", 404, "There is no such View connection"
    detail = "The integration {integration_id} has no database connection."


class IntegrationNotView(SindicoError):
    """Only a View integration has a database."""

    code, status, title = "integration-not-view", 409, "This is no View integration"
    detail = "The integration {name} does not read database views."


class ViewMappingNotFound(SindicoError):
    """Nothing is mapped to that table."""

    code, status, title = "view-mapping-not-found", 404, "The table is not mapped"
    detail = "No view is mapped to the table {table}."
