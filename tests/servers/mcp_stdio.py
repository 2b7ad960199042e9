"""An MCP server on standard input and output: `mcp_stdio.py RECORD [MODE]`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from mcp_behaviour import Behaviour  # beside this script


def main() -> None:
    server = Behaviour(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "good")
    if server.mode == "silent":
        time.sleep(600)
    for line in sys.stdin:
        reply = server.answer(json.loads(line))
        if reply is not None:
            sys.stdout.write(json.dumps(reply) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
