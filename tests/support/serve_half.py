#!/usr/bin/env python3
"""Serves a directory over http on a loopback port, which it writes into the file `port` of the working directory.

  serve_half.py DIRECTORY

While the working directory has a file `hang-up`, of each package only half is sent, under a header that promises all.
"""

import functools
import http.server
import os
import sys


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words):
        pass

    def copyfile(self, source, output):
        content = source.read()
        if os.path.exists("hang-up") and self.path.endswith((".rpm", ".deb", ".zst")):
            content = content[: len(content) // 2]
        output.write(content)


server = http.server.ThreadingHTTPServer(
    ("127.0.0.1", 0), functools.partial(Handler, directory=os.path.abspath(sys.argv[1])))
with open("port.new", "w", encoding="utf-8") as file:
    file.write(str(server.server_address[1]))
os.rename("port.new", "port")
server.serve_forever()
