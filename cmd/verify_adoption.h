/* Inside of readback-verify FILE: a text with what its members said of it (spec 9.7.9): several
 * disclosures, each judged by itself, then what they say of each other. It never says that the text
 * was adopted: only what is shown, and what is not; where it can err, it errs against *enough*. */
#ifndef RB_CMD_VERIFY_ADOPTION_H
#define RB_CMD_VERIFY_ADOPTION_H
#include "cmd/verify_disclosure.h"
#include "readback/adopt.h"

#define VA_MAX_CHARTERS 64u
#define VA_MAX_POSITIONS 256u
#define VA_NO_MEMBER RB_MAX_MEMBERS

/* ---- as read ------------------------------------------------------------------------------------
 */
struct va_file { /* views into the arena */
    bool exercise;
    uint64_t version;
    struct vd *text;
    size_t charter_n, position_n;
    struct vd *charter[VA_MAX_CHARTERS]; /* the founding one, then each amendment */
    struct vd *position[VA_MAX_POSITIONS];
};

/* ---- as judged ----------------------------------------------------------------------------------
 */
struct va_member { /* as the last charter in the file lists it */
    uint16_t index;
    struct rb_slice handle;
    struct rb_hash party;
};
#define VA_ON_TEXT VA_MAX_POSITIONS
enum va_why { /* why a position that is shown does not count */
              VA_COUNTS,
              VA_STRANGER, /* its author is no member */
              VA_REPORTED, /* another's word */
              VA_ON_MORE,  /* it answers something that is not here, too */
              VA_MARKED    /* by the charter that is shown it would bear va_word.mark */
};
struct va_word {     /* of position[i] */
    uint16_t member; /* VA_NO_MEMBER: none by that charter */
    bool content;    /* what it says is shown */
    bool taken_back; /* by a later one that is shown */
    bool on_more;
    enum va_why why;
    enum rb_mark mark;
    size_t on_n; /* what it answers that is here, in its order; at level hash not known */
    uint16_t on[RB_MAX_REFS]; /* VA_ON_TEXT, or a position before it by the same author */
    struct rb_position p;     /* content */
};
struct va_voice {     /* by member index: what is shown of it */
    bool spoke;       /* anything at all is here */
    bool in_time;     /* its word, as far as the witnesses here show */
    uint8_t position; /* enum rb_position_type of its last word on the whole, 0 = none is shown */
    uint8_t against;  /* enum rb_word: the worst that it said at any time, or may have said */
    size_t at;        /* place in the file of that word */
    bool by_making;   /* it wrote the text and has said nothing else */
    bool apart_any, apart_whole; /* its last dissociation, where it stands */
    size_t apart_at;
    uint64_t apart[(RB_MAX_PARAGRAPHS + 64) / 64]; /* bit of each paragraph, counted from 1 */
    size_t unread;                                 /* positions whose content is not shown */
    bool doubt; /* what comes after its word may take it back, or be another */
};
enum va_lack {                         /* why what is shown is not enough, by bits */
               VA_LACK_RULES = 1,      /* the charter's rules version is not known here */
               VA_LACK_AUTHOR = 2,     /* the text's author is no member */
               VA_LACK_TEXT = 4,       /* the text would bear a mark */
               VA_LACK_BRACKETS = 8,   /* paragraphs that are not agreed */
               VA_LACK_WITHDRAWN = 16, /* by its author */
               VA_LACK_UNREAD = 32,    /* a record of its author that may withdraw it */
               VA_LACK_AGAINST = 64,   /* words that may have settled it against, before others */
               VA_LACK_WORDS = 128     /* not as many acceptances */
};
struct va {
    struct verify *v;
    struct rb_arena *a;
    bool holds;
    struct va_file f;
    struct rb_charter charter; /* the last one */
    size_t members_n;
    struct va_member members[RB_MAX_MEMBERS];
    struct va_word word[VA_MAX_POSITIONS];
    uint16_t author;        /* of the text; VA_NO_MEMBER */
    enum rb_mark text_mark; /* that the text would bear by that charter */
    bool has_heading, withdrawn;
    bool maybe_withdrawn; /* by a record of its author that does not show what it says, or whether
                             it counts */
    struct rb_text head;  /* all but the paragraphs */
    uint64_t electors;
    struct rb_electorate electorate; /* where the heading is shown */
    struct va_voice voice[RB_MAX_MEMBERS];
    unsigned lack; /* enum va_lack, bits; 0: what is shown meets the rule that is shown */
};

/* ---- verify_disclosure_read.c ---- */
bool va_is(struct rb_slice json); /* by the name readback-adoption */
/* by its form alone; `outer` carries v and the arena. false: said as bad */
bool va_read(struct vd *outer, struct rb_slice json, struct va_file *to);

/* ---- verify_adoption.c ---- */
void va_check(struct va *a, struct rb_slice json); /* a->v, a->a are set */
bool verify_adoption(struct verify *v, struct rb_slice in, const char *content, bool json);

/* ---- verify_adoption_admit.c ---- */
void va_admit(struct va *a); /* of what holds: what moves nothing by the charter that is shown */
bool va_on_text(const struct va_word *w);
const char *va_why_name(const struct va_word *w); /* not VA_COUNTS */
const char *va_why_text(const struct va_word *w);

/* ---- verify_adoption_words.c ---- */
void va_words(struct va *a); /* who is shown to have said what; a->lack. After va_admit */
/* whether positions have to be in time, as far as that is shown */
bool va_has_by(const struct va *a);

/* ---- verify_adoption_say.c, verify_adoption_json.c ---- */
struct rb_slice va_handle(const struct va *a, uint16_t member);
void va_say(const struct va *a, FILE *out);
void va_json(const struct va *a, FILE *out);
#endif
