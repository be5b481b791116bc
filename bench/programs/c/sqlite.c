// SQLite in memory: two tables filled row by row, an index, a join with groups, a text search, an update.
#include "sqlite3.h"
#include <stdio.h>

static int hash;

static int add_row(void *unused, int count, char **values, char **names) {
  for (int column = 0; column < count; column++) {
    for (const char *at = values[column]; at && *at; at++) hash = hash * 31 + *at;
  }
  return 0;
}

static void query(sqlite3 *db, const char *text) {
  if (sqlite3_exec(db, text, add_row, 0, 0) != SQLITE_OK) __builtin_trap();
}

static int open_nothing(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out) {
  return SQLITE_CANTOPEN;
}
static int full_path(sqlite3_vfs *vfs, const char *name, int size, char *out) {
  return snprintf(out, size, "%s", name) < size ? SQLITE_OK : SQLITE_CANTOPEN;
}
static int randomness(sqlite3_vfs *vfs, int size, char *out) {
  for (int at = 0; at < size; at++) out[at] = at * 7;
  return size;
}
static int current_time(sqlite3_vfs *vfs, double *julian) {
  *julian = 2460000.5;
  return SQLITE_OK;
}
static sqlite3_vfs vfs = {.iVersion = 1, .szOsFile = sizeof(sqlite3_file), .mxPathname = 256, .zName = "none",
                          .xOpen = open_nothing, .xFullPathname = full_path, .xRandomness = randomness,
                          .xCurrentTime = current_time};

int sqlite3_os_init(void) { return sqlite3_vfs_register(&vfs, 1); }
int sqlite3_os_end(void) { return SQLITE_OK; }

__attribute__((export_name("run"))) int run(int size) {
  sqlite3 *db;
  char text[160];
  hash = 0;
  if (sqlite3_open(":memory:", &db) != SQLITE_OK) __builtin_trap();
  query(db, "create table person (id integer primary key, name text, age int);"
            "create table item (id integer primary key, owner int, price real);"
            "create index item_owner on item (owner); begin");
  for (int id = 0; id < size; id++) {
    snprintf(text, sizeof text, "insert into person values (%d, 'name %d', %d)", id, id * 7919 % 1000, id % 37);
    query(db, text);
    snprintf(text, sizeof text, "insert into item values (%d, %d, %d.5)", id, id * 31 % size, id % 91);
    query(db, text);
  }
  query(db, "commit; select age, count(*), sum(price) from person join item on person.id = owner group by age order by 3 desc;"
            "select name from person where name like '%9%' order by name limit 20;"
            "update person set age = age + 1 where id % 3 = 0; select avg(age), max(name) from person");
  sqlite3_close(db);
  return hash;
}
