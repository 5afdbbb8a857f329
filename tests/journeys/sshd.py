"""An sshd of this user, on a loopback port, with throw-away keys."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.journeys.house import PATIENCE_S, wait_until

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
SERVER = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {directory}/host
AuthorizedKeysFile {directory}/me.pub
PidFile none
UsePAM no
PasswordAuthentication no
StrictModes no
PermitRootLogin prohibit-password
"""
CLIENT = """\
Host localhost
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentityFile {directory}/me
  IdentitiesOnly yes
  StrictHostKeyChecking no
  UserKnownHostsFile {directory}/known
  LogLevel ERROR
"""


def why_no_sshd() -> str:
    """Return why there can be no sshd here, "" if there can."""
    if SSHD is None or not shutil.which("ssh") or not shutil.which("ssh-keygen"):
        return "ssh and sshd are not installed"
    if os.geteuid() == 0 and not Path("/run/sshd").is_dir():
        return "sshd was never started here: /run/sshd is not there"
    return ""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def is_open(port: int) -> bool:
    """Tell whether somebody listens on a port."""
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def sshd(directory: Path) -> Iterator[Sequence[str]]:
    """Serve ssh; give the words of `ssh localhost` with a terminal, a command is to follow."""
    for name in ("host", "me"):
        key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(directory / name)]
        subprocess.run(key, check=True)
    port, user = free_port(), pwd.getpwuid(os.geteuid()).pw_name
    for name, text in (("server", SERVER), ("client", CLIENT)):
        said = text.format(directory=directory, port=port, user=user)
        (directory / name).write_text(said, encoding="utf-8")
    command = [SSHD or "sshd", "-D", "-e", "-f", str(directory / "server")]
    with open(directory / "sshd.log", "wb") as log:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_until(lambda: is_open(port) or server.poll() is not None, "sshd listens")
        assert server.poll() is None, (directory / "sshd.log").read_text()
        yield ["ssh", "-F", str(directory / "client"), "-tt", "localhost", "--"]
    finally:
        server.terminate()
        server.wait(PATIENCE_S)
