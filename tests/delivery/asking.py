"""A client of a request or two."""
import socket

SECONDS_MAX = 20


def ask(port, line, fields="", body=""):
    """(status, body) of one request on a connection of its own."""
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS_MAX) as client:
        client.sendall(f"{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{fields}{length}\r\n{body}".encode())
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    head, _, content = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), content.decode()
