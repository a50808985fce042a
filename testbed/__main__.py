"""The command line of the testbed: `python3 -m testbed COMMAND`."""

from __future__ import annotations

import argparse
import sys

from testbed import engine, images, shell


def main(argv: list[str] | None = None) -> int:
    """Run one command; return the process's exit code."""
    parser = argparse.ArgumentParser(prog="python3 -m testbed", description="Engine, images, registry and servers for tests.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("engine", help="make sure a Docker engine with Compose v2 answers on this machine")
    images_command = commands.add_parser("images", help="make sure the base images exist")
    images_command.add_argument("name", nargs="*", help="postgres, nginx, server, ... (default: all)")
    images_command.add_argument("--stand-ins", action="store_true", help="do not ask a hub for the official images")
    arguments = parser.parse_args(argv)
    try:
        if arguments.command == "engine":
            engine.ensure()
        elif arguments.command == "images":
            images.ensure(arguments.name, stand_ins=arguments.stand_ins)
    except shell.StepError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
