"""The stack of this scenario, and what its data services have."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.stacks import Stack

#: Tables, views and programs of every sort that a dump has to bring back. Some rows look like lines of the dump.
_FILL = """
CREATE TABLE odd (id int PRIMARY KEY AUTO_INCREMENT, word text, content longblob);
INSERT INTO odd (word, content)
  SELECT concat('x\\n(1),\\n);', seq, '''ÿ😀'), unhex(repeat(md5(seq), 8)) FROM seq_1_to_5000;
CREATE TABLE `a ``näme` (word varchar(20));
INSERT INTO `a ``näme` VALUES ('q'), ('(');
CREATE TABLE empty (x int);
CREATE TABLE untransacted (x int) ENGINE=MyISAM;
INSERT INTO untransacted VALUES (1), (2);
CREATE VIEW counted AS SELECT count(*) AS odd FROM odd;
CREATE TRIGGER one_more BEFORE INSERT ON untransacted FOR EACH ROW SET NEW.x = NEW.x + 1;
CREATE SEQUENCE numbers;
DELIMITER //
CREATE PROCEDURE fill() BEGIN INSERT INTO odd (word) VALUES
(1),
(2); END//
DELIMITER ;
CREATE EVENT clear ON SCHEDULE EVERY 1 DAY DO DELETE FROM empty;
CREATE DATABASE `second-one`;
CREATE TABLE `second-one`.z (j json, d bit(3), u uuid);
INSERT INTO `second-one`.z VALUES ('{}', 3, uuid());
CREATE USER reporter@'%' IDENTIFIED BY 'known to nobody';
GRANT SELECT ON kinds.* TO reporter@'%';
"""
_DIGEST = """
SELECT 'odd', count(*), md5(group_concat(md5(concat(id, word, hex(content))) ORDER BY id)) FROM odd;
SELECT 'name', group_concat(word ORDER BY word) FROM `a ``näme`;
SELECT 'second', group_concat(j, hex(d), u) FROM `second-one`.z;
SELECT 'untransacted', sum(x) FROM untransacted;
SELECT 'view', odd FROM counted;
SELECT 'objects', (SELECT count(*) FROM information_schema.triggers WHERE trigger_schema = 'kinds'),
  (SELECT count(*) FROM information_schema.routines WHERE routine_schema = 'kinds'),
  (SELECT count(*) FROM information_schema.events WHERE event_schema = 'kinds');
SELECT 'users', group_concat(username ORDER BY username) FROM auth_user;
SHOW GRANTS FOR reporter@'%';
"""


@dataclass(frozen=True)
class Kinds:
    """What the tests do to the data of the stack."""

    stack: Stack

    def inside(self, service: str, script: str) -> str:
        """Return what a script of the shell prints in the container of a service."""
        encoded = base64.b64encode(script.encode()).decode()
        container = self.stack.containers(service)[0]
        command = f"echo {encoded} | base64 -d | docker exec --interactive {container} sh -e"
        return str(self.stack.host.check_output("sh -c %s", command))

    def sql(self, text: str) -> str:
        """Return what the database server answers to its root."""
        client = "mariadb --user=root --default-character-set=utf8mb4 --batch --skip-column-names kinds"
        return self.inside("db", f"MYSQL_PWD=$(cat /run/secrets/db_root) {client} <<'END'\n{text}\nEND")

    def fill(self) -> None:
        """Make the tables and a key of Valkey."""
        self.sql("DROP TABLE IF EXISTS odd, `a ``näme`, empty, untransacted; DROP VIEW IF EXISTS counted")
        self.sql("DROP SEQUENCE IF EXISTS numbers; DROP PROCEDURE IF EXISTS fill; DROP EVENT IF EXISTS clear")
        self.sql("DROP DATABASE IF EXISTS `second-one`; DROP USER IF EXISTS reporter@'%'")
        self.sql(_FILL)
        self.valkey("SET word before")

    def valkey(self, command: str) -> str:
        """Return what Valkey answers."""
        return self.inside("cache", f"REDISCLI_AUTH=$(cat /run/secrets/cache_password) valkey-cli {command}").strip()

    def digest(self) -> str:
        """Return a text that any change of the data changes."""
        return self.sql("SET SESSION group_concat_max_len = 10000000;" + _DIGEST) + self.valkey("GET word")

    def backups(self) -> list[str]:
        """Return the ids of the backups, oldest first."""
        script = f"ls -A {self.stack.home}/backups 2>/dev/null || :"
        return str(self.stack.host.check_output("sudo sh -c %s", script)).split()


@pytest.fixture
def kinds(host: Any) -> Kinds:
    return Kinds(Stack(host, "kinds", 8471))
