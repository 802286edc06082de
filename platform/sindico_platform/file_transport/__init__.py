"""Files on customers' servers: FTP, FTPS and SFTP behind one protocol, streamed both ways."""

from sindico_platform.file_transport.schemas import Connection, FileServerSettings, RemoteFile
from sindico_platform.file_transport.server import FileServer, open_file_server

__all__ = ["Connection", "FileServer", "FileServerSettings", "RemoteFile", "open_file_server"]
