"""The project: settings, and pages that use each service."""

import pymysql

pymysql.install_as_MySQLdb()
