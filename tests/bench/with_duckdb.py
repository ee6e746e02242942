"""The rules of cis.toml over log files with DuckDB: how many records each of them matches.

with_duckdb.py FOLDER
"""

import json
import os
import sys

import duckdb

HERE = os.path.dirname(os.path.realpath(__file__))


def main():
    with open(os.path.join(HERE, "cis.sql")) as file:
        query = file.read()
    counted = duckdb.connect().execute(query, {"files": sys.argv[1] + "/**/*.json.gz"})
    names = [column[0] for column in counted.description]
    print(json.dumps(dict(zip(names, counted.fetchone()))))


if __name__ == "__main__":
    main()
