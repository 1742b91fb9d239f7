/* The carrier of the client over the daemon's Unix socket. */
#include "client.h"
#include <curl/curl.h>
#include <stdlib.h>
#include <time.h>

#define MAX_ANSWER (256u << 20)

struct answer {
    char *p;
    size_t n, cap;
    bool over;
};
struct carrier {
    struct rb_client client;
    CURL *curl;
    char *socket;
};

static size_t take(char *p, size_t size, size_t n, void *ctx) {
    struct answer *a = ctx;
    size_t len = size * n;
    if (len > MAX_ANSWER - a->n) {
        a->over = true;
        return 0;
    }
    if (a->n + len > a->cap) {
        size_t cap = a->cap ? a->cap * 2 : 4096;
        while (cap < a->n + len)
            cap *= 2;
        char *bigger = realloc(a->p, cap);
        if (bigger == NULL) return 0;
        a->p = bigger;
        a->cap = cap;
    }
    memcpy(a->p + a->n, p, len);
    a->n += len;
    return len;
}

static void setup(struct carrier *c, const char *method, const char *url, const char *text,
                  struct answer *a, struct curl_slist *headers) {
    curl_easy_reset(c->curl); /* keeps the connection */
    curl_easy_setopt(c->curl, CURLOPT_UNIX_SOCKET_PATH, c->socket);
    curl_easy_setopt(c->curl, CURLOPT_URL, url);
    curl_easy_setopt(c->curl, CURLOPT_PROXY, "");
    curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c->curl, CURLOPT_CONNECTTIMEOUT, 5L);
    curl_easy_setopt(c->curl, CURLOPT_TIMEOUT, 120L);
    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, a);
    if (strcmp(method, "POST") != 0) return;
    curl_easy_setopt(c->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, text);
    curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(text));
}

/* It was asked, which is not the same as nobody being there. */
static json_t *unanswered(void) {
    return json_pack("{s:{s:s,s:s,s:s}}", "error", "code", "no-answer", "sentence",
                     "the daemon was asked and did not answer: it is not known whether it was done",
                     "hint", "look before trying again");
}

static int call(void *ctx, const char *method, const char *path, const json_t *in, json_t **out) {
    struct carrier *c = ctx;
    struct answer a = {0};
    long status = 0;
    size_t url_n = strlen(path) + 32;
    char *text = in ? json_dumps(in, JSON_COMPACT) : strdup("{}"), *url = malloc(url_n);
    /* "Expect" is for slow lines: a local socket needs no asking first */
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
    if (headers) headers = curl_slist_append(headers, "Content-Type: application/json");
    *out = NULL;
    if (text && url && headers) {
        memcpy(url, "http://readback", 15);
        memcpy(url + 15, path, strlen(path) + 1);
        setup(c, method, url, text, &a, headers);
        const CURLcode rc = curl_easy_perform(c->curl);
        if (rc == CURLE_OK) {
            curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
            if (a.n) *out = json_loadb(a.p, a.n, JSON_REJECT_DUPLICATES, NULL);
        } else if (rc != CURLE_COULDNT_CONNECT) {
            status = 504;
            *out = unanswered();
        }
    }
    curl_slist_free_all(headers);
    free(text);
    free(url);
    free(a.p);
    return (int)status;
}

static void pause_ms(void *ctx, unsigned ms) {
    const struct timespec t = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    (void)ctx;
    (void)nanosleep(&t, NULL);
}

struct rb_client *rb_client_unix(const char *socket_path) {
    struct carrier *c = calloc(1, sizeof *c);
    if (c == NULL) return NULL;
    c->curl = curl_easy_init();
    c->socket = strdup(socket_path);
    if (c->curl == NULL || c->socket == NULL) {
        rb_client_unix_free(&c->client);
        return NULL;
    }
    c->client = (struct rb_client){c, call, pause_ms};
    return &c->client;
}
void rb_client_unix_free(struct rb_client *client) {
    struct carrier *c = (struct carrier *)client; /* its first member */
    if (c == NULL) return;
    if (c->curl) curl_easy_cleanup(c->curl);
    free(c->socket);
    free(c);
}
