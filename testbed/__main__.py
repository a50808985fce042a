"""The command line of the testbed: `python3 -m testbed COMMAND`."""

from __future__ import annotations

import argparse
import sys

from testbed import compose, engine, images, kinds, langflow, network, registry, servers, shell, shop, telegram


def main(argv: list[str] | None = None) -> int:
    """Run one command and return the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        _run(arguments)
    except shell.StepError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m testbed", description="Engine, images, registry and servers for tests."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("engine", help="start a Docker engine with Compose v2 on this machine, unless one answers")

    commands.add_parser("compose", help="download the Compose versions that the tests use, and print their paths")

    of_images = commands.add_parser("images", help="pull or build the base images that are missing")
    of_images.add_argument("name", nargs="*", help="postgres, nginx, server, ... (default: all)")
    of_images.add_argument("--stand-ins", action="store_true", help="never pull the official images from a hub")

    of_registry = commands.add_parser("registry", help="start the registry and push the service images to it")
    of_registry.add_argument("name", nargs="*", help="more images to push: python, node, traefik, base")

    of_shop = commands.add_parser("shop", help="build the example application and push it to the registry")
    of_shop.add_argument("--versions", nargs="+", default=shop.VERSIONS, metavar="VERSION")
    of_shop.add_argument(
        "--images", nargs="+", default=shop.NAMES, choices=(*shop.NAMES, *shop.FURTHER), help="which images to build"
    )

    of_langflow = commands.add_parser("langflow", help="push Langflow or a stand-in for it to the registry")
    of_langflow.add_argument("image", nargs="?", default="", help="a local image (default: build a stand-in)")

    commands.add_parser("kinds", help="push data services, and an application that uses each of them, to the registry")

    of_telegram = commands.add_parser("telegram", help="start a stand-in for Telegram's Bot API")
    of_telegram.add_argument("verb", choices=("up", "down"), nargs="?", default="up")

    server = commands.add_parser("server", help="boot, remove and list servers").add_subparsers(
        dest="verb", required=True
    )
    server_up = server.add_parser("up", help="boot a server")
    server_up.add_argument("name")
    server_up.add_argument("--image", choices=servers.IMAGES, default="server")
    server_up.add_argument("--address", help=f"an address in {network.SUBNET} (default: any free one)")
    server_up.add_argument("--publish", action="append", default=[], metavar="HOST:PORT:PORT")
    server_down = server.add_parser("down", help="remove a server and the data of its engine")
    server_down.add_argument("name")
    server.add_parser("list", help="list the servers")

    down = commands.add_parser("down", help="remove servers, registry and network")
    down.add_argument(
        "--all",
        action="store_true",
        help="also remove the images built here, and stop the engine if the testbed started it",
    )
    return parser


def _run(arguments: argparse.Namespace) -> None:
    match arguments.command, getattr(arguments, "verb", None):
        case "engine", _:
            with shell.locked("engine"):
                engine.ensure()
        case "compose", _:
            with shell.locked("compose"):
                for path in compose.ensure().values():
                    print(f"{compose.version(path):12} {path.relative_to(shell.ROOT)}")
        case "images", _:
            with shell.locked("images"):
                engine.require()
                images.ensure(arguments.name, stand_ins=arguments.stand_ins)
        case "registry", _:
            with shell.locked("registry"):
                engine.require()
                registry.ensure(arguments.name)
        case "shop", _:
            with shell.locked("shop"):
                engine.require()
                registry.ensure()
                shop.ensure(arguments.versions, arguments.images)
        case "langflow", _:
            with shell.locked("shop"):
                engine.require()
                registry.ensure()
                shop.ensure(["1.0.0"], ["backend"])
                langflow.ensure(arguments.image)
        case "kinds", _:
            with shell.locked("images"):
                engine.require()
                kinds.ensure()
        case "telegram", "up":
            with shell.locked("telegram"):
                engine.require()
                telegram.ensure()
        case "telegram", "down":
            telegram.remove()
        case "server", "up":
            engine.require()
            servers.up(arguments.name, arguments.image, arguments.address, arguments.publish)
        case "server", "down":
            servers.down(arguments.name)
        case "server", "list":
            print("\n".join(servers.listing()) or "no servers")
        case "down", _:
            with shell.locked("down"):
                _down(everything=arguments.all)


def _down(*, everything: bool) -> None:
    if not engine.answers():
        raise shell.StepError("down: no Docker engine answers, so there is nothing to remove")
    servers.down_all()
    telegram.remove()
    langflow.remove()
    kinds.remove()
    shop.remove()
    registry.remove()
    network.remove("down")
    if everything:
        images.remove()
        engine.stop()


if __name__ == "__main__":
    sys.exit(main())
