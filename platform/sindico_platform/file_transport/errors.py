"""What goes wrong on the way to a customer's file server, each told apart by its own code.

``{answer}`` is what the server said, in one line and without the password.
"""

from sindico_platform.connection_tests.schemas import Mistake, Stage

NAME_MALFORMED = Mistake(
    code="file-name-malformed",
    stage=Stage.WRITE,
    detail="{name} cannot be the name of a file on a server.",
    advice="Use up to 200 bytes without control characters, backslashes or parts such as .. in it.",
)
FOLDER_MALFORMED = Mistake(
    code="folder-malformed",
    stage=Stage.FOLDER,
    detail="{folder} cannot be the name of a folder on a server.",
    advice="Separate folders with / and use neither .. nor backslashes nor control characters.",
)

# The greeting
NOT_FTP = Mistake(
    code="ftp-not-spoken",
    stage=Stage.GREETING,
    detail="{host} does not speak FTP on port {port}: {answer}",
    advice="Correct the port: FTP and FTPS are usually on 21.",
)
NOT_SSH = Mistake(
    code="sftp-not-spoken",
    stage=Stage.GREETING,
    detail="{host} does not speak SFTP on port {port}: {answer}",
    advice="Correct the port: SFTP is usually on 22.",
)
SFTP_ON_FTP_PORT = Mistake(
    code="sftp-on-ftp-port",
    stage=Stage.GREETING,
    detail="Port {port} of {host} speaks SFTP, not FTP: {answer}",
    advice="Choose SFTP as the connection type, or the port on which FTP is spoken.",
)
FTP_ON_SFTP_PORT = Mistake(
    code="ftp-on-sftp-port",
    stage=Stage.GREETING,
    detail="Port {port} of {host} speaks FTP, not SFTP: {answer}",
    advice="Choose FTPS or FTP as the connection type, or the port on which SFTP is spoken.",
)
MAIL_SERVER = Mistake(
    code="mail-server-not-file-server",
    stage=Stage.GREETING,
    detail="A mail server answers on port {port} of {host}: {answer}",
    advice="Correct address and port to those of the file server.",
)
NO_GREETING = Mistake(
    code="greeting-timed-out",
    stage=Stage.GREETING,
    detail="{host} took the connection on port {port} but said nothing within {seconds} seconds.",
    advice=(
        "The port may belong to another service, such as a web server or FTPS with implicit TLS "
        "(990): choose the port of FTP with explicit TLS (21) or of SFTP (22)."
    ),
    passes=True,
)
SERVER_BUSY = Mistake(
    code="file-server-busy",
    stage=Stage.GREETING,
    detail="{host} takes no further connections now: {answer}",
    advice="Try again in a moment; if it stays so, raise the server's limit of connections.",
    passes=True,
)
CONNECTION_LOST = Mistake(
    code="file-server-hung-up",
    stage=Stage.GREETING,
    detail="{host} closed the connection in the middle of the conversation.",
    advice=(
        "Try again; if it stays so, the server may be refusing our address or restarting: its log "
        "tells."
    ),
    passes=True,
)
SILENT = Mistake(
    code="file-server-silent",
    stage=Stage.GREETING,
    detail="{host} stopped answering for {seconds} seconds.",
    advice="Try again; if it stays so, the server is overloaded or a firewall cuts connections.",
    passes=True,
)

# FTPS
TLS_NOT_OFFERED = Mistake(
    code="ftps-not-offered",
    stage=Stage.TLS,
    detail="{host} offers no encryption for FTP: {answer}",
    advice=(
        "Have TLS enabled on the server (AUTH TLS), use SFTP, or choose FTP without encryption if "
        "the risk is known."
    ),
)

# SFTP: who the server is
ALGORITHMS_DIFFER = Mistake(
    code="ssh-algorithms-differ",
    stage=Stage.HOST_KEY,
    detail="{host} offers only ways of encryption that are no longer safe: {answer}",
    advice="Have the SSH server updated; it must offer algorithms of the last ten years.",
)
HOST_KEY_UNCONFIRMED = Mistake(
    code="host-key-unconfirmed",
    stage=Stage.HOST_KEY,
    detail="{host} showed the key {fingerprint}, which nobody has confirmed yet.",
    advice=(
        "Compare it with the one that the server's administrator reads on the server, and confirm "
        "it; nothing was sent before that."
    ),
)
HOST_KEY_CHANGED = Mistake(
    code="host-key-changed",
    stage=Stage.HOST_KEY,
    detail="The key of {host} has changed: {fingerprint} instead of {expected}. Nothing was sent.",
    advice=(
        "Somebody may be posing as the server. Ask its administrator; confirm the new key only if "
        "the server was really replaced or got a new key."
    ),
)

