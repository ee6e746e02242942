"""Runs queries of `trailwarden rules export --to duckdb`.

On standard input: {"records": [text, ...], "files": glob, "view": statement, "queries": [query, ...]}. With records
the table has them, numbered; otherwise the view is made and the files are read. On standard output: for each query
the numbers of the records that it finds, or how many it finds in the files.
"""

import json
import sys

import duckdb


def main():
    asked = json.load(sys.stdin)
    base = duckdb.connect()
    if "view" in asked:
        base.execute(asked["view"])
        # As somebody would who looks at more than one rule.
        found = [len(base.execute(query).fetchall()) for query in asked["queries"]]
    else:
        records = asked["records"]
        base.execute(
            "CREATE TABLE cloudtrail AS SELECT unnest(?) AS n, CAST(unnest(?) AS JSON) AS record",
            [list(range(len(records))), records],
        )
        found = []
        for query in asked["queries"]:
            rows = base.execute("SELECT n FROM (%s) ORDER BY n" % query.rstrip().rstrip(";")).fetchall()
            found.append([row[0] for row in rows])
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
