#!/usr/bin/env python3
"""2,000 connections that stall (500 each in the handshake, the header, the body and while the answer is read), and good
requests that are still answered within a second."""
import concurrent.futures
import resource
import statistics
import socket
import ssl
import time
import unittest

from harness import CARE, VISIT, GatewayTest, main, schedule

EACH = 500
ANSWERED_WITHIN = 1.0  # seconds, the promise of the security checklist
NEEDED_FILES = 8192


def raise_file_limit():
    """For this process and the gateway, which inherits it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < NEEDED_FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(NEEDED_FILES, hard), hard))


class Stalled(GatewayTest):
    # Long enough that none of the two thousand is cut off while the good ones are measured.
    settings = {"limits": "{handshake_ms: 120000, header_ms: 120000, body_grace_ms: 600000, write_ms: 600000, "
                          "min_body_rate: 1, max_connections_per_address: 3000}"}

    @classmethod
    def setUpClass(cls):
        raise_file_limit()
        super().setUpClass()
        cls.context = ssl.create_default_context(cafile=str(cls.gateway.pki.ca))
        cls.context.load_cert_chain(*map(str, cls.gateway.pairs[VISIT.number]))

    def connect(self, receive_buffer=None):
        connection = socket.socket()
        self.open.append(connection)
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(60)
        connection.connect(("127.0.0.1", self.gateway.port))
        return connection

    def secured(self, receive_buffer=None):
        connection = self.context.wrap_socket(self.connect(receive_buffer), server_hostname="localhost")
        self.open[-1] = connection
        return connection

    def stall_in_handshake(self, number):
        connection = self.connect()
        if number % 2:  # every other one has begun its hello
            connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")

    def stall_in_header(self, _):
        self.secured().sendall(b"GET /v1/me HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")

    def stall_in_body(self, _):
        self.secured().sendall(b"POST /v1/bundles HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/zip\r\n"
                               b"Content-Length: 100000\r\n\r\nPK")

    def stall_while_reading(self, _):
        self.secured(receive_buffer=4096).sendall(b"GET /docs HTTP/1.1\r\nHost: localhost\r\n\r\n" * 8)

    def connections(self):
        line = next(line for line in self.gateway.ops("/metrics").body.decode().splitlines()
                    if line.startswith("cpgw_connections "))
        return int(float(line.split()[1]))

    def test_good_requests_are_answered_within_a_second(self):
        self.open = []
        try:
            for stall in (self.stall_in_handshake, self.stall_in_header, self.stall_in_body, self.stall_while_reading):
                for number in range(EACH):
                    stall(number)
            self.assertGreaterEqual(self.connections(), 4 * EACH)
            files, times = schedule(), []
            for number in range(21):
                client = self.gateway.client(CARE)  # a new connection with its handshake each time
                started = time.monotonic()
                self.expect(client.get("/v1/me"), 200)
                times.append(time.monotonic() - started)
                client.close()
            self.accepted(self.as_office(CARE).send(files))
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                for answer in pool.map(lambda _: self.gateway.client(CARE).get("/v1/limits"), range(40)):
                    self.expect(answer, 200)
            self.assertLess(statistics.median(times), ANSWERED_WITHIN)  # one of them may meet a busy machine
            self.assertGreaterEqual(self.connections(), 4 * EACH)  # they were all there all the time
            print(f"good requests beside {4 * EACH} stalled connections: median {statistics.median(times) * 1000:.0f} ms, "
                  f"slowest {max(times) * 1000:.0f} ms")
        finally:
            for connection in self.open:
                connection.close()


if __name__ == "__main__":
    main()