# Signing in
PASSWORD_REFUSED = Mistake(
    code="file-login-refused",
    stage=Stage.AUTHENTICATE,
    detail="{host} refused user {username} or the password: {answer}",
    advice=(
        "Check both, capital letters too; the account may also be locked, expired or not allowed "
        "to transfer files."
    ),
)
TLS_REQUIRED = Mistake(
    code="ftp-tls-required",
    stage=Stage.AUTHENTICATE,
    detail="{host} takes no login without encryption: {answer}",
    advice="Choose FTPS as the connection type.",
)
KEY_REFUSED = Mistake(
    code="ssh-key-refused",
    stage=Stage.AUTHENTICATE,
    detail="{host} did not take the private key of user {username}.",
    advice=(
        "Put its public half into the user's authorized_keys on the server, and check the user "
        "name."
    ),
)
KEY_NEEDED = Mistake(
    code="ssh-key-needed",
    stage=Stage.AUTHENTICATE,
    detail="{host} takes no passwords from user {username}: it wants {methods}.",
    advice="Enter a private key whose public half the server knows.",
)
PASSWORD_NEEDED = Mistake(
    code="ssh-password-needed",
    stage=Stage.AUTHENTICATE,
    detail="{host} takes no keys from user {username}: it wants {methods}.",
    advice="Enter the user's password.",
)
KEY_MALFORMED = Mistake(
    code="ssh-key-malformed",
    stage=Stage.AUTHENTICATE,
    detail="The private key cannot be read.",
    advice="Paste the whole text from -----BEGIN to the end of -----END, in OpenSSH or PEM form.",
)
KEY_IS_PUBLIC = Mistake(
    code="ssh-key-is-public",
    stage=Stage.AUTHENTICATE,
    detail="This is the public half of a key.",
    advice="Paste the private half; the public one belongs on the server.",
)
KEY_IS_PUTTY = Mistake(
    code="ssh-key-is-putty",
    stage=Stage.AUTHENTICATE,
    detail="This private key is in PuTTY's own form.",
    advice="Open it in PuTTYgen and export it as an OpenSSH key.",
)
KEY_LOCKED = Mistake(
    code="ssh-key-locked",
    stage=Stage.AUTHENTICATE,
    detail="The private key is encrypted, and the password does not open it.",
    advice="Enter the key's passphrase as the password, or a key without passphrase.",
)

# The folder
SFTP_NOT_OFFERED = Mistake(
    code="sftp-not-offered",
    stage=Stage.FOLDER,
    detail="{host} took the login but offers this user no file transfer: {answer}",
    advice="Have SFTP enabled for the user (in OpenSSH: Subsystem sftp).",
)
FOLDER_MISSING = Mistake(
    code="folder-missing",
    stage=Stage.FOLDER,
    detail="The folder {folder} is not there for user {username}: {answer}",
    advice=(
        "Create it on the server or correct its name: capital letters count, and it may have to "
        "start below the user's own folder. The user must also be allowed to enter it."
    ),
)
FOLDER_REFUSED = Mistake(
    code="folder-refused",
    stage=Stage.FOLDER,
    detail="User {username} may not enter the folder {folder}: {answer}",
    advice="Give the user the right to enter and read the folder on the server.",
)
FOLDER_IS_FILE = Mistake(
    code="folder-is-file",
    stage=Stage.FOLDER,
    detail="{folder} is a file on the server, not a folder.",
    advice="Enter the folder that files are to be put into.",
)

# Writing
WRITE_REFUSED = Mistake(
    code="write-refused",
    stage=Stage.WRITE,
    detail="User {username} may not write into the folder: {answer}",
    advice="Give the user the right to create and rename files in this folder on the server.",
)
RENAME_REFUSED = Mistake(
    code="rename-refused",
    stage=Stage.WRITE,
    detail="The file was written, but user {username} may not rename it: {answer}",
    advice=(
        "Give the user the right to rename files: a file is written under a temporary name, so "
        "that nobody takes half of it."
    ),
)
DISK_FULL = Mistake(
    code="disk-full",
    stage=Stage.WRITE,
    detail="{host} has no room for the file: {answer}",
    advice="Free space on the server's disk or raise the user's quota.",
    passes=True,
)
DATA_BLOCKED = Mistake(
    code="passive-ports-blocked",
    stage=Stage.WRITE,
    detail=(
        "{host} named port {data_port} for the file's own connection, but nothing passes there: "
        "{answer}"
    ),
    advice=(
        "Open the server's range of passive ports in its firewall and, behind NAT, forward it to "
        "the server."
    ),
)
DATA_TLS_REFUSED = Mistake(
    code="data-encryption-refused",
    stage=Stage.WRITE,
    detail="{host} refused to encrypt the file's own connection: {answer}",
    advice=(
        "Have the server's FTPS settings checked: it must allow encrypted data connections "
        "(PROT P) and the resumption of TLS sessions."
    ),
)
WRITE_FAILED = Mistake(
    code="write-failed",
    stage=Stage.WRITE,
    detail="{host} broke off while the file was written: {answer}",
    advice=("Try again; if it stays so, look at the server's free space, its quotas and its log."),
    passes=True,
)

# Reading back
FILE_MISSING = Mistake(
    code="remote-file-missing",
    stage=Stage.READ_BACK,
    detail="{name} is no longer in the folder of {host}: {answer}",
    advice="Somebody or something on the server moved or removed it; have that looked into.",
)
READ_REFUSED = Mistake(
    code="read-refused",
    stage=Stage.READ_BACK,
    detail="User {username} may not read {name}: {answer}",
    advice="Give the user the right to read files in this folder on the server.",
)
READ_FAILED = Mistake(
    code="read-failed",
    stage=Stage.READ_BACK,
    detail="{host} broke off while the file was read: {answer}",
    advice="Try again; if it stays so, the server's log tells why.",
    passes=True,
)
DELETE_REFUSED = Mistake(
    code="delete-refused",
    stage=Stage.WRITE,
    detail="User {username} may not delete {name}: {answer}",
    advice="Give the user the right to delete files in this folder, or delete it on the server.",
)
FILE_DIFFERS = Mistake(
    code="file-differs",
    stage=Stage.COMPARE,
    detail=(
        "What came back from {host} is not what was written: {read_bytes} bytes instead of "
        "{written_bytes}."
    ),
    advice=(
        "Something on the server changes files, such as a conversion of line ends (ASCII mode) or "
        "a virus scanner: have it turned off for this folder."
    ),
)
