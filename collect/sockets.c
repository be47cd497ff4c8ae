/* curl_multi_socket_action over epoll, level-triggered. */
#include "collect/sockets.h"

#include "core/clock.h"
#include "core/mem.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of a file descriptor. One that is registered and not wanted is a connection between requests. */
enum {
    IN = 1,      /* registered for reading */
    OUT = 2,     /* registered for writing */
    WANTED = 4,  /* libcurl waits for it */
    WATCHED = 8, /* opened here, so that its end will be told */
};
struct socket_state {
    struct cell *cell; /* whose it is, while it is wanted */
    int flags;
};

struct cell {
    struct sockets *all;
    CURLM *multi;
    size_t flying;
    double due_s; /* clock_s() when libcurl wants to be called anyway; infinity: not at all */
};

/* Few at a time: who is answered asks again before the next is read, so that replies that came at
 * once do not stay a bunch. */
enum { EVENTS = 16 };

static struct socket_state *state_of(struct sockets *s, curl_socket_t fd)
{
    size_t want = (size_t)fd + 1;
    if (want > s->n) {
        size_t n = want > s->n * 2 ? want : s->n * 2;
        s->state = mem_rearray(s->state, n, sizeof *s->state);
        memset(s->state + s->n, 0, (n - s->n) * sizeof *s->state);
        s->n = n;
    }
    return &s->state[fd];
}

static void enroll(const struct sockets *s, curl_socket_t fd, struct socket_state *state,
                   int events)
{
    int now = state->flags & (IN | OUT);
    if (now == events)
        return;
    struct epoll_event ev = {
        .events = (events & IN ? EPOLLIN : 0u) | (events & OUT ? EPOLLOUT : 0u), .data.fd = fd};
    int what = events == 0 ? EPOLL_CTL_DEL : now == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    /* A failure here is a descriptor that is gone: libcurl's own timeout ends its request. */
    epoll_ctl(s->epoll, what, fd, &ev);
    state->flags = (state->flags & ~(IN | OUT)) | events;
}

/* --- what libcurl says --------------------------------------------------------------------------
 */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
    struct cell *c = arg;
    struct socket_state *state = state_of(c->all, fd);
    (void)easy, (void)unused;
    if (what == CURL_POLL_REMOVE) {
        state->flags &= ~WANTED;
        if (!(state->flags & WATCHED) || (state->flags & OUT))
            enroll(c->all, fd, state, 0);
        return 0;
    }
    state->cell = c;
    state->flags |= WANTED;
    enroll(c->all, fd, state, (what & CURL_POLL_IN ? IN : 0) | (what & CURL_POLL_OUT ? OUT : 0));
    return 0;
}

static int on_timer(CURLM *multi, long ms, void *arg)
{
    struct cell *c = arg;
    (void)multi;
    c->due_s = ms < 0 ? (double)INFINITY : clock_s() + (double)ms / 1000;
    return 0;
}

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct sockets *s = arg;
    (void)purpose;
    curl_socket_t fd = socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
    if (fd >= 0)
        *state_of(s, fd) = (struct socket_state){NULL, WATCHED};
    return fd >= 0 ? fd : CURL_SOCKET_BAD;
}

static int on_close(void *arg, curl_socket_t fd)
{
    *state_of(arg, fd) = (struct socket_state){NULL, 0}; /* closing takes it out of epoll */
    return close(fd);
}

/* --- cells --------------------------------------------------------------------------------------
 */
static struct cell *cell_new(struct sockets *s)
{
    struct cell *c = mem_zalloc(sizeof *c);
    *c = (struct cell){.all = s, .multi = curl_multi_init(), .due_s = (double)INFINITY};
    if (!c->multi)
        mem_exhausted();
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
    /* A cache smaller than what is in flight would reconnect without a word. */
    curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)SOCKETS_CELL * 3 / 2);
    VEC_PUSH(&s->cells, c);
    return c;
}

