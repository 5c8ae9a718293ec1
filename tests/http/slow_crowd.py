"""A crowd of slow clients in one process of its own:  slow_crowd.py PORT KIND COUNT
KIND: heads (a byte of a head now and then), bodies (the same of a body for /echo), readers (of a 4 MB file, some
hundred bytes now and then), or halves (half a request, and silence).

Says "ready" when all have connected and sent what they begin with, and on the end of its input what has become of
them: how many the server has closed, and leaves."""
import os
import resource
import selectors
import socket
import sys
import time

BEGIN = {
    "heads": b"GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nUser-Agent: slow\r\nX-Slow: ",
    "halves": b"GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n",
    "bodies": b"POST /echo HTTP/1.1\r\nHost: localhost\r\nUser-Agent: slow\r\nContent-Length: 1000000\r\n\r\nabc",
    "readers": b"GET /four.bin HTTP/1.1\r\nHost: localhost\r\nUser-Agent: slow\r\n\r\n",
}
TICK_S, TICKS = 0.05, 20  # each client moves once in so many ticks
READ_BYTES = 600
CONNECTS_A_STEP = 64
ADDRESS_CONNECTIONS = 20000


def dial(port, index):
    client = socket.socket()
    # As over a network: the packets of the loopback are so large that every socket holds megabytes.
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1460)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.bind((f"127.0.0.{2 + index // ADDRESS_CONNECTIONS}", 0))
    client.setblocking(False)
    client.connect_ex(("127.0.0.1", port))
    return client


def connect_all(port, kind, count):
    """All connected and begun; the server takes them as fast as it can."""
    clients, waiting = [], selectors.DefaultSelector()
    while len(clients) < count or waiting.get_map():
        while len(clients) < count and len(waiting.get_map()) < CONNECTS_A_STEP:
            client = dial(port, len(clients))
            clients.append(client)
            waiting.register(client, selectors.EVENT_WRITE)
        for key, _ in waiting.select(1):
            waiting.unregister(key.fileobj)
            try:
                key.fileobj.send(BEGIN[kind])
            except OSError:
                pass
    return clients


def move(client, kind):
    """A little more. False: the server has closed it."""
    try:
        if kind in ("heads", "bodies"):
            client.send(b"a")
        if kind in ("heads", "halves"):
            return client.recv(4096, socket.MSG_PEEK) != b""
        return client.recv(READ_BYTES) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def main(port, kind, count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.nice(5)  # what is measured is the server
    clients = connect_all(port, kind, count)
    print("ready", flush=True)
    told = selectors.DefaultSelector()
    told.register(sys.stdin, selectors.EVENT_READ)
    closed, turn = set(), 0
    while not told.select(TICK_S):
        for index in range(turn % TICKS, count, TICKS):
            if index not in closed and not move(clients[index], kind):
                closed.add(index)
        turn += 1
    print(len(closed), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
