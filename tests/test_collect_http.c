/* The HTTP client against a server that is here: many at once over several multi handles, kept
 * connections, and connections that end between two requests.
 */
#include "collect/http.h"
#include "core/clock.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MANY = 100, FDS = 512 };

static char base[64];
static pid_t server;

/* Answers GETs with how many connections there were; "/bye" is answered and then hung up on. */
static void serve(int listener)
{
    struct pollfd fd[FDS] = {{.fd = listener, .events = POLLIN}};
    char in[4096], out[128], body[32];
    nfds_t n = 1;
    for (int connections = 0;;) {
        poll(fd, n, -1);
        for (nfds_t i = n - 1; i > 0; i--) {
            if (!fd[i].revents)
                continue;
            ssize_t got = read(fd[i].fd, in, sizeof in - 1);
            bool bye = got > 0 && strncmp(in, "GET /bye", 8) == 0;
            if (got > 0) { /* a GET comes in one piece */
                int len = snprintf(body, sizeof body, "%d", connections);
                len = snprintf(out, sizeof out, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s",
                               len, body);
                if (write(fd[i].fd, out, (size_t)len) != len)
                    bye = true;
            }
            if (got <= 0 || bye) {
                close(fd[i].fd);
                fd[i] = fd[--n];
            }
        }
        if (fd[0].revents && n < FDS) {
            fd[n++] = (struct pollfd){.fd = accept(listener, NULL, NULL), .events = POLLIN};
            connections++;
        }
    }
}

static void start(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, 256) == 0);
    cr_assert(getsockname(fd, (struct sockaddr *)&a, &len) == 0);
    snprintf(base, sizeof base, "http://127.0.0.1:%d", ntohs(a.sin_port));
    server = fork();
    cr_assert(server >= 0);
    if (server == 0) {
        alarm(120); /* should the test be killed */
        serve(fd);
    }
    close(fd);
}

static void stop(void)
{
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
}

TestSuite(collect_http, .init = start, .fini = stop);

struct seen {
    int ok, bad, most; /* most: connections that the server tells of */
};

static void done(void *arg, void *owner, const struct http_result *r)
{
    struct seen *s = arg;
    (void)owner;
    bool ok = r->end == HTTP_DONE && r->status == 200 && r->sent && r->latency_ms >= 0;
    s->ok += ok;
    s->bad += !ok;
    if (ok && atoi(r->body) > s->most)
        s->most = atoi(r->body);
}

/* Sends n requests at once and waits for all. */
static void ask(struct http *h, const char *path, int n, struct seen *s)
{
    struct http_headers *headers = http_headers_new();
    char url[128];
    struct err e = {0};
    double until = clock_s() + 30;
    snprintf(url, sizeof url, "%s%s", base, path);
    struct http_request r = {.url = url, .headers = headers, .timeout_s = 20, .loopback = true};
    *s = (struct seen){0};
    for (int i = 0; i < n; i++)
        cr_assert(http_start(h, &r, &e) == 0, "%s", e.text);
    while (s->ok + s->bad < n && clock_s() < until)
        cr_assert(http_poll(h, 50, done, s, &e) == 0, "%s", e.text);
    http_headers_free(headers);
}

Test(collect_http, keeps_its_connections_however_many)
{
    struct http *h = NULL;
    struct err e = {0};
    struct seen s;
    cr_assert(http_new(MANY, &h, &e) == 0, "%s", e.text);
    for (int round = 0; round < 5; round++) {
        ask(h, "/", MANY, &s);
        cr_expect(s.ok == MANY && s.bad == 0, "%d and %d", s.ok, s.bad);
        cr_expect(s.most <= MANY, "%d connections after round %d", s.most, round);
    }
    http_free(h);
}

Test(collect_http, goes_on_where_a_kept_connection_has_ended)
{
    struct http *h = NULL;
    struct err e = {0};
    struct seen s;
    cr_assert(http_new(4, &h, &e) == 0, "%s", e.text);
    for (int i = 0; i < 10; i++) {
        ask(h, "/bye", 4, &s);
        cr_expect(s.ok == 4 && s.bad == 0, "%d and %d", s.ok, s.bad);
        int polls = 0;
        double until = clock_s() + .03;
        while (clock_s() < until && polls < 1000) {
            cr_assert(http_poll(h, 10, done, &s, &e) == 0);
            polls++;
        }
        cr_expect(polls < 100, "what has ended does not keep it busy: %d polls", polls);
    }
    http_free(h);
}

Test(collect_http, drops_what_is_in_flight)
{
    struct http *h = NULL;
    struct err e = {0};
    struct seen s = {0};
    struct http_headers *headers = http_headers_new();
    struct http_request r = {.url = base, .headers = headers, .timeout_s = 20, .loopback = true};
    cr_assert(http_new(MANY, &h, &e) == 0);
    for (int i = 0; i < MANY; i++)
        cr_assert(http_start(h, &r, &e) == 0);
    http_drop_all(h, done, &s);
    cr_expect(s.bad == MANY && s.ok == 0);
    for (int i = 0; i < MANY; i++)
        cr_assert(http_start(h, &r, &e) == 0);
    http_free(h); /* with all of them in flight */
    http_headers_free(headers);
}
