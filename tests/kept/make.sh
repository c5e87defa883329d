#!/bin/sh
# Makes the kept database anew, as sqlite.sql and postgresql.sql in this folder.
#   tests/kept/make.sh PYTHON POSTGRESQL_URL
# PYTHON has the requirements of commit f5ea191; POSTGRESQL_URL names an empty database. Needs git, pg_dump and sqlite3's
# Python module. Commit f5ea191 is checked out into a temporary folder and removed at the end.
set -eu
python=$1 url=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
git -C "$here" worktree add --quiet --detach "$work/code" f5ea191
trap 'git -C "$here" worktree remove --force "$work/code"; rm -r "$work"' EXIT
cd "$work/code"
# The tests' own keys: today's tests must be able to read the secrets.
export SECRET_KEY=only-for-tests SECRETS_KEY=kept-database-kept-database-kept PYTHONPATH=.
fill() {  # DATABASE_URL
    export DATA_DIR="$work/data-$(date +%s%N)" DATABASE_URL=$1
    mkdir -p "$DATA_DIR"
    "$python" manage.py migrate --verbosity 0
    "$python" manage.py shell --command "exec(open('$here/fill.py').read())" >"$work/log" 2>&1 || {
        tail -30 "$work/log"
        exit 1
    }
}
fill "sqlite:///$work/kept.sqlite3"
"$python" - "$work/kept.sqlite3" >"$here/sqlite.sql" <<'PYTHON'
import sqlite3, sys
print("\n".join(sqlite3.connect(sys.argv[1]).iterdump()))
PYTHON
fill "$url"
# Without psql's own commands, so that any client can run it.
pg_dump --inserts --no-owner --no-privileges --dbname "$url" | grep -v '^\\' >"$here/postgresql.sql"
