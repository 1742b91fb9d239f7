/* The register of places, and what a planned thing would touch (spec 10.6). Places are sites,
 * movements, operations, exercises and areas, each with its volumes in space and time. Filled by
 * whoever knows records or files; this room knows neither: a member is a small number, a place is
 * known by 32 bytes. Distances in mm, times in UTC ms, ranges of the ground over WGS84.
 *
 * Nothing here says that a plan is harmless. An empty list of conflicts comes with what it was
 * compared with, and what could not be compared. Pure; answers do not depend on the order in which
 * places came, on chance or on addresses. */
#ifndef READBACK_REGISTER_H
#define READBACK_REGISTER_H
#include "readback/crypto.h"
#include "readback/verdict.h"
#include "readback/volindex.h"

/* the classes of a notice, with their numbers on the wire, and the areas of an instrument */
enum rb_place_class {
    RB_PLACE_OPERATION = 0,
    RB_PLACE_EXERCISE = 1,
    RB_PLACE_MOVEMENT = 2,
    RB_PLACE_SITE = 3,
    RB_PLACE_AREA = 4,
    RB_PLACE_TRUCE = 5,    /* area under truce */
    RB_PLACE_NO_STRIKE = 6 /* no-strike area */
};
#define RB_PLACE_CLASSES 7u
const char *rb_place_class_name(enum rb_place_class c); /* "operation", ..., "no-strike area" */

/* ---- the register ------------------------------------------------------------------------------
 */
struct rb_register; /* in the region it was opened with; about 0.6 kB for a circle */

/* What is put in. Everything it points to is copied. */
struct rb_register_entry {
    struct rb_hash id; /* of the record, or a key of the caller's; one place each */
    uint16_t author;   /* below RB_MAX_MEMBERS */
    enum rb_place_class class_;
    size_t volumes_n; /* at most RB_MAX_VOLUMES; none: kept, counted, compared with nothing */
    const struct rb_volume *volumes;
    struct rb_slice title; /* may be empty; never written by this room */
    int64_t created_utc_ms;
    bool has_surveyed, has_reviewed;
    int64_t surveyed_utc_ms, reviewed_utc_ms;
    bool closed;
    uint64_t readers; /* closed: members who may read it, bit set by number */
};

/* NULL: no room in the region. `seed` is any number that others do not know: it keeps chosen ids
 * from slowing the search for them, and changes no answer. */
struct rb_register *rb_register_open(struct rb_region *region, uint64_t seed);
void rb_register_close(struct rb_register *r); /* gives everything back; NULL is nothing */

/* Each of these does all of it or, with an error, nothing. RB_ERR_LIMIT: the region is full, or too
 * many volumes (10.6.1). RB_ERR_MALFORMED: a volume, as of rb_extent_prepare, rj->offset its place
 * among the volumes; the caller counts such places, so that checks can say so. */
enum rb_err rb_register_add(struct rb_register *r, const struct rb_register_entry *e,
                            struct rb_reject *rj) RB_MUST_USE; /* also RB_ERR_EXISTS */
/* Many at once, as after a start; the more at once, the faster. On error *at is the entry it is
 * about. RB_ERR_EXISTS: also one that is twice in the list. */
enum rb_err rb_register_load(struct rb_register *r, const struct rb_register_entry *list, size_t n,
                             size_t *at, struct rb_reject *rj) RB_MUST_USE;
/* e stands where `old` stood; the id may stay the same. Also RB_ERR_NOT_FOUND; RB_ERR_DENIED: old
 * has another author; RB_ERR_EXISTS: a third place has e's id. */
enum rb_err rb_register_supersede(struct rb_register *r, const struct rb_hash *old,
                                  const struct rb_register_entry *e,
                                  struct rb_reject *rj) RB_MUST_USE;
/* RB_ERR_NOT_FOUND, RB_ERR_DENIED as above */
enum rb_err rb_register_withdraw(struct rb_register *r, const struct rb_hash *id,
                                 uint16_t author) RB_MUST_USE;
/* A place that rests is neither compared nor counted, and stands again when told so: whether it is
 * superseded, withdrawn or over may be seen otherwise later. It can still be got, superseded and
 * withdrawn here. RB_ERR_NOT_FOUND only. */
enum rb_err rb_register_rest(struct rb_register *r, const struct rb_hash *id,
                             bool rests) RB_MUST_USE;
/* When it holds, for one whose time is not its volumes' alone (an area under truce, 16.4.7): within the
 * span and within the times of its volumes. INT64_MIN, INT64_MAX: without a beginning, an end. May be
 * set again, narrower or wider; its id and what it says stay. RB_ERR_NOT_FOUND only. */
enum rb_err rb_register_span(struct rb_register *r, const struct rb_hash *id, int64_t from_utc_ms,
                             int64_t to_utc_ms) RB_MUST_USE;
