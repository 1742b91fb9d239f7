/* PostGIS: the same volumes in a table with one GiST index over (geometry, time range), the same
 * questions as one prepared statement over one connection, arguments and rows in binary. The server
 * is started in a private folder, reached through a socket there, with everything that is for
 * durability turned off and memory to hold all. */
#include <endian.h>
#include <errno.h>
#include <glob.h>
#include <math.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "space.h"

static void skip(struct space_answers *out, const char *why) {
    out->have = false;
    (void)snprintf(out->why, sizeof out->why, "%s", why);
}

#ifndef BENCH_POSTGIS
void space_postgis(const struct space_item *items, size_t n, const struct space_item *queries,
                   struct space_answers *out) {
    (void)items, (void)n, (void)queries;
    skip(out, "built without libpq: apt-get install libpq-dev, then build again");
}
#else
#include <libpq-fe.h>
#define PG_EPOCH_MS INT64_C(946684800000)
#define WAIT_S 30

/* ---- server -----------------------------------------------------------------------------------
 */

struct server {
    struct bench_child child;
    char bin[200], dir[280], log[320];
    const char *user; /* to become, where we are root; NULL: stay */
    PGconn *db;
};

static bool find_server(struct server *s) {
    glob_t g = {0};
    bool found = false;
    if (glob("/usr/lib/postgresql/*/bin/postgres", 0, NULL, &g) == 0 && g.gl_pathc > 0) {
        const char *last = g.gl_pathv[g.gl_pathc - 1];
        const int n = (int)(strlen(last) - strlen("/postgres"));
        found = snprintf(s->bin, sizeof s->bin, "%.*s", n, last) < (int)sizeof s->bin;
    }
    globfree(&g);
    return found;
}

/* PostgreSQL refuses to run as root */
static void private_folder(struct server *s) {
    (void)snprintf(s->dir, sizeof s->dir, "%s/postgres", bench_dir());
    (void)snprintf(s->log, sizeof s->log, "%s/postgres.log", bench_dir());
    if (mkdir(s->dir, 0700) != 0) bench_die("%s: %s", s->dir, strerror(errno));
    if (geteuid() != 0) return;
    struct passwd found, *p = NULL;
    char room[4096];
    s->user = "postgres";
    if (getpwnam_r(s->user, &found, room, sizeof room, &p) != 0 || p == NULL) {
        s->user = "nobody";
        if (getpwnam_r(s->user, &found, room, sizeof room, &p) != 0) p = NULL;
    }
    if (p == NULL) bench_die("there is no user %s to run a server as", s->user);
    if (chown(s->dir, p->pw_uid, p->pw_gid) != 0 || chmod(bench_dir(), 0711) != 0)
        bench_die("%s: %s", s->dir, strerror(errno));
}

/* argv with the change of user before it where one is needed */
static void as_user(const struct server *s, const char *const *argv, const char *out[32]) {
    size_t n = 0;
    static char user[64];
    if (s->user != NULL) {
        (void)snprintf(user, sizeof user, "--reuid=%s", s->user);
        out[n++] = "setpriv";
        out[n++] = user;
        out[n++] = "--clear-groups";
        out[n++] = "--";
    }
    while (*argv != NULL)
        out[n++] = *argv++;
    out[n] = NULL;
}

static bool init_server(const struct server *s) {
    char program[256], data[300];
    const char *all[32];
    (void)snprintf(program, sizeof program, "%s/initdb", s->bin);
    (void)snprintf(data, sizeof data, "%s/data", s->dir);
    const char *argv[] = {program, "-D",        data, "-U",   "bench",      "-A",
                          "trust", "--no-sync", "-E", "UTF8", "--locale=C", NULL};
    as_user(s, argv, all);
    return bench_exit_status(all) == 0;
}

static void start_server(struct server *s) {
    char program[256], data[300], sockets[340];
    const char *all[32];
    (void)snprintf(program, sizeof program, "%s/postgres", s->bin);
    (void)snprintf(data, sizeof data, "%s/data", s->dir);
    (void)snprintf(sockets, sizeof sockets, "unix_socket_directories=%s", s->dir);
    const char *argv[] = {program,
                          "-D",
                          data,
                          "-c",
                          sockets,
                          "-c",
                          "listen_addresses=",
                          "-c",
                          "fsync=off",
                          "-c",
                          "full_page_writes=off",
                          "-c",
                          "shared_buffers=2GB",
                          "-c",
                          "maintenance_work_mem=1GB",
                          "-c",
                          "max_wal_size=8GB",
                          "-c",
                          "jit=off",
                          "-c",
                          "autovacuum=off",
                          "-c",
                          "max_parallel_workers_per_gather=0",
                          NULL};
    as_user(s, argv, all);
    s->child = bench_spawn(all, s->log);
}

