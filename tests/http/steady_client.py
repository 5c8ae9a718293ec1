"""An ordinary client among others that are not:  steady_client.py PORT COUNT
A request every few milliseconds, in turn on a connection that it keeps and on a new one. Says how many were
answered, of how many, and the 99th percentile of their time in milliseconds."""
import socket
import sys
import time

PAUSE_S, PATIENCE_S = 0.004, 5
REQUEST = b"GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"
END = b"\r\n\r\nhello, world\n"


def dial(port):
    client = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def ask(client):
    client.sendall(REQUEST)
    answer = b""
    while piece := client.recv(4096):
        answer += piece
        if answer.endswith(END):
            return answer.startswith(b"HTTP/1.1 200 ")
    return False


def main(port, count):
    kept, times, served = None, [], 0
    for index in range(count):
        began = time.monotonic()
        client = None
        try:
            if index % 2:
                client = dial(port)
            elif not kept:
                client = kept = dial(port)
            else:
                client = kept
            is_served = ask(client)
        except OSError:
            is_served = False
        times.append(time.monotonic() - began)
        served += is_served
        if client and (index % 2 or not is_served):
            client.close()
            kept = None if client is kept else kept
        time.sleep(PAUSE_S)
    times.sort()
    print(served, count, round(times[len(times) * 99 // 100] * 1000, 2))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
