"""What the process of a service does over time: it ends, takes jobs from a queue, starts jobs by the clock, or serves.

Place in the pipeline: check. ``compose_files`` infers update strategies from it. Pure. The command decides, then the
name. Unknown programs count as nothing in particular.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence

from . import known_software
from .simple_commands import script, simple_commands

JOB, WORKER, SCHEDULER, BOT, SERVER = "job", "worker", "scheduler", "bot", "server"
#: Code that is named by nobody: it may end, or do something again and again.
SCRIPT = "script"

#: Command lines that say more than their words.
_SCHEDULER_LINES = re.compile(
    r"\bcelery\b.*(?:\bbeat\b|\s--beat\b|\s-[DE]*B[DE]*(?:\s|$))|\brq\b.*\s--with-scheduler\b|schedule:(?:work|run)\b"
    r"|\bdagster-daemon\b|\bmessenger:consume\b.*\bscheduler_|(?:\b|_)huey(?:_consumer)?\b(?!.*--no-periodic)"
    r"|^watch\s|^(?:\S*/)?faktory(?:\s|$)|\btemporal\s+server\s+start-dev\b"
)
_WORKER_LINES = re.compile(
    r"\bcelery\b.*\bworker\b|\bqueue:(?:work|listen)\b|\bmessenger:consume\b|\bjobs:work\b|\bresque:work\b"
    r"|\bgood_job\b|\bsolid_queue:start\b|(?:^|/)bin/jobs\b|\bdelayed_job\b|\bkarafka\s+server\b"
    r"|^(?:\S*/)?(?:rq|arq|que|dramatiq|sidekiq|faust)(?=\s|$)|(?:\b|_)huey\b|\bhuey_consumer\b"
    r"|\b(?:rundramatiq|process_tasks)\b|^(?:npm|yarn|pnpm|bun)\s.*\b(?:queues?|jobs)\b"
)
_BOT_LINES = re.compile(r"\b(?:\w+[-_])?bot(?:\.py|\.js|\.ts)?\b|\b(?:telegram|discord)\w*\b", re.IGNORECASE)
_SERVER_LINES = re.compile(
    r"^(?:\S*/)?(?:gunicorn|uvicorn|hypercorn|daphne|granian|uwsgi|waitress-serve|puma|unicorn|thin|nginx|httpd|apache2\S*"
    r"|php-fpm\S*|caddy|traefik|haproxy|envoy|streamlit|jupyter|sshd|http-server|rq-dashboard)\b"
    r"|\brunserver\b|\bflask\s+run\b|\bfastapi\s+(?:run|dev)\b|\brails\s+s(?:erver)?\b|\bartisan\s+serve\b"
    r"|\boctane:start\b|\b(?:next|nuxt)\s+start\b|\bhttp\.server\b|\bcelery\b.*\bflower\b"
    r"|^sleep\s+inf|^tail\s+-\w*f\b"
)
#: Words in the name of a program, a script, a subcommand or a service.
_SCHEDULER_WORDS = frozenset(
    {"beat", "celerybeat", "scheduler", "schedulers", "cron", "crond", "cronjob", "cronjobs", "crontab", "clock"}
    | {"clockwork", "rqscheduler", "supercronic", "ofelia", "yacron", "apscheduler", "runapscheduler", "runcrons"}
    | {"periodiq", "qcluster"}
)
_WORKER_WORDS = frozenset(
    {
        "worker",
        "workers",
        "consumer",
        "consumers",
        "sidekiq",
        "resque",
        "rqworker",
        "dramatiq",
        "horizon",
        "bullmq",
        "bull",
    }
    | {
        "celeryworker",
        "celeryd",
        "celery",
        "rq",
        "delayed",
        "taskiq",
        "arq",
        "huey",
        "shoryuken",
        "oban",
        "procrastinate",
    }
)
#: A service of this name without a known command is a queue itself, or works on one.
_DOUBTFUL_WORDS = frozenset({"queue", "queues", "faktory"})
_BOT_WORDS = frozenset({"telegram", "discord"})
#: Words that the name of a script begins with, if it does one thing and ends.
_JOB_WORDS = frozenset(
    {"init", "seed", "migrate", "setup", "load", "import", "bootstrap", "prestart", "provision", "wait"}
)
#: Names of scripts that say less than the directory they are in.
_GENERIC = frozenset({"index", "main", "run", "start", "app", "cli"})
#: Options that say which part of an application runs: ``--role=worker``.
_ROLE = re.compile(r"--?[\w.-]*(?:role|mode|type|component|process|profiles\.active|service|command)=([\w-]+)")
#: Words for what shows, watches or answers, whatever else is in the name.
_SURFACES = frozenset(
    {"api", "web", "ui", "frontend", "dashboard", "board", "admin", "exporter", "monitor", "metrics", "server", "proxy"}
    | {"flower", "serve"}
)
#: Programs that do one thing and end.
_ENDING = frozenset(
    {
        "echo",
        "true",
        "printf",
        "exit",
        "chown",
        "chmod",
        "mkdir",
        "cp",
        "mv",
        "rm",
        "ln",
        "touch",
        "tar",
        "unzip",
        "sed",
    }
    | {
        "openssl",
        "ssh-keygen",
        "mc",
        "aws",
        "curl",
        "psql",
        "mysql",
        "mariadb",
        "mongosh",
        "mongo",
        "redis-cli",
        "createdb",
    }
    | {"kafka-topics", "rabbitmqadmin", "rabbitmqctl", "pg_dump", "pg_restore", "mysqldump", "htpasswd"}
)
_ENDING_LINES = re.compile(
    r"\bmanage\.py\s+(?:migrate\w*|collectstatic|createsuperuser|loaddata|compilemessages|createcachetable|check)\b"
    r"|^(?:npm|yarn|pnpm|bun)\s+(?:ci|install|(?:run\s+)?build)\b|^(?:pip|composer|bundle)\s+install\b"
    r"|\b(?:rails|rake)\s+(?:db|assets):|\bdb:(?:migrate|seed|prepare|setup|create)\b|\bmigrat(?:e|ion)s?:\w+"
    r"|\b(?:goose|dbmate)\b.*\bup\b|\b(?:atlas|sqlx|diesel)\s+migrat|\bflask\s+db\s+upgrade\b|\becto\.migrate\b"
    r"|\b(?:airflow|superset)\s+(?:db|users|init|fab)\b|\bef\s+database\s+update\b|\bdrizzle-kit\s+(?:push|migrate)\b"
)
#: Options whose value is the name of something else than a program.
_VALUE_OPTIONS = frozenset(
    {
        "-A",
        "--app",
        "-k",
        "-c",
        "-C",
        "--config",
        "-Q",
        "--queues",
        "-n",
        "--hostname",
        "-l",
        "--loglevel",
        "-h",
        "--host",
    }
    | {"-P", "--pool", "-r", "--require", "-t", "--topic", "--scheduler", "-S"}
)
_OTHER_FILES = re.compile(r".*\.(?:ya?ml|conf|json|toml|ini|env|cfg|log|txt)|.*://.*|[\w.-]+:\d+", re.IGNORECASE)
_CODE = re.compile(r"\.(?:py|m?js|cjs|ts|rb|sh|php|jar|dll|exs?)$", re.IGNORECASE)
_ENDLESS = re.compile(r"\bwhile\s+(?:true|:|1|\[\[?\s*1\s*\]\]?)\s*;?\s*do\b")
_MAX_SCANNED = 4000
_END_OF_BLOCK = ("done", "fi", "}", ")", "wait")


def of_command(arguments: Sequence[str]) -> str:
    """Return what a command does, one of the constants of this module; empty if its words do not say it.

    :param arguments: entrypoint and command.
    """
    arguments = _scanned(arguments)
    commands = simple_commands(arguments)
    found = {_of_simple_command(words) for words in commands}
    if _ENDLESS.search(script(arguments) or ""):
        # A loop that never ends does something again and again by the clock.
        return next((kind for kind in (WORKER, SERVER) if kind in found), SCHEDULER)
    for kind in (SCHEDULER, WORKER, BOT, SERVER, SCRIPT):
        if kind in found:
            return kind
    last = next((words for words in reversed(commands) if words[0] not in _END_OF_BLOCK), None)
    return JOB if last and _ends(last) else ""


def of_name(name: str) -> str:
    """Return what the name of a service says about it, one of the constants; empty if it says nothing.

    A queue counts as a scheduler: whatever it is, two of it may do damage.
    """
    words = set(_words(name))
    if words & _SURFACES:
        return ""
    if words & (_SCHEDULER_WORDS | _DOUBTFUL_WORDS):
        return SCHEDULER if words & _SCHEDULER_WORDS or not words & _WORKER_WORDS else WORKER
    if words & _BOT_WORDS or any(word.endswith("bot") for word in words):
        return BOT
    return WORKER if words & _WORKER_WORDS else ""


def of_process(arguments: Sequence[str], name: str, restart: str) -> str:
    """Return what the process of a service does, by its command or else by its name; empty if neither says it.

    Who writes ``restart: "no"`` and a command that says nothing means a job, whatever the name is.
    """
    by_command = of_command(arguments)
    if by_command or (arguments and restart == "no"):
        return "" if by_command == SCRIPT else by_command
    return of_name(name)


def _scanned(arguments: Sequence[str]) -> list[str]:
    """Return the arguments up to a number of characters. Some patterns take quadratic time."""
    result: list[str] = []
    left = _MAX_SCANNED
    for argument in arguments:
        result.append(argument[:left])
        left -= len(argument) + 1
        if left <= 0:
            break
    return result


def _of_simple_command(words: Sequence[str]) -> str:
    line = " ".join(words)
    if _SERVER_LINES.search(line):
        return SERVER
    if _SCHEDULER_LINES.search(line):
        return SCHEDULER
    if _WORKER_LINES.search(line):
        return WORKER
    names = [set(_words(argument)) for argument in _names(words)]
    named = {word for words_in_name in names if not words_in_name & _SURFACES for word in words_in_name}
    if named & _SCHEDULER_WORDS:
        return SCHEDULER
    if named & _WORKER_WORDS:
        return WORKER
    if any(words_in_name & _SURFACES for words_in_name in names):
        return SERVER
    if re.search(r"\brails\s+runner\b", line):
        return SCRIPT
    return BOT if _BOT_LINES.search(line) else ""


def _names(words: Sequence[str]) -> Iterable[str]:
    """Yield the program of a command, and the arguments that can be a script, a module or a subcommand."""
    for index, word in enumerate(words):
        before = words[index - 1] if index else ""
        if role := _ROLE.fullmatch(word):
            yield role[1]
        if word.startswith("-") or before in _VALUE_OPTIONS or _OTHER_FILES.fullmatch(word):
            continue
        is_name = index == 0 or before == "-m" or _CODE.search(word) or re.fullmatch(r"[@\w:/-]+", word)
        if is_name:
            file = posixpath.basename(word)
            yield word if before == "-m" or not set(_words(file)) - _GENERIC else file


def _words(name: str) -> list[str]:
    """Return the words in a name: those of ``worker-mail-2`` and ``start:worker``, without the suffix of a script."""
    return [word for word in re.split(r"[^a-z]+", _CODE.sub("", name).lower()) if word]


def _ends(words: Sequence[str]) -> bool:
    program = _CODE.sub("", posixpath.basename(words[0]))
    line = " ".join(words)
    scripts = (posixpath.basename(word) for word in words[:3] if _CODE.search(word))
    if any(_words(script_name)[:1] and _words(script_name)[0] in _JOB_WORDS for script_name in scripts):
        return True
    return program in _ENDING or bool(_ENDING_LINES.search(line) or known_software.MIGRATIONS.search(line))
