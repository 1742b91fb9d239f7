/* Inside of readback-verify FILE: a text with what its members said of it (spec 9.7.9): several
 * disclosures, each judged by itself, then what they say of each other. It never says that the text
 * was adopted: only what is shown, and what is not. */
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
struct va_word {          /* of position[i] */
    uint16_t member;      /* VA_NO_MEMBER: none by that charter */
    bool content;         /* what it says is shown */
    bool taken_back;      /* by a later one that is shown */
    size_t on;            /* VA_ON_TEXT, or the position that it answers; at level hash not known */
    struct rb_position p; /* content */
};
struct va_voice {     /* by member index: what is shown of it */
    bool spoke;       /* anything at all is here */
    bool in_time;     /* its word, as far as the witnesses here show */
    uint8_t position; /* enum rb_position_type of its last word on the whole, 0 = none is shown */
    size_t at, apart_at; /* place in the file of that word, and of what it is apart by */
    bool by_making;      /* it wrote the text and has said nothing else */
    bool apart_whole;
    uint64_t apart[(RB_MAX_PARAGRAPHS + 64) / 64]; /* bit of each paragraph, counted from 1 */
    size_t unread;                                 /* positions whose content is not shown */
    bool doubt; /* one of these comes after its word, or there is none */
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
    uint16_t author; /* of the text; VA_NO_MEMBER */
    bool has_heading, withdrawn;
    struct rb_text head; /* all but the paragraphs */
    uint64_t electors;
    struct rb_electorate electorate; /* where the heading is shown */
    struct va_voice voice[RB_MAX_MEMBERS];
    bool enough; /* what is shown meets the rule that is shown */
};

/* ---- verify_disclosure_read.c ---- */
bool va_is(struct rb_slice json); /* by the name readback-adoption */
/* by its form alone; `outer` carries v and the arena. false: said as bad */
bool va_read(struct vd *outer, struct rb_slice json, struct va_file *to);

/* ---- verify_adoption.c ---- */
void va_check(struct va *a, struct rb_slice json); /* a->v, a->a are set */
bool verify_adoption(struct verify *v, struct rb_slice in, const char *content, bool json);

/* ---- verify_adoption_words.c ---- */
void va_words(struct va *a); /* of what holds: who is shown to have said what; a->enough */

/* ---- verify_adoption_say.c, verify_adoption_json.c ---- */
struct rb_slice va_handle(const struct va *a, uint16_t member);
void va_say(const struct va *a, FILE *out);
void va_json(const struct va *a, FILE *out);
#endif
