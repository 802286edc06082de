"""What can go wrong with a mail server, each told apart, with what it means and what to do.

Failures on the way there (name, connection, certificate) are in `sindico_platform.egress.errors`.
"""

from sindico_platform.connection_tests.schemas import Mistake, Stage

ADDRESS_MALFORMED = Mistake(
    code="mail-address-malformed",
    stage=Stage.RCPT_TO,
    detail="{address} is not one mail address.",
    advice="Enter one address alone, such as name@example.com.",
)
SSL_ON_PLAIN_PORT = Mistake(
    code="mail-ssl-on-plain-port",
    stage=Stage.TLS,
    detail="{host} greets in plain text on port {port}, so SSL from the first byte cannot work.",
    advice="Choose the type TLS for this port, or the port for SSL, which is usually 465.",
)
TLS_EXPECTED = Mistake(
    code="mail-plain-on-ssl-port",
    stage=Stage.GREETING,
    detail="{host} is silent on port {port} because it expects SSL from the first byte.",
    advice="Choose a secure connection of the type SSL for this port, or port 587 with TLS.",
)
GREETING_TIMED_OUT = Mistake(
    code="mail-greeting-timed-out",
    stage=Stage.GREETING,
    detail="{host} took the connection on port {port} but did not greet within {seconds} seconds.",
    advice="Check the port; a firewall or virus scanner may be holding the connection back.",
    passes=True,
)
NOT_SMTP = Mistake(
    code="mail-not-smtp",
    stage=Stage.GREETING,
    detail="What answers on port {port} of {host} is no mail server: {reply}",
    advice="Enter the address and port for sending (SMTP); usual ports are 587, 465 and 25.",
)
CONNECTION_REFUSED_US = Mistake(
    code="mail-server-refuses-us",
    stage=Stage.GREETING,
    detail="{host} takes no mail from our address: {reply}",
    advice="Have the server's administrator allow our address, or sign in on another port.",
)
SERVER_BUSY = Mistake(
    code="mail-server-busy",
    stage=Stage.GREETING,
    detail="{host} takes no mail at the moment: {reply}",
    advice="Try again later; if it stays so, the server is overloaded or being maintained.",
    passes=True,
)
STARTTLS_NOT_OFFERED = Mistake(
    code="mail-starttls-not-offered",
    stage=Stage.TLS,
    detail="{host} offers no TLS on port {port}, so nothing was sent.",
    advice="Choose the type SSL with its port, usually 465, or have TLS switched on at the server.",
)
STARTTLS_REFUSED = Mistake(
    code="mail-starttls-refused",
    stage=Stage.TLS,
    detail="{host} offers TLS but does not begin it: {reply}",
    advice="Try again later; if it stays so, have the server's certificate and settings checked.",
)
LOGIN_NEEDS_TLS = Mistake(
    code="mail-login-needs-tls",
    stage=Stage.AUTHENTICATE,
    detail="Without a secure connection anybody on the way can read the password: it was not sent.",
    advice="Switch on the secure connection, with the type that the server's port is for.",
)
ENCRYPTION_DEMANDED = Mistake(
    code="mail-encryption-demanded",
    stage=Stage.AUTHENTICATE,
    detail="{host} demands a secure connection: {reply}",
    advice="Switch on the secure connection, usually TLS on port 587.",
)
AUTH_NOT_OFFERED = Mistake(
    code="mail-auth-not-offered",
    stage=Stage.AUTHENTICATE,
    detail="{host} offers no sign-in on port {port}.",
    advice=(
        "If the server takes mail without signing in, switch off that it requires authentication; "
        "else use its port for signed-in users, usually 587 or 465."
    ),
)
AUTH_KIND_NOT_OFFERED = Mistake(
    code="mail-auth-kind-not-offered",
    stage=Stage.AUTHENTICATE,
    detail="{host} does not offer the chosen kind of sign-in, only {offered}.",
    advice="Choose OAuth 2.0 if XOAUTH2 is among them, or a password if PLAIN or LOGIN is.",
)
PASSWORD_REFUSED = Mistake(
    code="mail-password-refused",
    stage=Stage.AUTHENTICATE,
    detail="{host} did not accept the user {user} with this password: {reply}",
    advice="Correct user and password; many servers want the whole address as the user.",
)
APP_PASSWORD_NEEDED = Mistake(
    code="mail-app-password-needed",
    stage=Stage.AUTHENTICATE,
    detail="{host} does not take the usual password of {user} from programs: {reply}",
    advice=(
        "Make an application password in the account's security settings and enter it here, or "
        "use OAuth 2.0."
    ),
)
OAUTH_NEEDED = Mistake(
    code="mail-oauth-needed",
    stage=Stage.AUTHENTICATE,
    detail="{host} no longer lets {user} sign in with a password: {reply}",
    advice=("Use OAuth 2.0, or have the administrator allow authenticated SMTP for this mailbox."),
)
TOO_MANY_ATTEMPTS = Mistake(
    code="mail-too-many-sign-ins",
    stage=Stage.AUTHENTICATE,
    detail="{host} has counted too many sign-ins of {user}: {reply}",
    advice="Wait before the next attempt, because further ones may lock the account.",
    passes=True,
)
AUTH_LATER = Mistake(
    code="mail-sign-in-unavailable",
    stage=Stage.AUTHENTICATE,
    detail="{host} cannot check sign-ins at the moment: {reply}",
    advice="Try again later; if it stays so, have the server looked at.",
    passes=True,
)
OAUTH_TOKEN_REFUSED = Mistake(
    code="mail-oauth-token-refused",
    stage=Stage.AUTHENTICATE,
    detail="{host} did not accept the access token for {user}: {reply}",
    advice=(
        "Give the application the right to send mail (SMTP) for this mailbox, and check user and "
        "scope."
    ),
)
OAUTH_CLIENT_REFUSED = Mistake(
    code="mail-oauth-client-refused",
    stage=Stage.AUTHENTICATE,
    detail="{host} gave no access token, because it does not accept the application: {reply}",
    advice="Correct client id and client secret; a secret may have expired.",
)
OAUTH_GRANT_REFUSED = Mistake(
    code="mail-oauth-grant-refused",
    stage=Stage.AUTHENTICATE,
    detail="{host} gave no access token, because the consent is not or no longer valid: {reply}",
    advice="Consent anew and enter the new refresh token, or check tenant and grant.",
)
OAUTH_SCOPE_REFUSED = Mistake(
    code="mail-oauth-scope-refused",
    stage=Stage.AUTHENTICATE,
    detail="{host} gave no access token for this scope: {reply}",
    advice=(
        "Enter the provider's scope for SMTP, such as https://outlook.office365.com/.default or "
        "https://mail.google.com/."
    ),
)
OAUTH_REFUSED = Mistake(
    code="mail-oauth-refused",
    stage=Stage.AUTHENTICATE,
    detail="{host} gave no access token: {reply}",
    advice="Check the token address; what the server says may tell more.",
)
OAUTH_LATER = Mistake(
    code="mail-oauth-unavailable",
    stage=Stage.AUTHENTICATE,
    detail="{host} gives no access tokens at the moment: {reply}",
    advice="Try again later; if it stays so, look at the provider's service status.",
    passes=True,
)
AUTH_DEMANDED = Mistake(
    code="mail-auth-demanded",
    stage=Stage.MAIL_FROM,
    detail="{host} takes mail only after signing in: {reply}",
    advice="Switch on that the server requires authentication, and enter user and password.",
)
SENDER_NOT_OWNED = Mistake(
    code="mail-sender-not-owned",
    stage=Stage.MAIL_FROM,
    detail="The signed-in user may not send as {sender}: {reply}",
    advice=(
        "Enter the user's own address as the sending e-mail, or have the right to send as this "
        "address given to the user."
    ),
)
SENDER_DOMAIN_REFUSED = Mistake(
    code="mail-sender-domain-refused",
    stage=Stage.MAIL_FROM,
    detail="{host} does not know the domain of {sender}: {reply}",
    advice="Check the spelling of the sending e-mail and the DNS of its domain.",
)
SENDER_REFUSED = Mistake(
    code="mail-sender-refused",
    stage=Stage.MAIL_FROM,
    detail="{host} does not take mail from {sender}: {reply}",
    advice="Enter a sending e-mail that this server is responsible for.",
)
UTF8_NOT_OFFERED = Mistake(
    code="mail-utf8-not-offered",
    stage=Stage.MAIL_FROM,
    detail="{host} cannot take the address {address}, which has accents before the @.",
    advice="Use an address without accents.",
)
RELAY_DENIED = Mistake(
    code="mail-relay-denied",
    stage=Stage.RCPT_TO,
    detail="{host} does not pass on mail to {recipient}: {reply}",
    advice=(
        "Switch on authentication, or have the server's administrator allow our address to send "
        "to other domains."
    ),
)
RECIPIENT_REFUSED = Mistake(
    code="mail-recipient-refused",
    stage=Stage.RCPT_TO,
    detail="{host} does not take mail for {recipient}: {reply}",
    advice="Check the spelling; the mailbox may not exist or may be disabled.",
)
MAILBOX_FULL = Mistake(
    code="mail-mailbox-full",
    stage=Stage.RCPT_TO,
    detail="The mailbox of {recipient} is full: {reply}",
    advice="Have the mailbox emptied or enlarged.",
)
GREYLISTED = Mistake(
    code="mail-greylisted",
    stage=Stage.RCPT_TO,
    detail="{host} puts first mails of a sender off for some minutes: {reply}",
    advice="Nothing needs to be changed: it is tried again by itself. Test again in 10 minutes.",
    passes=True,
)
RATE_LIMITED = Mistake(
    code="mail-rate-limited",
    stage=Stage.DATA,
    detail="{host} asks for fewer mails: {reply}",
    advice="Lower the mails per minute, or have the server's limit raised.",
    passes=True,
)
DEFERRED = Mistake(
    code="mail-deferred",
    stage=Stage.DATA,
    detail="{host} puts the mail off: {reply}",
    advice="It is tried again by itself; if it stays so, ask the server's administrator.",
    passes=True,
)
ADDRESS_BLOCKED = Mistake(
    code="mail-address-blocked",
    stage=Stage.RCPT_TO,
    detail="{host} blocks our address: {reply}",
    advice="Have the server's administrator allow our address, or sign in on another port.",
)
TOO_LARGE = Mistake(
    code="mail-too-large",
    stage=Stage.DATA,
    detail="The mail is larger than {host} takes: {reply}",
    advice="Send less at once, or have the server's limit raised.",
)
SENDER_UNPROVEN = Mistake(
    code="mail-sender-unproven",
    stage=Stage.DATA,
    detail="{host} cannot tell that the mail really comes from the domain of {sender}: {reply}",
    advice="Have the server entered in the domain's SPF record, or DKIM set up for the domain.",
)
MESSAGE_REFUSED = Mistake(
    code="mail-message-refused",
    stage=Stage.DATA,
    detail="{host} refused the message: {reply}",
    advice="What the server says may tell why; often it takes the message for unwanted mail.",
)
ANSWER_TIMED_OUT = Mistake(
    code="mail-answer-timed-out",
    stage=Stage.DATA,
    detail="{host} did not answer within {seconds} seconds.",
    advice="Try again later; the server may be overloaded.",
    passes=True,
)
DISCONNECTED = Mistake(
    code="mail-disconnected",
    stage=Stage.DATA,
    detail="{host} closed the connection in the middle of the conversation.",
    advice="Try again later; if it stays so, have the server's log looked at.",
    passes=True,
)
UNEXPECTED_REPLY = Mistake(
    code="mail-reply-unexpected",
    stage=Stage.GREETING,
    detail="{host} answered what no mail server should: {reply}",
    advice="Check address and port; if both are right, have the server's log looked at.",
)
