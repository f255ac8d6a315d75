"""Clients that pull full pages: `python pulling.py PORT CA COUNT TARGET`; each asks on a new connection as soon as it was answered.

They begin at once, say when each has had an answer, end when standard input does, and print how many answers there were.
"""

from __future__ import annotations

import http.client
import ssl
import sys
import threading

_LIMIT = 60.0


def main(port: int, ca: str, count: int, target: str) -> None:
    """Let *count* clients ask until nobody wants them any more."""
    context = ssl.create_default_context(cafile=ca)
    ended = threading.Event()
    answered, lock, first = [0] * count, threading.Lock(), threading.Barrier(count + 1)

    def client(at: int) -> None:
        while not ended.is_set():
            connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=_LIMIT, context=context)
            connection.request("GET", target)
            with connection.getresponse() as answer:
                if answer.status != 200 or len(answer.read()) < 100_000:
                    raise SystemExit(f"{target} is no full page")
            connection.close()
            if not answered[at]:
                first.wait(_LIMIT)
            with lock:
                answered[at] += 1

    threads = [threading.Thread(target=client, args=(at,), daemon=True) for at in range(count)]
    for thread in threads:
        thread.start()
    first.wait(_LIMIT)
    print("all were answered", flush=True)
    sys.stdin.read()
    ended.set()
    print(sum(answered), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4])
