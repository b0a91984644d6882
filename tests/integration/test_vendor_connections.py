"""How the shared transport treats real connections to a vendor."""

import socket
import threading

import pytest

from payhub.transport import Request, Response, Transport

pytestmark = pytest.mark.integration


def test_no_connection_is_kept_for_a_later_call() -> None:
    """After a thaw an idle one fails behind the write, which would make the outcome unknown."""
    accepted: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for _ in range(2):
                connection, _ = server.accept()
                accepted.append(connection)
                connection.settimeout(5)
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        transport = Transport(3.0)
        answers = [transport.send(Request(method="GET", url=url, headers={})) for _ in range(2)]
        thread.join(5)
    for connection in accepted:
        connection.close()
    assert all(isinstance(answer, Response) for answer in answers) and len(accepted) == 2
