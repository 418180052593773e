#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sqlite3: files, locks and times of a database that others open afterwards.

. selftests/tap.sh
need jq sqlite3

cat >fill.sql <<'END'
PRAGMA journal_mode = DELETE;
CREATE TABLE entry (id INTEGER PRIMARY KEY, at TEXT, text TEXT);
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
INSERT INTO entry SELECT i, datetime('now'), hex(i * 7919) FROM n;
COMMIT;
CREATE INDEX by_text ON entry(text);
END
sim sqlite3 data.db ".read fill.sql"
exits 0 "writes a database"
is "$(sqlite3 data.db 'PRAGMA integrity_check')" ok "which is whole when opened natively"
is "$(sqlite3 data.db 'SELECT count(*), min(at) FROM entry')" "20000|2000-01-01 00:00:00" \
	"and holds the rows, with virtual dates"

sqlite3 native.db ".read fill.sql"
sim sqlite3 native.db "SELECT count(*) FROM entry; PRAGMA integrity_check"
is "$(tr '\n' ' ' <out)" "20000 ok " "reads a database that was written natively"

# Write-ahead logging shares memory between processes; the busy time-out sleeps.
sim bash -c '
sqlite3 wal.db "PRAGMA journal_mode = WAL; CREATE TABLE t (n INTEGER)" >/dev/null
(printf "BEGIN IMMEDIATE;\nINSERT INTO t VALUES (1);\n.shell sleep 30\nCOMMIT;\n" | sqlite3 wal.db) &
sleep 1
sqlite3 -cmd ".timeout 5000" wal.db "INSERT INTO t VALUES (2)" 2>&1 | grep -o "locked"
sqlite3 -cmd ".timeout 60000" wal.db "INSERT INTO t VALUES (3)"
wait
sqlite3 wal.db "SELECT group_concat(n) FROM t"'
is "$(tr '\n' ' ' <out)" "locked 1,3 " "a lock is waited for, or times out"
took_virtual 30 36 "in virtual time"
is "$(sqlite3 wal.db 'PRAGMA integrity_check')" ok "the log is whole when opened natively"
done_testing
