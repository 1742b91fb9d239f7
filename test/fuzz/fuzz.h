/* What every fuzz target shares. A target is one function over bytes; built two ways (README.md).
 */
#ifndef READBACK_TEST_FUZZ_H
#define READBACK_TEST_FUZZ_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "../unit/fixture_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* a property that must hold whatever the input */
#define FUZZ_CHECK(cond) CHECK(cond)
#endif
