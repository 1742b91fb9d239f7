/* Chance, from a seed, and the name of the seed. */
#include <stdio.h>
#include "history.h"

uint64_t hist_running_seed;

static uint64_t rng;
void hist_seed(uint64_t seed) {
    rng = seed;
}
uint64_t hist_chance(void) { /* splitmix64 */
    uint64_t z = rng += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

void hist_name_the_seed(void) {
    if (hist_running_seed != 0)
        fprintf(stderr, "situation: seed=%llu\n", (unsigned long long)hist_running_seed);
}