static void need(struct server *s, PGresult *r, ExecStatusType status, const char *what) {
    if (PQresultStatus(r) != status) bench_die("%s: %s", what, PQerrorMessage(s->db));
    PQclear(r);
}

static void run_sql(struct server *s, const char *sql) {
    PGresult *r = PQexec(s->db, sql);
    if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK)
        bench_die("%s: %s", sql, PQerrorMessage(s->db));
    PQclear(r);
}

static void connect_server(struct server *s) {
    char words[400];
    (void)snprintf(words, sizeof words, "host=%s user=bench dbname=postgres", s->dir);
    for (int i = 0; i < WAIT_S * 10; i++) {
        s->db = PQconnectdb(words);
        if (PQstatus(s->db) == CONNECTION_OK) return;
        if (i + 1 == WAIT_S * 10) bench_die("no server: %s", PQerrorMessage(s->db));
        PQfinish(s->db);
        (void)usleep(100000);
    }
}

/* false: it has no PostGIS */
static bool open_server(struct server *s) {
    private_folder(s);
    if (!init_server(s)) bench_die("initdb failed in %s", s->dir);
    start_server(s);
    connect_server(s);
    PGresult *r = PQexec(s->db, "SET client_min_messages = warning; CREATE EXTENSION postgis");
    const bool has = PQresultStatus(r) == PGRES_COMMAND_OK;
    PQclear(r);
    return has;
}

static void close_server(struct server *s) {
    PQfinish(s->db);
    (void)kill(s->child.pid, SIGQUIT); /* nothing needs to be written down any more */
    bench_stop(&s->child);
    const char *argv[] = {"rm", "-rf", "--", s->dir, NULL};
    (void)bench_exit_status(argv);
}

/* ---- binary forms -----------------------------------------------------------------------------
 */

struct bytes {
    size_t n;
    char b[2048];
};

static void put_bytes(struct bytes *w, const void *p, size_t n) {
    if (n > sizeof w->b - w->n) bench_die("a row is too long");
    memcpy(w->b + w->n, p, n);
    w->n += n;
}

static void put_u32(struct bytes *w, uint32_t v) {
    v = htobe32(v);
    put_bytes(w, &v, 4);
}

static void put_u64(struct bytes *w, uint64_t v) {
    v = htobe64(v);
    put_bytes(w, &v, 8);
}

static void put_double(struct bytes *w, double d) {
    uint64_t v;
    memcpy(&v, &d, 8);
    put_u64(w, v);
}

/* well-known binary, big-endian */
static void put_polygon(struct bytes *w, const struct space_item *s) {
    struct space_ring ring;
    space_ring_of(s, &ring);
    put_bytes(w, "\0", 1);
    put_u32(w, 3);
    put_u32(w, 1);
    put_u32(w, (uint32_t)ring.n);
    for (size_t i = 0; i < ring.n; i++) {
        put_double(w, ring.lon_lat[i][0]);
        put_double(w, ring.lon_lat[i][1]);
    }
}

static void put_time(struct bytes *w, int64_t utc_ms) {
    put_u32(w, 8);
    put_u64(w, (uint64_t)((utc_ms - PG_EPOCH_MS) * 1000));
}

/* tstzrange, half-open: 2 the beginning belongs to it, 8 and 16 no beginning, no end */
static void put_range(struct bytes *w, const struct rb_volume *v) {
    const char flags = (char)((v->has_from ? 2 : 8) | (v->has_to ? 0 : 16));
    put_bytes(w, &flags, 1);
    if (v->has_from) put_time(w, v->from_utc_ms);
    if (v->has_to) put_time(w, v->to_utc_ms);
}

static double floor_of(const struct rb_volume *v) {
    return v->floor.open ? -INFINITY : (double)v->floor.mm;
}

static double ceiling_of(const struct rb_volume *v) {
    return v->ceiling.open ? INFINITY : (double)v->ceiling.mm;
}

/* a field of COPY: its length, then itself */
static void put_field(struct bytes *w, const struct bytes *field) {
    put_u32(w, (uint32_t)field->n);
    put_bytes(w, field->b, field->n);
}

