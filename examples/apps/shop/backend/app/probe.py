"""The container's health probe: exit 0 when GET /health answers 200; what it answered is printed for `docker inspect`.

Standard library only and started without site-packages, so that it costs milliseconds.
"""

import sys
from http.client import HTTPConnection, HTTPException


def main() -> int:
    """Return the exit status: 0 healthy, 1 not."""
    connection = HTTPConnection("127.0.0.1", 8000, timeout=8)
    try:
        connection.request("GET", "/health")
        response = connection.getresponse()
        print(response.status, response.read(500).decode(errors="replace"))
    except (OSError, HTTPException) as error:
        print(f"GET /health: {error}")
        return 1
    return 0 if response.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