/* Removes what has ended, with its last volume, at or before utc_ms. Returns how many. No conflict
 * of a check at utc_ms or later is lost by it (10.6.4). */
size_t rb_register_expire(struct rb_register *r, int64_t utc_ms);
/* Tables and index small and quick again after many removals; never needed. RB_ERR_LIMIT only. */
enum rb_err rb_register_rebuild(struct rb_register *r) RB_MUST_USE;

size_t rb_register_count(const struct rb_register *r);
/* Grows with each place that comes, goes, rests or stands again: where it is the same, so is a check
 * at the same time. */
uint64_t rb_register_changes(const struct rb_register *r);
/* What was put in, but for the volumes themselves (volumes is NULL, volumes_n theirs); the title
 * borrows until the place is removed. False: not there. */
bool rb_register_get(const struct rb_register *r, const struct rb_hash *id,
                     struct rb_register_entry *out);

/* Its volumes as far as checks look at them: outline, heights, times, accuracy; what else was said
 * of them is empty. Points borrow until the place is removed. Returns how many: 0 if it is not
 * there. */
size_t rb_register_volumes(const struct rb_register *r, const struct rb_hash *id,
                           struct rb_volume out[RB_MAX_VOLUMES]);

/* ---- the rules (10.6.2) ------------------------------------------------------------------------
 */
enum rb_conflict_rule {
    RB_CONFLICT_NO_RULE = 0,
    RB_CONFLICT_SITE,     /* operation or exercise and a site */
    RB_CONFLICT_MOVEMENT, /* and a movement */
    RB_CONFLICT_NOTICE,   /* and another party's operation or exercise */
    RB_CONFLICT_TRUCE,    /* and an area under truce */
    RB_CONFLICT_NO_STRIKE /* and a no-strike area */
};
/* the same whichever of the two was there first */
enum rb_conflict_rule rb_register_rule(enum rb_place_class a, enum rb_place_class b);
const char *rb_conflict_rule_name(enum rb_conflict_rule r); /* "site", "another party's notice" */

/* ---- the check ---------------------------------------------------------------------------------
 */
#define RB_REGISTER_NOBODY UINT16_MAX /* author of a plan: none of the members */

struct rb_register_terms {
    /* by class, the charter's; for an area under truce or no-strike, what shall hold there. 0: none
     */
    uint64_t standoff_mm[RB_PLACE_CLASSES];
    int64_t lead_ms[RB_PLACE_CLASSES];
    bool has_terrain; /* as in rb_verdict_terms */
    int64_t terrain_least_mm_wgs84, terrain_most_mm_wgs84;
    /* Members with the same number other than 0 are one party; with 0 each is its own. */
    uint16_t party_of[RB_MAX_MEMBERS];
    /* what the caller knows of and could not put in */
    size_t unreadable; /* closed, and not readable here */
    size_t malformed;
};

/* What is planned, or what has arrived. */
struct rb_register_plan {
    struct rb_hash id; /* all zero: none yet. A place of this id and author is not compared */
    uint16_t author;   /* or RB_REGISTER_NOBODY */
    enum rb_place_class class_;
    size_t volumes_n; /* at most RB_MAX_VOLUMES */
    const struct rb_volume *volumes;
    size_t supersedes_n; /* places of the same author that it replaces: not compared */
    const struct rb_hash *supersedes;
    int64_t now_utc_ms; /* what is over by now is not compared; lead time counts from here */
    /* Only which places it touches, whose, and whether each conflicts or cannot be excluded: the
     * rest of a conflict and the coverage's reasons are not meant then. Much less work, which
     * matters where others decide what is compared, and how intricate it is. */
    bool bare;
};

/* One other place that it touches, by the worst pair of their volumes (10.6.5). */
struct rb_conflict {
    enum rb_conflict_rule rule;
    enum rb_answer answer; /* RB_ANSWER_CONFLICT or RB_ANSWER_NOT_EXCLUDED */
    unsigned unsure;       /* of enum rb_unsure, as in rb_verdict */
    struct rb_hash plan, other;
    enum rb_place_class other_class;
    uint16_t other_author;
    bool other_closed;
    uint64_t other_readers;
    size_t plan_volume, other_volume; /* which of their volumes, from 0 */
    uint64_t standoff_mm;             /* what was asked for */
    struct rb_gap gap;                /* between the outlines as written, without the stand-off */
    struct rb_band band;
    int64_t from_utc_ms, to_utc_ms; /* common time, as in rb_verdict */
};

enum rb_lead {
    RB_LEAD_NOT_ASKED = 0, /* the class has no lead time */
    RB_LEAD_GIVEN,
    RB_LEAD_SHORT,
    RB_LEAD_UNKNOWN /* asked for, but no volume, or one without a beginning */
};
const char *rb_lead_name(enum rb_lead l); /* "not asked", "given", "too short", "not known" */