static void copy_row(struct server *s, uint32_t id, const struct space_item *item) {
    struct bytes row = {0}, geom = {0}, during = {0};
    put_polygon(&geom, item);
    put_range(&during, &item->volume);
    put_bytes(&row, "\0\5", 2);
    put_u32(&row, 4);
    put_u32(&row, id);
    put_field(&row, &geom);
    put_field(&row, &during);
    put_u32(&row, 8);
    put_double(&row, floor_of(&item->volume));
    put_u32(&row, 8);
    put_double(&row, ceiling_of(&item->volume));
    if (PQputCopyData(s->db, row.b, (int)row.n) != 1) bench_die("COPY: %s", PQerrorMessage(s->db));
}

/* ---- table and questions ----------------------------------------------------------------------
 */

static void fill(struct server *s, const struct space_item *items, size_t n) {
    static const char head[19] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0";
    run_sql(
        s,
        "CREATE UNLOGGED TABLE v (id int4, geom geometry, during tstzrange, lo float8, hi float8)");
    need(s, PQexec(s->db, "COPY v FROM STDIN (FORMAT binary)"), PGRES_COPY_IN, "COPY");
    if (PQputCopyData(s->db, head, sizeof head) != 1) bench_die("COPY: %s", PQerrorMessage(s->db));
    for (size_t i = 0; i < n; i++)
        copy_row(s, (uint32_t)i, &items[i]);
    if (PQputCopyData(s->db, "\377\377", 2) != 1 || PQputCopyEnd(s->db, NULL) != 1)
        bench_die("COPY: %s", PQerrorMessage(s->db));
    need(s, PQgetResult(s->db), PGRES_COMMAND_OK, "COPY");
    while (PQgetResult(s->db) != NULL) {
    }
}

static void prepare(struct server *s) {
    run_sql(s, "VACUUM ANALYZE v");
    run_sql(s, "SET plan_cache_mode = force_generic_plan"); /* no planning between questions */
    run_sql(s, "SET enable_seqscan = off");
    need(
        s,
        PQprepare(s->db, "ask",
                  "SELECT id FROM v WHERE geom && $1::geometry AND during && $2::tstzrange "
                  "AND lo <= $4::float8 AND hi >= $3::float8 AND ST_Intersects(geom, $1::geometry)",
                  4, NULL),
        PGRES_COMMAND_OK, "PREPARE");
}

static PGresult *ask(struct server *s, const struct space_item *q) {
    struct bytes arg[4] = {{0}, {0}, {0}, {0}};
    const char *values[4];
    int lengths[4], formats[4] = {1, 1, 1, 1};
    put_polygon(&arg[0], q);
    put_range(&arg[1], &q->volume);
    put_double(&arg[2], floor_of(&q->volume));
    put_double(&arg[3], ceiling_of(&q->volume));
    for (int i = 0; i < 4; i++) {
        values[i] = arg[i].b;
        lengths[i] = (int)arg[i].n;
    }
    PGresult *r = PQexecPrepared(s->db, "ask", 4, values, lengths, formats, 1);
    if (PQresultStatus(r) != PGRES_TUPLES_OK) bench_die("PostGIS: %s", PQerrorMessage(s->db));
    return r;
}

static void ask_all(struct server *s, const struct space_item *queries, struct space_answers *out) {
    for (size_t i = 0; i < SPACE_QUERIES / 10; i++) /* caches are warm */
        PQclear(ask(s, &queries[i]));
    for (size_t i = 0; i < SPACE_QUERIES; i++) {
        const uint64_t at = bench_now_ns();
        PGresult *r = ask(s, &queries[i]);
        out->us[i] = bench_us_since(at);
        for (int k = 0; k < PQntuples(r); k++) {
            uint32_t id;
            memcpy(&id, PQgetvalue(r, k, 0), 4);
            space_answer_add(out, i, be32toh(id));
        }
        space_answer_end(out, i);
        PQclear(r);
    }
}

void space_postgis(const struct space_item *items, size_t n, const struct space_item *queries,
                   struct space_answers *out) {
    struct server s = {0};
    if (!find_server(&s)) {
        skip(out, "no server: apt-get install postgresql-15 postgresql-15-postgis-3");
        return;
    }
    if (!open_server(&s)) {
        close_server(&s);
        skip(out, "the server has no PostGIS: apt-get install postgresql-15-postgis-3");
        return;
    }
    fill(&s, items, n);
    const uint64_t at = bench_now_ns();
    run_sql(&s, "CREATE INDEX ON v USING gist (geom, during)");
    out->build_s = bench_us_since(at) / 1e6;
    prepare(&s);
    ask_all(&s, queries, out);
    out->have = true;
    close_server(&s);
}
#endif
