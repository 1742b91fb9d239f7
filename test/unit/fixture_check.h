/* What must hold in a fixture. Without cmocka, for fuzz targets use fixtures, too. */
#ifndef READBACK_TEST_FIXTURE_CHECK_H
#define READBACK_TEST_FIXTURE_CHECK_H
#include <stdio.h>
#include <stdlib.h>

#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #cond);              \
            abort();                                                                               \
        }                                                                                          \
    } while (0)
#endif
