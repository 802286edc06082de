"""FTP, FTPS and SFTP servers to try things on, over one folder."""
