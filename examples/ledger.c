/* A ledger in SQLite, with plain sqlite3_step: a handler that waits for the database's one writer,
 * or is that writer, holds up nobody else.
 *
 *     ledger ledger.db --listen 8080
 *     curl -H 'Content-Type: application/json' -d '{"account": "cash", "amount": 250}' \
 *         127.0.0.1:8080/entries
 *     curl 127.0.0.1:8080/accounts/cash
 *     curl -X POST 127.0.0.1:8080/closings
 *
 * SQLite's locks are between connections, so each request has its own. In its WAL mode readers go
 * on beside a writer, and writers wait for each other: for LOCK_MS, inside sqlite3_step. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "hewn.h"

enum { LOCK_MS = 20000 };

static const hewn_int amount_max = 1000000000000; /* so that no sum of them is too large */

static const char schema[] =
    "PRAGMA journal_mode = WAL;"
    "CREATE TABLE IF NOT EXISTS entry(id INTEGER PRIMARY KEY, account TEXT NOT NULL,"
    " amount INTEGER NOT NULL);"
    "CREATE INDEX IF NOT EXISTS entry_account ON entry(account, amount);"
    "CREATE TABLE IF NOT EXISTS closing(account TEXT PRIMARY KEY, balance INTEGER);";

static sqlite3 *open_ledger(const char *file)
{
    sqlite3 *db = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(file, &db, flags, NULL) == SQLITE_OK &&
        sqlite3_busy_timeout(db, LOCK_MS) == SQLITE_OK)
        return db;
    sqlite3_close(db);
    return NULL;
}

/* What went wrong, for the client. */
static hewn_response *explain(hewn_request *rq, sqlite3 *db)
{
    int code = db ? sqlite3_errcode(db) : SQLITE_CANTOPEN;
    if (code == SQLITE_BUSY)
        return hewn_error(rq, 503, "somebody else has been writing for too long");
    fprintf(stderr, "ledger: %s\n", db ? sqlite3_errmsg(db) : sqlite3_errstr(code));
    return hewn_error(rq, 500, "the ledger cannot be used");
}

static bool run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* SQL about an account and an amount, up to its first row: SQLITE_ROW, SQLITE_DONE, or an error. */
static int step(sqlite3 *db, const char *sql, const char *account, hewn_int amount,
                hewn_int *ret_first)
{
    sqlite3_stmt *statement;
    if (!db || sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        return SQLITE_ERROR;
    sqlite3_bind_text(statement, 1, account, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, amount);
    int result = sqlite3_step(statement); /* may wait for LOCK_MS */
    if (result == SQLITE_ROW)
        *ret_first = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return result;
}

static hewn_response *show_account(hewn_request *rq)
{
    hewn_int balance = 0;
    sqlite3 *db = open_ledger(hewn_state(rq));
    const char *account = hewn_param(rq, "account");
    int result = step(db, "SELECT sum(amount) FROM entry WHERE account = ?1 GROUP BY account",
                      account, 0, &balance);
    hewn_response *rs =
        result == SQLITE_ROW
            ? hewn_jsonf(rq, 200, "{'account': %s, 'balance': %lld}", account, balance)
        : result == SQLITE_DONE ? hewn_error(rq, 404, "no entry names this account")
                                : explain(rq, db);
    sqlite3_close(db);
    return rs;
}

static hewn_response *add_entry(hewn_request *rq)
{
    hewn_int amount, none;
    const hewn_json *entry = hewn_body_json(rq);
    if (!entry)
        return hewn_body_problem(rq);
    const char *account = hewn_json_str(entry, "account");
    if (!account || !account[0] || !hewn_json_int(entry, "amount", &amount) ||
        amount > amount_max || amount < -amount_max)
        return hewn_error(rq, 422, "an entry is {\"account\": \"cash\", \"amount\": 250}");
    sqlite3 *db = open_ledger(hewn_state(rq));
    int result =
        step(db, "INSERT INTO entry(account, amount) VALUES(?1, ?2)", account, amount, &none);
    hewn_response *rs = result == SQLITE_DONE ? hewn_jsonf(rq, 201, "{'id': %lld}",
                                                           (hewn_int)sqlite3_last_insert_rowid(db))
                                              : explain(rq, db);
    sqlite3_close(db);
    return rs;
}

/* Adds everything up, in one transaction: nobody else can write meanwhile, everybody can read. */
static hewn_response *close_books(hewn_request *rq)
{
    sqlite3 *db = open_ledger(hewn_state(rq));
    bool is_done =
        db != NULL && run(db, "BEGIN IMMEDIATE") && run(db, "DELETE FROM closing") &&
        run(db, "INSERT INTO closing SELECT account, sum(amount) FROM entry GROUP BY account") &&
        run(db, "COMMIT");
    hewn_response *rs =
        is_done ? hewn_jsonf(rq, 201, "{'accounts': %d}", sqlite3_changes(db)) : explain(rq, db);
    sqlite3_close(db); /* what was not committed has not happened */
    return rs;
}

static hewn_response *say_that_it_lives(hewn_request *rq)
{
    return hewn_text(rq, 200, "yes\n");
}

int main(int argc, char **argv)
{
    if (argc < 2 || argv[1][0] == '-') {
        fprintf(stderr, "usage: ledger FILE [OPTION...]\n");
        return 64;
    }
    sqlite3 *db = open_ledger(argv[1]);
    if (!db || !run(db, schema)) {
        fprintf(stderr, "ledger: %s: %s\n", argv[1], db ? sqlite3_errmsg(db) : "cannot be opened");
        sqlite3_close(db);
        return 69;
    }
    sqlite3_close(db);
    hewn_app *app = hewn_new(.state = argv[1]);
    hewn_get(app, "/alive", say_that_it_lives);
    hewn_get(app, "/accounts/{account}", show_account);
    hewn_post(app, "/entries", add_entry);
    hewn_post(app, "/closings", close_books);
    argv[1] = argv[0];
    return hewn_main(app, argc - 1, argv + 1);
}
