"""Rows of file servers' settings."""

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped

from sindico_platform.database.base import Base
from sindico_tenants.server_settings.models import ServerSettings, scope_constraints


class FtpSettings(ServerSettings, Base):
    """One file server, and the folder of it in which documents are kept."""

    __tablename__ = "ftp_settings"
    __table_args__ = (
        *scope_constraints("ftp_settings"),
        CheckConstraint("connection IN ('ftp','ftps','sftp')", name="connection"),
        CheckConstraint("transfer_method IN ('application','customer')", name="transfer_method"),
        CheckConstraint(
            "transfer_method = 'customer' OR (host IS NOT NULL AND username IS NOT NULL)",
            name="reachable",
        ),
        {"schema": "crm"},
    )

    folder: Mapped[str]
    """In which files are placed (R-084); empty is the user's own."""
    username: Mapped[str | None]
    password_sealed: Mapped[str | None]
    private_key_sealed: Mapped[str | None]
    connection: Mapped[str]
    """How the server is spoken to (R-087)."""
    transfer_method: Mapped[str]
    """Who carries files: the application, or the customer's server, which fetches them (R-088)."""
    host_key: Mapped[str | None]
    """The SFTP server's fingerprint that somebody confirmed."""
    ca_certificate: Mapped[str | None]
    """PEM: trusted for this FTPS server instead of the public authorities."""
    test_file: Mapped[str | None]
    """Name of the file that a test left in the folder, until it is removed (R-090)."""
