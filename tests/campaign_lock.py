"""Holds a store's file locked for writing, as another program can, until a line comes in."""

from __future__ import annotations

import sqlite3
import sys

with sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30) as connection:
    connection.execute("BEGIN IMMEDIATE")
    print("held", flush=True)
    sys.stdin.readline()
    connection.execute("ROLLBACK")
connection.close()