/* Of one class: what the plan was compared with. */
struct rb_coverage_class {
    enum rb_conflict_rule
        rule;         /* RB_CONFLICT_NO_RULE: not compared with this class; the rest is 0 */
    size_t places;    /* compared, over or not; a place of many volumes is one */
    size_t closed;    /* of these, closed ones that are readable here */
    size_t untimed;   /* of these, with a volume that neither begins nor ends */
    size_t placeless; /* without any volume: not compared */
    size_t own;       /* notices of the plan's own party: not compared */
    uint64_t members; /* whose places they are, bit set */
    /* when the places were last looked at (10.6.7); meant only if places > 0 */
    int64_t oldest_utc_ms, newest_utc_ms;
};
/* Goes with every result (10.6.7). */
struct rb_coverage {
    struct rb_coverage_class of[RB_PLACE_CLASSES];
    size_t places;                        /* compared, of all classes */
    size_t members;                       /* from how many members */
    size_t placeless;                     /* not compared: without a volume */
    int64_t oldest_utc_ms, newest_utc_ms; /* meant only if places > 0 */
    size_t unreadable, malformed;         /* not compared: as the caller counted them */
    bool plan_placeless,
        plan_untimed; /* the plan has no volume; one that neither begins nor ends */
    bool no_terrain; /* there was no range of the ground: heights above it were taken as anywhere */
    /* places that could not be told for this reason, with any pair of volumes */
    size_t unsure_accuracy, unsure_datum, unsure_terrain, unsure_work;
};

struct rb_conflicts {
    size_t n;
    const struct rb_conflict *list; /* worst first (10.6.5); NULL if n is 0 */
    bool met_closed;                /* one of them is closed: to be counted by rb_probe_met */
    enum rb_lead lead;
    int64_t lead_asked_ms, lead_given_ms; /* given: from now to the first beginning; below 0: past.
                                             Meant if lead is RB_LEAD_GIVEN or RB_LEAD_SHORT */
    struct rb_coverage coverage;
    uint64_t looks; /* what it took (10.6.16); the same for the same places and plan */
};
/* Bounded work, whatever the places and the plan are like: what RB_CHECK_LOOKS does not suffice for
 * is RB_ANSWER_NOT_EXCLUDED by RB_UNSURE_WORK, sites and movements last; what RB_MEASURE_LOOKS does
 * not suffice for has a gap that is not exact. The list is in the arena. The register is not
 * changed; it has room for the work, though. RB_ERR_MALFORMED: a volume of the plan, as in
 * rb_register_add. RB_ERR_LIMIT: too many volumes, or arena or region too small for all there is:
 * then nothing is given, *out untouched, and the arena as it was. */
enum rb_err rb_register_check(struct rb_register *r, const struct rb_register_plan *plan,
                              const struct rb_register_terms *terms, struct rb_arena *arena,
                              struct rb_conflicts *out, struct rb_reject *rj) RB_MUST_USE;

/* ---- what a released record may say of others (10.6.8, 10.6.9) ----------------------------------
 */
/* May a record with these readers name a place with those? */
bool rb_register_nameable(bool place_closed, uint64_t place_readers, bool record_closed,
                          uint64_t record_readers);
/* What it says of those it may not name: SHA-256(salt || ids ascending). Sorts ids in place.
 * RB_ERR_USAGE: no id, or one twice. */
#define RB_REGISTER_SALT 32u
enum rb_err rb_register_commit(const uint8_t salt[RB_REGISTER_SALT], struct rb_hash *ids, size_t n,
                               struct rb_hash *out) RB_MUST_USE;

/* ---- probing (10.6.10) -------------------------------------------------------------------------
 * Who asks again and again and moves the plan a little learns where a closed place is. For each
 * asking member, the checks that met a closed place are counted over RB_PROBE_WINDOW_MS. Zeroed is
 * new. */
struct rb_probe {
    struct rb_probe_member {
        int64_t met_ms[RB_PROBE_REFUSE]; /* the latest ones, in a ring */
        uint32_t next, n;
    } of[RB_MAX_MEMBERS];
};
enum rb_probe_answer {
    RB_PROBE_ALLOW = 0,
    RB_PROBE_ALLOW_AND_RECORD, /* from RB_PROBE_RECORD in the window on */
    RB_PROBE_REFUSED           /* from RB_PROBE_REFUSE on */
};
/* Before a check, and without knowing what it would find. now_ms: of one clock throughout. */
enum rb_probe_answer rb_probe_ask(const struct rb_probe *p, uint16_t member, int64_t now_ms);
/* after a check with met_closed */
void rb_probe_met(struct rb_probe *p, uint16_t member, int64_t now_ms);
/* Does one of then still count now? One after now, of a clock that was set back, does. */
bool rb_probe_counts(int64_t met_ms, int64_t now_ms);
/* When it may be asked again after a refusal, if nothing more is met; now_ms if at once. */
int64_t rb_probe_again_ms(const struct rb_probe *p, uint16_t member, int64_t now_ms);
#endif
