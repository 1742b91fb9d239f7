/* A live party's disk as of now, and that copy put back (spec 9.5: copy, restore). */
#ifndef RB_SIM_COPY_HOME_H
#define RB_SIM_COPY_HOME_H
#include <stdbool.h>
#include <stddef.h>

/* The home's files into the new folder `to`; its daemon may run. false: why is a sentence. */
bool home_copy(const char *home, const char *to, char *why, size_t why_n);
/* The copy into the home of a daemon that has ended: the database alone, or, `whole`, keys, card and head
 * file as well. What came since is gone then. */
bool home_put_back(const char *from, const char *home, bool whole, char *why, size_t why_n);
#endif
