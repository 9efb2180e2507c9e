#!/usr/bin/env python3
"""Makes a small copy of rpm's SQLite database: without the tables of indexes, and with one
package that is only in the write-ahead log, as while rpm runs.
  slim_sqlite.py DATABASE OUTPUT_DIRECTORY"""
import os
import shutil
import sqlite3
import sys
import tempfile


def main():
    source, output = sys.argv[1:]
    os.makedirs(output, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        database = os.path.join(work, "rpmdb.sqlite")
        shutil.copy(source, database)
        connection = sqlite3.connect(database, isolation_level=None)
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        for table in tables:
            if table != "Packages" and not table.startswith("sqlite_"):
                connection.execute(f'DROP TABLE "{table}"')
        last, blob = connection.execute("SELECT hnum, blob FROM Packages ORDER BY hnum DESC LIMIT 1 OFFSET 1").fetchone()
        connection.execute("DELETE FROM Packages WHERE hnum = ?", (last,))
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("VACUUM")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("INSERT INTO Packages (hnum, blob) VALUES (?, ?)", (last, blob))
        for suffix in "", "-wal":
            shutil.copy(database + suffix, os.path.join(output, "rpmdb.sqlite" + suffix))
        connection.close()


main()
