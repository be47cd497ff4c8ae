/* Running gnuplot: stdin from memory, stdout and stderr into memory, a time limit. */
#include "reports/gnuplot.h"

#include "core/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { IN, OUT, ERR, STREAMS };

struct child {
    pid_t pid;
    int fd[STREAMS];    /* our ends; -1 closed */
    int other[STREAMS]; /* the child's ends, until it is started */
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* stdin is a socket so that writing to a dead child is an error here, not a signal. */
static int open_streams(struct child *c, struct err *e)
{
    for (int k = 0; k < STREAMS; k++)
        c->fd[k] = c->other[k] = -1;
    for (int k = 0; k < STREAMS; k++) {
        int pair[2];
        if (k == IN ? socketpair(AF_UNIX, SOCK_STREAM, 0, pair) : pipe(pair))
            return err_set(e, ERR_IO, "cannot talk to gnuplot: %s", strerror(errno));
        c->fd[k] = pair[0];
        c->other[k] = pair[1];
        fcntl(pair[0], F_SETFD, FD_CLOEXEC);
        fcntl(pair[1], F_SETFD, FD_CLOEXEC);
    }
    fcntl(c->fd[IN], F_SETFL, O_NONBLOCK);
    return ERR_OK;
}

static int start(struct child *c, struct err *e)
{
    char *argv[] = {(char[]){"gnuplot"}, (char[]){"--default-settings"}, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t defaults;
    posix_spawn_file_actions_init(&actions);
    for (int k = 0; k < STREAMS; k++)
        posix_spawn_file_actions_adddup2(&actions, c->other[k], k);
    posix_spawnattr_init(&attr);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigdefault(&attr, &defaults);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
    int rc = posix_spawnp(&c->pid, "gnuplot", &actions, &attr, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attr);
    for (int k = 0; k < STREAMS; k++)
        close_fd(&c->other[k]);
    if (rc == ENOENT)
        return err_set(e, ERR_IO,
                       "gnuplot is not installed: install gnuplot-nox, or give --no-figures");
    return rc ? err_set(e, ERR_IO, "cannot run gnuplot: %s", strerror(rc)) : ERR_OK;
}

static void write_some(struct child *c, const char *script, size_t len, size_t *at)
{
    const ssize_t n = send(c->fd[IN], script + *at, len - *at, MSG_NOSIGNAL);
    if (n > 0)
        *at += (size_t)n;
    else if (n < 0 && errno != EAGAIN && errno != EINTR)
        *at = len; /* it is gone: its stderr and status say why */
    if (*at == len)
        close_fd(&c->fd[IN]);
}

static void read_some(int *fd, struct buf *into)
{
    char text[16384];
    const ssize_t n = read(*fd, text, sizeof text);
    if (n > 0)
        buf_add(into, text, (size_t)n);
    else if (n == 0 || errno != EINTR)
        close_fd(fd);
}

static int talk(struct child *c, const char *script, size_t len, int seconds, struct buf *out,
                struct buf *log, struct err *e)
{
    const double end = clock_s() + seconds;
    size_t at = 0;
    while (c->fd[OUT] >= 0 || c->fd[ERR] >= 0) {
        struct pollfd p[STREAMS] = {
            {c->fd[IN], POLLOUT, 0}, {c->fd[OUT], POLLIN, 0}, {c->fd[ERR], POLLIN, 0}};
        const double left = end - clock_s();
        if (interrupted())
            return err_set(e, ERR_PARTIAL, "interrupted");
        if (left <= 0)
            return err_set(e, ERR_IO, "gnuplot did not finish within %d s", seconds);
        const int ready = poll(p, STREAMS, left < 1 ? (int)(left * 1e3) + 1 : 1000);
        if (ready <= 0)
            continue;
        if (p[IN].revents)
            write_some(c, script, len, &at);
        if (p[OUT].revents)
            read_some(&c->fd[OUT], out);
        if (p[ERR].revents)
            read_some(&c->fd[ERR], log);
    }
    return out->over ? err_set(e, ERR_IO, "gnuplot wrote more than was expected") : ERR_OK;
}

/* gnuplot shows the statement, a caret below it, and then "line 7: what is wrong". */
static void complaint(const struct buf *log, char *text, size_t size)
{
    text[0] = '\0';
    for (const char *p = log->data; *p;) {
        p += strspn(p, " \t\n");
        const size_t n = strcspn(p, "\n");
        const char *line = strstr(p, "line ");
        if (line && line < p + n && !memchr(p, '^', n)) {
            const size_t take = n < size - 1 ? n : size - 1;
            memcpy(text, p, take);
            text[take] = '\0';
        }
        p += n;
    }
}

int gnuplot_run(const char *script, size_t len, int seconds, struct buf *out, struct err *e)
{
    struct child c = {.pid = -1};
    struct buf log = BUF_INIT(65536);
    int rc = open_streams(&c, e);
    if (!rc)
        rc = start(&c, e);
    if (!rc) {
        rc = talk(&c, script, len, seconds, out, &log, e);
        if (rc)
            kill(c.pid, SIGKILL);
        int status = 0;
        while (waitpid(c.pid, &status, 0) < 0 && errno == EINTR)
            ;
        if (!rc && !(WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
            char text[200];
            complaint(&log, text, sizeof text);
            rc = err_set(e, ERR_IO, "gnuplot failed%s%s", text[0] ? ": " : "", text);
        }
    }
    for (int k = 0; k < STREAMS; k++) {
        close_fd(&c.fd[k]);
        close_fd(&c.other[k]);
    }
    buf_deinit(&log);
    return rc;
}
