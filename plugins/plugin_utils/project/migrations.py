"""How the database of a service is migrated, told by the files beside its Dockerfile or by the Compose files.

Place in the pipeline: project. Pure but for the texts that it reads through the tree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.slipway.stack.plugins.plugin_utils.project.tree import Tree


@dataclass(frozen=True)
class Migration:
    """``command``: the release job. ``check``: the command before a rollback, empty if there is none.

    ``found``: what tells it, in words.
    """

    command: str
    check: str
    found: str


#: By the name of a file, the command that migrates, and the one that says whether the image knows the database.
_BY_FILE = (
    ("migrations/alembic.ini", "flask db upgrade", "flask db current"),
    ("alembic.ini", "alembic upgrade head", "alembic current"),
    ("manage.py", "python manage.py migrate --noinput", "python manage.py migrate --check"),
    ("prisma/schema.prisma", "npx prisma migrate deploy", "npx prisma migrate status"),
    ("knexfile.js", "npx knex migrate:latest", ""),
    ("knexfile.ts", "npx knex migrate:latest", ""),
    ("knexfile.cjs", "npx knex migrate:latest", ""),
    (".sequelizerc", "npx sequelize-cli db:migrate", ""),
    ("drizzle.config.ts", "npx drizzle-kit migrate", ""),
    ("bin/rails", "bin/rails db:migrate", "bin/rails db:abort_if_pending_migrations"),
    ("artisan", "php artisan migrate --force", ""),
    ("bin/console", "php bin/console doctrine:migrations:migrate --no-interaction --allow-no-migration", ""),
)
#: What a script of a team calls, by program.
_CALLS = re.compile(
    r"\balembic\s+(?:-\S+\s+)*upgrade\b|manage\.py\s+migrate\b|\bprisma\s+migrate\s+deploy\b|\bknex\s+migrate:latest\b"
    r"|\bdb:(?:migrate|prepare)\b|\bflask\s+db\s+upgrade\b|\bartisan\s+migrate\b|\bdoctrine:migrations:migrate\b"
    r"|\bdrizzle-kit\s+(?:migrate|push)\b|\bsequelize(?:-cli)?\s+db:migrate\b|\btypeorm\s+migration:run\b"
)
_SHELL = re.compile(r"(?:\S*/)?(?:ba|da|a)?sh\s+-\w*c\s+(?P<quote>['\"]?)(?P<script>.*)(?P=quote)", re.DOTALL)


def of_context(tree: Tree, context: str) -> Migration | None:
    """Return how the application in a build context migrates, ``None`` if no file tells it."""
    lead = "" if context in ("", ".") else f"{context}/"
    for name, command, check in _BY_FILE:
        if f"{lead}{name}" in tree.files:
            return Migration(command, check, f"{lead}{name} is there")
    return None


def migrates(tree: Tree, context: str, words: Sequence[str]) -> bool:
    """Return whether a command migrates, by its own words or those of the script that it starts."""
    text = " ".join(words)
    if _CALLS.search(text):
        return True
    lead = "" if context in ("", ".") else f"{context}/"
    scripts = [
        word.lstrip("./").removeprefix("app/") for word in words if re.search(r"\.(?:sh|bash)$|entrypoint", word)
    ]
    return any(_CALLS.search(tree.text(f"{lead}{script}")) for script in scripts[:5])


def split(words: Sequence[str]) -> tuple[str, str] | None:
    """Return the migration and the rest of a command such as ``sh -c "alembic upgrade head && uvicorn …"``.

    ``None`` if it does not migrate before something else.
    """
    text = words[2] if len(words) == 3 and re.fullmatch(r"(?:\S*/)?(?:ba|da|a)?sh", words[0]) else ""
    match = _SHELL.fullmatch(" ".join(words).strip())
    script = text or (match["script"] if match else "")
    parts = [part.strip() for part in re.split(r"&&|;|\n", script) if part.strip()]
    before = [part for part in parts[:-1] if _CALLS.search(part)]
    if not before or "||" in script:
        return None
    rest = [part for part in parts if part not in before]
    return " && ".join(before), " && ".join(rest)
