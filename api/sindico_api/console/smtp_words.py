"""What the fields of mail servers are called on the screens (R-055 to R-067)."""

from sindico_platform.words import translatable

SMTP_LABELS: dict[str, str] = {
    "company_id": translatable("Company"),
    "branch_id": translatable("Branch"),
    "host": translatable("SMTP address"),
    "port": translatable("SMTP port"),
    "send_delay_seconds": translatable("Send interval/delay"),
    "sender_email": translatable("Sending e-mail"),
    "sender_name": translatable("Display name"),
    "requires_authentication": translatable("Requires authentication"),
    "authentication": translatable("Way of authentication"),
    "username": translatable("User"),
    "password": translatable("Password"),
    "secure": translatable("Use a secure connection"),
    "security": translatable("Type of secure connection"),
    "ca_certificate": translatable("Certificate to trust"),
    "is_main": translatable("Main server"),
    "connections": translatable("Connections at once"),
    "mails_per_minute": translatable("Mails per minute"),
    "oauth_grant": translatable("Grant"),
    "oauth_token_url": translatable("Token address"),
    "oauth_client_id": translatable("Client id"),
    "oauth_client_secret": translatable("Client secret"),
    "oauth_refresh_token": translatable("Refresh token"),
    "oauth_scope": translatable("Scope"),
}
SECURITY_LABELS = {"ssl": "SSL", "tls": "TLS", None: translatable("Not encrypted")}
