/* What home.c and keystore.c share. */
#ifndef RB_SHELL_HOME_H
#define RB_SHELL_HOME_H
#include "shell/os/keystore.h"

struct rb_home {
    char path[RB_HOME_PATH_MAX];
    int dir, keys, lock;
    char error[RB_HOME_PATH_MAX + 256];
};
enum rb_err home_say(struct rb_home *h, enum rb_err err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
#endif