int sockets_init(struct sockets *s, struct err *e)
{
    *s = (struct sockets){.epoll = epoll_create1(EPOLL_CLOEXEC)};
    if (s->epoll < 0)
        return err_set(e, ERR_IO, "cannot wait for sockets: %s", strerror(errno));
    return ERR_OK;
}

void sockets_deinit(struct sockets *s)
{
    for (size_t i = 0; i < s->cells.n; i++) {
        curl_multi_cleanup(s->cells.v[i]->multi);
        free(s->cells.v[i]);
    }
    VEC_FREE(&s->cells);
    if (s->epoll >= 0)
        close(s->epoll);
    free(s->state);
    s->state = NULL;
}

void sockets_watch(struct sockets *s, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, s);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, s);
}

CURLMcode sockets_add(struct sockets *s, CURL *easy, struct cell **cell)
{
    size_t i = 0;
    while (i < s->cells.n && s->cells.v[i]->flying >= SOCKETS_CELL)
        i++;
    struct cell *c = i < s->cells.n ? s->cells.v[i] : cell_new(s);
    CURLMcode rc = curl_multi_add_handle(c->multi, easy);
    c->flying += rc == CURLM_OK;
    *cell = c;
    return rc;
}

void sockets_remove(struct sockets *s, CURL *easy, struct cell *cell)
{
    (void)s;
    curl_multi_remove_handle(cell->multi, easy);
    cell->flying--;
}

/* --- waiting ------------------------------------------------------------------------------------
 */
static CURLMcode serve_due(struct sockets *s)
{
    double now = clock_s();
    CURLMcode rc = CURLM_OK;
    for (size_t i = 0; rc == CURLM_OK && i < s->cells.n; i++) {
        struct cell *c = s->cells.v[i];
        int running;
        if (now < c->due_s)
            continue;
        c->due_s = (double)INFINITY;
        rc = curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    return rc;
}

static CURLMcode ready(struct sockets *s, const struct epoll_event *ev)
{
    int fd = ev->data.fd, running;
    struct socket_state *state = state_of(s, fd);
    if (!(state->flags & WANTED)) { /* hung up between requests; libcurl sees it when it wants it */
        enroll(s, fd, state, 0);
        return CURLM_OK;
    }
    int what = (ev->events & EPOLLIN ? CURL_CSELECT_IN : 0) |
               (ev->events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
               (ev->events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR | CURL_CSELECT_IN : 0);
    return curl_multi_socket_action(state->cell->multi, fd, what, &running);
}

CURLMcode sockets_wait(struct sockets *s, int wait_ms)
{
    struct epoll_event ev[EVENTS];
    double due_s = (double)INFINITY;
    for (size_t i = 0; i < s->cells.n; i++)
        due_s = s->cells.v[i]->due_s < due_s ? s->cells.v[i]->due_s : due_s;
    double left_ms = (due_s - clock_s()) * 1000;
    if (left_ms < wait_ms)
        wait_ms = left_ms <= 0 ? 0 : (int)left_ms + 1;
    CURLMcode rc = wait_ms > 0 ? CURLM_OK : serve_due(s);
    int n = rc == CURLM_OK ? epoll_wait(s->epoll, ev, EVENTS, wait_ms) : 0;
    for (int i = 0; rc == CURLM_OK && i < n; i++)
        rc = ready(s, &ev[i]);
    return rc == CURLM_OK ? serve_due(s) : rc;
}

CURL *sockets_ended(struct sockets *s, CURLcode *result)
{
    for (size_t seen = 0; seen < s->cells.n; seen++) {
        struct cell *c = s->cells.v[s->at % s->cells.n];
        int left;
        CURLMsg *m;
        while ((m = curl_multi_info_read(c->multi, &left)) != NULL)
            if (m->msg == CURLMSG_DONE) {
                *result = m->data.result; /* m is gone once the handle is removed */
                return m->easy_handle;
            }
        s->at++;
    }
    return NULL;
}
