/* For tests: start the provider, ask it over a plain socket, stop it.
 *
 *   struct server s = server_start((const char *[]){"--data", "d.jsonl", NULL});
 *   struct answered a = server_ask(&s, "POST", "/v1/chat/completions", "", "{...}");
 *   a.status, a.body ...; answered_free(&a); server_stop(&s) is its exit status
 *
 * The program is $SHUNT_BUILD/provider (default build/provider). What the test's own machinery
 * cannot do ends the process with a message. One thread. Everything is static: a test is one object
 * file.
 */
#ifndef PROVIDER_CLIENT_H
#define PROVIDER_CLIENT_H

#include "core/buf.h"
#include "core/clock.h"
#include "core/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLIENT_FN static __attribute__((unused))
extern char **environ;

struct server {
    pid_t pid;
    int port;       /* 0: it ended before it was ready */
    char text[600]; /* what it printed until then, stdout or stderr */
    int out;
};

struct answered {
    int status;        /* 0: no answer, or none within the time limit */
    bool whole;        /* the announced length, or the last chunk, came */
    char *head, *body; /* heap, NUL-terminated; the body without chunk marks */
    size_t body_len;
};

_Noreturn CLIENT_FN void client_fail(const char *what)
{
    fprintf(stderr, "provider/client: %s: %s\n", what, strerror(errno));
    abort();
}

/* args end in NULL; at most 30. Returns when it is ready, or has ended (port 0). */
CLIENT_FN struct server server_start(const char *const *args)
{
    const char *build = getenv("SHUNT_BUILD");
    AUTO_FREE char *program = mem_printf("%s/provider", build ? build : "build");
    char *argv[32] = {program};
    struct server s = {0};
    int out[2];
    posix_spawn_file_actions_t actions;
    for (int i = 0; i < 30 && args[i]; i++)
        argv[i + 1] = mem_strdup(args[i]);
    if (pipe(out))
        client_fail("pipe");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_adddup2(&actions, out[1], 2);
    posix_spawn_file_actions_addclose(&actions, out[0]);
    posix_spawn_file_actions_addclose(&actions, out[1]);
    errno = posix_spawn(&s.pid, program, &actions, NULL, argv, environ);
    if (errno)
        client_fail(program);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    for (int i = 1; argv[i]; i++)
        free(argv[i]);
    s.out = out[0];
    size_t len = 0;
    while (len < sizeof s.text - 1 && !strchr(s.text, '\n')) {
        ssize_t n = read(s.out, s.text + len, sizeof s.text - 1 - len);
        if (n <= 0)
            break;
        len += (size_t)n;
    }
    sscanf(s.text, "{\"port\":%d,", &s.port);
    return s;
}

/* Exit status, or 128 + the signal that ended it. */
CLIENT_FN int server_wait(struct server *s)
{
    int status = 0;
    if (waitpid(s->pid, &status, 0) != s->pid)
        client_fail("waitpid");
    close(s->out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

CLIENT_FN int server_stop(struct server *s)
{
    kill(s->pid, SIGTERM);
    return server_wait(s);
}

CLIENT_FN int server_connect(const struct server *s)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)s->port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to))
        client_fail("connect");
    return fd;
}

/* Stops without a word when the server has closed: it may answer before it has read everything. */
CLIENT_FN void server_send(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        data += n;
        len -= (size_t)n;
    }
}

/* extra: further header lines, each with its "\r\n". body NULL: none. */
CLIENT_FN void server_request(int fd, const char *method, const char *path, const char *extra,
                              const char *body, size_t body_len)
{
    struct buf b = BUF_INIT(0);
    buf_addf(&b, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n%s", method, path,
             extra);
    if (body)
        buf_addf(&b, "Content-Length: %zu\r\n", body_len);
    buf_adds(&b, "\r\n");
    if (body)
        buf_add(&b, body, body_len);
    server_send(fd, b.data, b.len);
    buf_deinit(&b);
}

/* Takes the chunk marks out in place; true when the last chunk is there. */
CLIENT_FN bool client_dechunk(char *body, size_t *len)
{
    size_t from = 0, to = 0;
    while (from < *len) {
        char *end = NULL;
        size_t n = strtoul(body + from, &end, 16);
        char *data = end ? strstr(end, "\r\n") : NULL;
        if (!data || (size_t)(data + 2 - body) + n > *len)
            break;
        from = (size_t)(data + 2 - body);
        if (n == 0) {
            body[ *len = to] = '\0';
            return true;
        }
        memmove(body + to, body + from, n);
        to += n;
        from += n + 2;
    }
    body[ *len = to] = '\0';
    return false;
}

/* Value of a header of the answer, in the caller's buffer; false when absent. */
CLIENT_FN bool answered_header(const struct answered *a, const char *name, char *out, size_t max)
{
    for (const char *line = a->head; line; line = strstr(line, "\r\n")) {
        line += strncmp(line, "\r\n", 2) ? 0 : 2;
        size_t n = strlen(name);
        if (!strncasecmp(line, name, n) && line[n] == ':') {
            line += n + 1 + strspn(line + n + 1, " ");
            snprintf(out, max, "%.*s", (int)strcspn(line, "\r"), line);
            return true;
        }
    }
    return false;
}

/* Until the server closes, or for limit_ms; closes fd. */
CLIENT_FN struct answered server_read(int fd, int limit_ms)
{
    struct answered a = {0};
    struct buf all = BUF_INIT(0);
    char block[8192], value[40];
    double end = clock_s() + limit_ms / 1000.0;
    for (;;) {
        int left = (int)((end - clock_s()) * 1000);
        struct pollfd p = {.fd = fd, .events = POLLIN};
        ssize_t n = left > 0 && poll(&p, 1, left) > 0 ? recv(fd, block, sizeof block, 0) : 0;
        if (n <= 0)
            break;
        buf_add(&all, block, (size_t)n);
    }
    close(fd);
    const char *body = strstr(all.data, "\r\n\r\n");
    if (body) {
        sscanf(all.data, "HTTP/1.1 %d", &a.status);
        a.head = mem_strndup(all.data, (size_t)(body - all.data));
        a.body_len = all.len - (size_t)(body + 4 - all.data);
        a.body = mem_alloc(a.body_len + 1);
        memcpy(a.body, body + 4, a.body_len);
        a.body[a.body_len] = '\0';
        if (answered_header(&a, "Content-Length", value, sizeof value))
            a.whole = strtoul(value, NULL, 10) == a.body_len;
        else
            a.whole = client_dechunk(a.body, &a.body_len);
    } else {
        a.head = mem_strdup("");
        a.body = mem_strdup("");
    }
    buf_deinit(&all);
    return a;
}

CLIENT_FN struct answered server_ask(const struct server *s, const char *method, const char *path,
                                     const char *extra, const char *body)
{
    int fd = server_connect(s);
    server_request(fd, method, path, extra, body, body ? strlen(body) : 0);
    return server_read(fd, 20000);
}

CLIENT_FN void answered_free(struct answered *a)
{
    free(a->head);
    free(a->body);
    *a = (struct answered){0};
}

#endif
