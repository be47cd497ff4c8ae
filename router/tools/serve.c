/* The service: epoll, one thread, non-blocking sockets. A client that does not read its answers is
 * not read from; what all clients together have sent without a line's end is bounded too. What a
 * line means is route_lines.c. */
#define _GNU_SOURCE /* accept4 */
#include "router/tools/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    EVENTS = 64,
    READ_MAX = 1 << 16,      /* bytes taken from one client at a turn */
    ANSWERS_MAX = 1 << 20,   /* answers waiting for a client: beyond that it is not read from */
    WAITING_MAX = 256 << 20, /* unfinished lines of all clients together */
    KEEP_MAX = 1 << 16,      /* memory that a client keeps between lines */
};

struct client {
    int fd;
    uint32_t events; /* what epoll watches */
    int closing;     /* close when the answers are out */
    int skipping;    /* inside a line that was too long */
    char *in;
    size_t in_len, in_cap, searched;
    struct line_out out;
    size_t out_done;
    struct route_counts counts;
    struct client *previous, *next;
};

struct server {
    const struct serve_options *o;
    struct shunt_table *t;
    struct shunt_stats *stats;
    struct line_router router;
    int epoll, listener, signals;
    int accepting; /* the listener is watched */
    int stop;
    size_t clients;
    size_t waiting; /* bytes of in_cap */
    uint64_t accepted, reloads;
    struct client *first;
};

static void complain(const char *what, const char *name)
{
    fprintf(stderr, "shunt-route: error: %s '%s': %s\n", what, name, strerror(errno));
}

/* ---- clients ---- */

static int watch(const struct server *s, struct client *c, uint32_t events)
{
    struct epoll_event e = {.events = events, .data = {.ptr = c}};
    if (events == c->events)
        return 0;
    c->events = events;
    return epoll_ctl(s->epoll, EPOLL_CTL_MOD, c->fd, &e);
}

static void watch_listener(struct server *s, int on)
{
    struct epoll_event e = {.events = on ? EPOLLIN : 0, .data = {.ptr = &s->listener}};
    if (on == s->accepting)
        return;
    s->accepting = on;
    epoll_ctl(s->epoll, EPOLL_CTL_MOD, s->listener, &e);
}

static void drop(struct server *s, struct client *c)
{
    close(c->fd); /* leaves epoll by itself */
    if (c->previous)
        c->previous->next = c->next;
    else
        s->first = c->next;
    if (c->next)
        c->next->previous = c->previous;
    s->waiting -= c->in_cap;
    free(c->in);
    free(c->out.data);
    free(c);
    s->clients--;
    watch_listener(s, 1);
}

static void accept_some(struct server *s)
{
    for (int i = 0; i < EVENTS; i++) {
        if (s->clients >= s->o->clients) {
            watch_listener(s, 0);
            return;
        }
        int fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
                watch_listener(s, 0); /* until a client leaves */
            return;
        }
        struct client *c = calloc(1, sizeof *c);
        struct epoll_event e = {.events = EPOLLIN, .data = {.ptr = c}};
        if (!c || epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e) != 0) {
            free(c);
            close(fd);
            return;
        }
        c->fd = fd;
        c->events = EPOLLIN;
        c->next = s->first;
        if (s->first)
            s->first->previous = c;
        s->first = c;
        s->clients++;
        s->accepted++;
    }
}

/* ---- metrics ---- */

static void add_metric(struct line_out *o, const char *name, const char *type, uint64_t value)
{
    line_adds(o, "# TYPE ");
    line_adds(o, name);
    line_adds(o, type);
    line_adds(o, name);
    line_addf(o, " %llu\n", (unsigned long long)value);
}

/* The HTTP answer to a scrape; the connection ends with it. */
static void answer_metrics(struct server *s, struct client *c)
{
    struct line_out body = {0};
    size_t n = 0;
    shunt_stats_text(s->stats, NULL, 0, &n);
    char *text = malloc(n + 1);
    if (!text || shunt_stats_text(s->stats, text, n, &n)) {
        free(text);
        c->out.failed = 1;
        return;
    }
    line_add(&body, text, n);
    free(text);
    add_metric(&body, "shunt_clients", " gauge\n", s->clients);
    add_metric(&body, "shunt_connections_total", " counter\n", s->accepted);
    add_metric(&body, "shunt_reloads_total", " counter\n", s->reloads);
    line_adds(&c->out, "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n");
    line_addf(&c->out, "Content-Length: %zu\r\n\r\n", body.len);
    line_add(&c->out, body.data ? body.data : "", body.len);
    c->out.failed |= body.failed;
    c->closing = 1;
    free(body.data);
}

