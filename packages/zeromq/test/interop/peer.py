# A peer over pyzmq: python3 peer.py TYPE bind|connect ENDPOINT MECHANISM ANSWER
# ANSWER is 'echo' (send back what comes), 'tell' (print what comes) or 'ask' (send, and expect the same back or nothing).
# With CURVE the keys stand in the environment.
import os
import sys
import zlib

import zmq
import zmq.auth
from zmq.auth.thread import ThreadAuthenticator

kind, side, endpoint, mechanism, answer = sys.argv[1:6]
context = zmq.Context()
authenticator = None
if mechanism == "PLAIN" and side == "bind":
    authenticator = ThreadAuthenticator(context)
    authenticator.start()
    authenticator.configure_plain(domain="*", passwords={"admin": "password"})
socket = context.socket(getattr(zmq, kind))
socket.linger = 0
if mechanism == "PLAIN":
    if side == "bind":
        socket.plain_server = True
    else:
        socket.plain_username, socket.plain_password = b"admin", b"password"
if mechanism == "CURVE":
    key = lambda name: os.environ[name].encode()
    if side == "bind":
        socket.curve_server = True
        socket.curve_secretkey = key("SERVER_SECRET")
    else:
        socket.curve_serverkey = key("SERVER_PUBLIC")
        socket.curve_publickey = key("CLIENT_PUBLIC")
        socket.curve_secretkey = key("CLIENT_SECRET")
if kind == "SUB":
    socket.subscribe(b"t")
if side == "bind":
    socket.bind(endpoint)
else:
    socket.connect(endpoint)
if kind == "XSUB":
    socket.send(b"\x01t")
say = lambda text: print(text, flush=True)
say("ready " + (socket.last_endpoint.decode() if side == "bind" else endpoint))


def messages():
    for size in (0, 1, 255, 256, 65537):
        yield [b"p" * size]
    yield [b"three", b"", b"parts" * 60]


if answer == "echo":
    while True:
        socket.send_multipart(socket.recv_multipart())
elif answer == "tell":
    while True:
        frames = socket.recv_multipart()
        say("got " + " ".join(f"{len(frame)}:{zlib.crc32(frame)}" for frame in frames))
elif kind in ("PUB", "XPUB"):
    # Until somebody listens, whatever is said is lost: XPUB hears of it, PUB is told by a line on its standard input.
    if kind == "XPUB":
        socket.recv()
    else:
        import threading
        go = threading.Event()
        threading.Thread(target=lambda: (sys.stdin.readline(), go.set()), daemon=True).start()
        while not go.wait(0.01):
            socket.send_multipart([b"t", b"probe"])
    for frames in messages():
        socket.send_multipart([b"t", *frames])
    say("done")
    sys.stdin.read()
else:
    for frames in messages():
        socket.send_multipart(frames)
        if kind != "PUSH" and socket.recv_multipart() != frames:
            say("different")
    say("done")
    sys.stdin.read()
