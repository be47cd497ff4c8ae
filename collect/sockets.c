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

enum { EVENTS = 256 };

static unsigned char *state_of(struct sockets *s, curl_socket_t fd)
{
    size_t want = (size_t)fd + 1;
    if (want > s->n) {
        size_t n = want > s->n * 2 ? want : s->n * 2;
        s->state = mem_rearray(s->state, n, 1);
        memset(s->state + s->n, 0, n - s->n);
        s->n = n;
    }
    return &s->state[fd];
}

static void enroll(const struct sockets *s, curl_socket_t fd, unsigned char *state, int events)
{
    int now = *state & (IN | OUT);
    if (now == events)
        return;
    struct epoll_event ev = {
        .events = (events & IN ? EPOLLIN : 0u) | (events & OUT ? EPOLLOUT : 0u), .data.fd = fd};
    int what = events == 0 ? EPOLL_CTL_DEL : now == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    /* A failure here is a descriptor that is gone: libcurl's own timeout ends its request. */
    epoll_ctl(s->epoll, what, fd, &ev);
    *state = (unsigned char)((*state & ~(IN | OUT)) | events);
}

/* --- what libcurl says --------------------------------------------------------------------------
 */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
    struct sockets *s = arg;
    unsigned char *state = state_of(s, fd);
    (void)easy, (void)unused;
    if (what == CURL_POLL_REMOVE) {
        *state &= (unsigned char)~WANTED;
        if (!(*state & WATCHED) || (*state & OUT))
            enroll(s, fd, state, 0);
        return 0;
    }
    *state |= WANTED;
    enroll(s, fd, state, (what & CURL_POLL_IN ? IN : 0) | (what & CURL_POLL_OUT ? OUT : 0));
    return 0;
}

static int on_timer(CURLM *multi, long ms, void *arg)
{
    struct sockets *s = arg;
    (void)multi;
    s->due_s = ms < 0 ? (double)INFINITY : clock_s() + (double)ms / 1000;
    return 0;
}

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct sockets *s = arg;
    (void)purpose;
    curl_socket_t fd = socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
    if (fd >= 0)
        *state_of(s, fd) = WATCHED;
    return fd >= 0 ? fd : CURL_SOCKET_BAD;
}

static int on_close(void *arg, curl_socket_t fd)
{
    *state_of(arg, fd) = 0; /* closing takes it out of epoll */
    return close(fd);
}

/* --- for http.c ---------------------------------------------------------------------------------
 */
int sockets_init(struct sockets *s, CURLM *multi, struct err *e)
{
    *s = (struct sockets){.multi = multi, .due_s = (double)INFINITY};
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (s->epoll < 0)
        return err_set(e, ERR_IO, "cannot wait for sockets: %s", strerror(errno));
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, s);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, s);
    return ERR_OK;
}

void sockets_deinit(struct sockets *s)
{
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

static CURLMcode time_is_up(struct sockets *s)
{
    int running;
    if (clock_s() < s->due_s)
        return CURLM_OK;
    s->due_s = (double)INFINITY;
    return curl_multi_socket_action(s->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

static CURLMcode ready(struct sockets *s, const struct epoll_event *ev)
{
    int fd = ev->data.fd, running;
    unsigned char *state = state_of(s, fd);
    if (!(*state &
          WANTED)) { /* hung up between requests; libcurl sees it when it wants to use it */
        enroll(s, fd, state, 0);
        return CURLM_OK;
    }
    int what = (ev->events & EPOLLIN ? CURL_CSELECT_IN : 0) |
               (ev->events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
               (ev->events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR | CURL_CSELECT_IN : 0);
    return curl_multi_socket_action(s->multi, fd, what, &running);
}

CURLMcode sockets_wait(struct sockets *s, int wait_ms)
{
    struct epoll_event ev[EVENTS];
    double left_ms = (s->due_s - clock_s()) * 1000;
    if (left_ms < wait_ms)
        wait_ms = left_ms <= 0 ? 0 : (int)left_ms + 1;
    CURLMcode rc = wait_ms > 0 ? CURLM_OK : time_is_up(s);
    int n = rc == CURLM_OK ? epoll_wait(s->epoll, ev, EVENTS, wait_ms) : 0;
    for (int i = 0; rc == CURLM_OK && i < n; i++)
        rc = ready(s, &ev[i]);
    return rc == CURLM_OK ? time_is_up(s) : rc;
}