/* ---- lines ---- */

static void take_line(struct server *s, struct client *c, const char *line, size_t bytes)
{
    static const char get[] = "GET /metrics ";
    if (s->o->metrics && c->counts.lines == 0 && bytes >= sizeof get - 1 &&
        memcmp(line, get, sizeof get - 1) == 0) {
        answer_metrics(s, c);
        return;
    }
    s->router.t = s->t;
    s->router.stats = s->stats;
    s->router.counts = &c->counts;
    s->router.out = &c->out;
    if (route_line(&s->router, line, bytes) != ROUTE_DONE)
        c->out.failed = 1;
}

static void refuse_line(struct server *s, struct client *c)
{
    s->router.counts = &c->counts;
    s->router.out = &c->out;
    route_line_too_long(&s->router);
    c->skipping = 1;
}

/* Route the whole lines that c has sent, as long as their answers find room. */
static void take_lines(struct server *s, struct client *c)
{
    size_t from = 0;
    while (!c->closing && c->out.len - c->out_done < ANSWERS_MAX) {
        size_t search = from > c->searched ? from : c->searched;
        char *feed = search < c->in_len ? memchr(c->in + search, '\n', c->in_len - search) : NULL;
        if (!feed) {
            c->searched = c->in_len;
            break;
        }
        size_t bytes = (size_t)(feed - c->in) - from;
        if (c->skipping)
            c->skipping = 0;
        else if (bytes > ROUTE_LINE_MAX)
            refuse_line(s, c), c->skipping = 0;
        else
            take_line(s, c, c->in + from, bytes);
        from += bytes + 1;
        c->searched = from;
    }
    if (from > 0) {
        memmove(c->in, c->in + from, c->in_len - from);
        c->in_len -= from;
        c->searched -= from;
    }
    int whole = c->searched < c->in_len; /* lines that wait for room */
    if (!whole && (c->skipping || c->in_len > ROUTE_LINE_MAX + 1)) {
        if (!c->skipping)
            refuse_line(s, c);
        c->in_len = c->searched = 0;
    }
    if (c->in_len == 0 && c->in_cap > KEEP_MAX) {
        s->waiting -= c->in_cap;
        free(c->in);
        c->in = NULL;
        c->in_cap = 0;
    }
}

