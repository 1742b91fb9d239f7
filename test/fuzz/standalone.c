/* Replays files through a fuzz target without libFuzzer: the seeds in corpus/ and whatever once
 * broke a target are run by every ./check, under any compiler. Arguments: files and folders. */
#include <dirent.h>
#include <sys/stat.h>
#include "fuzz.h"

#define MAX_FILE_BYTES (1u << 20)

static size_t replayed;

static int replay_file(const char *path) {
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        perror(path);
        return 1;
    }
    uint8_t *buf = malloc(MAX_FILE_BYTES);
    if (buf == NULL) abort();
    const size_t n = fread(buf, 1, MAX_FILE_BYTES, f);
    fclose(f);
    /* a copy of the exact length, so that a read past the end is seen */
    uint8_t *exact = malloc(n == 0 ? 1 : n);
    if (exact == NULL) abort();
    for (size_t i = 0; i < n; i++)
        exact[i] = buf[i];
    free(buf);
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    replayed++;
    return 0;
}

static int replay_folder(const char *path) {
    DIR *d = opendir(path);
    int failed = 0;
    if (d == NULL) {
        perror(path);
        return 1;
    }
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        char file[4096];
        if (e->d_name[0] == '.') continue;
        const int n = snprintf(file, sizeof file, "%s/%s", path, e->d_name);
        failed |= n < 0 || (size_t)n >= sizeof file || replay_file(file) != 0;
    }
    closedir(d);
    return failed;
}

int main(int argc, char **argv) {
    int failed = 0;
    for (int i = 1; i < argc; i++) {
        struct stat st;
        if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
            failed |= replay_folder(argv[i]);
        else
            failed |= replay_file(argv[i]);
    }
    printf("%zu inputs replayed\n", replayed);
    return failed != 0 || replayed == 0;
}