/* Send what is ready. 0, or -1: the client is gone. */
static int send_answers(struct client *c)
{
    while (c->out_done < c->out.len) {
        ssize_t n = send(c->fd, c->out.data + c->out_done, c->out.len - c->out_done, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
        c->out_done += (size_t)n;
    }
    c->out.len = c->out_done = 0;
    if (c->out.cap > KEEP_MAX) {
        free(c->out.data);
        c->out = (struct line_out){0};
    }
    return 0;
}

/* Read a turn's worth. 0, or -1: the client is gone. */
static int read_some(struct server *s, struct client *c)
{
    if (c->in_cap - c->in_len < READ_MAX) {
        size_t cap = c->in_cap * 2 > c->in_len + READ_MAX ? c->in_cap * 2 : c->in_len + READ_MAX;
        if (s->waiting + cap - c->in_cap > WAITING_MAX)
            return -1; /* the others are to go on */
        char *more = realloc(c->in, cap);
        if (!more)
            return -1;
        s->waiting += cap - c->in_cap;
        c->in = more;
        c->in_cap = cap;
    }
    ssize_t n = recv(c->fd, c->in + c->in_len, READ_MAX, 0);
    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
    if (n == 0) { /* a last line without its end */
        if (c->in_len > 0 && !c->skipping && !c->closing)
            take_line(s, c, c->in, c->in_len);
        c->in_len = c->searched = 0;
        c->closing = 1;
        return 0;
    }
    c->in_len += (size_t)n;
    return 0;
}

static void serve_client(struct server *s, struct client *c, uint32_t events)
{
    int gone = events & EPOLLERR && !(events & EPOLLIN);
    int full = c->out.len - c->out_done >= ANSWERS_MAX;
    int whole = c->in_len > c->searched; /* lines that wait for room come before new ones */
    if (!gone && events & (EPOLLIN | EPOLLHUP) && !full && !whole && !c->closing)
        gone = read_some(s, c) != 0;
    for (int again = 1; !gone && again;) {
        take_lines(s, c);
        size_t ready = c->out.len - c->out_done;
        gone = c->out.failed || send_answers(c) != 0;
        again = !gone && c->out.len == 0 && ready > 0 && c->in_len > c->searched;
    }
    if (gone || (c->closing && c->out.len == 0)) {
        drop(s, c);
        return;
    }
    uint32_t want = c->out.len ? EPOLLOUT : 0;
    if (!c->closing && c->out.len - c->out_done < ANSWERS_MAX)
        want |= EPOLLIN;
    if (watch(s, c, want) != 0)
        drop(s, c);
}

/* ---- the server ---- */

static void reload(struct server *s)
{
    char why[300];
    struct shunt_table *t = NULL;
    struct shunt_stats *stats = NULL;
    if (shunt_open_detail(s->o->table, &t, why, sizeof why) != SHUNT_OK) {
        fprintf(stderr, "shunt-route: error: '%s' is not loaded: %s\n", s->o->table, why);
        return;
    }
    int status = shunt_selftest(t);
    if (status == SHUNT_OK)
        status = shunt_stats_new(t, &stats);
    if (status) {
        fprintf(stderr, "shunt-route: error: '%s' is not loaded: %s\n", s->o->table,
                shunt_strerror(status));
        shunt_close(t);
        return;
    }
    shunt_stats_free(s->stats);
    shunt_close(s->t);
    s->t = t;
    s->stats = stats;
    s->reloads++;
}

static void take_signal(struct server *s)
{
    struct signalfd_siginfo info;
    while (read(s->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP)
            reload(s);
        else
            s->stop = 1;
    }
}

/* A socket of that name that nobody listens on is removed. */
static int make_listener(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof a.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(a.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct stat st;
    if (fd >= 0 && lstat(path, &st) == 0 && S_ISSOCK(st.st_mode)) {
        if (connect(fd, (const struct sockaddr *)&a, sizeof a) != 0 && errno == ECONNREFUSED) {
            unlink(path);
        } else {
            close(fd);
            errno = EADDRINUSE;
            return -1;
        }
    }
    if (fd >= 0 &&
        (bind(fd, (const struct sockaddr *)&a, sizeof a) != 0 || listen(fd, SOMAXCONN) != 0)) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

static int set_up(struct server *s)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    s->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    s->listener = make_listener(s->o->socket);
    if (s->listener < 0) {
        complain("cannot listen on", s->o->socket);
        return -1;
    }
    struct epoll_event e = {.events = EPOLLIN, .data = {.ptr = &s->listener}};
    struct epoll_event f = {.events = EPOLLIN, .data = {.ptr = &s->signals}};
    if (s->signals < 0 || s->epoll < 0 ||
        epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->listener, &e) != 0 ||
        epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->signals, &f) != 0) {
        complain("cannot serve", s->o->socket);
        unlink(s->o->socket);
        return -1;
    }
    s->accepting = 1;
    return 0;
}

static void loop(struct server *s)
{
    struct epoll_event event[EVENTS];
    while (!s->stop) {
        int n = epoll_wait(s->epoll, event, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            void *p = event[i].data.ptr;
            if (p == &s->listener)
                accept_some(s);
            else if (p == &s->signals)
                take_signal(s);
            else
                serve_client(s, p, event[i].events);
        }
    }
}

int serve(struct shunt_table *t, const struct route_options *route,
          const struct serve_options *options)
{
    struct server s = {
        .o = options, .t = t, .router = {.o = route}, .epoll = -1, .listener = -1, .signals = -1};
    record_init(&s.router.record);
    int rc = shunt_stats_new(t, &s.stats) ? 7 : set_up(&s) ? 3 : 0;
    if (rc == 0) {
        loop(&s);
        unlink(options->socket);
        while (s.first)
            drop(&s, s.first);
    }
    if (rc == 7)
        fputs("shunt-route: error: out of memory\n", stderr);
    record_deinit(&s.router.record);
    shunt_stats_free(s.stats);
    shunt_close(s.t);
    if (s.listener >= 0)
        close(s.listener);
    if (s.epoll >= 0)
        close(s.epoll);
    if (s.signals >= 0)
        close(s.signals);
    return rc;
}
