/* libmicrohttpd's side: collecting a request's body, waiting out the simulated time, sending, and
 * counting a reply only when its last byte went out.
 *
 * One thread a connection, which may simply sleep: waiting is a poll on the client's socket and on
 * a pipe that http_stop closes, so a client that goes away, or the end of the server, ends it at
 * once. */
#include "tests/provider/http.h"

#include "core/clock.h"
#include "core/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    BLOCK_BYTES = 16 << 10,
    CONNECTION_BYTES = 64 << 10, /* request line and headers must fit */
    DRAIN_BYTES = 64 << 20,      /* of a body that is too large, before the connection is dropped */
    STACK_BYTES = 512 << 10,
    CONNECTIONS_MAX = 4096,
    IDLE_S = 120,
};

struct http {
    struct MHD_Daemon *daemon;
    struct sim *sim;
    int stop[2]; /* the write end is closed to stop */
};

/* A request while its thread works on it. */
struct exchange {
    struct call call;
    struct http *http;
    size_t received; /* bytes of the body, those beyond BODY_MAX too */
    size_t step;     /* the next one to wait for, while streaming */
    bool answered;   /* call_answer was run */
    bool counted;    /* `asked` was raised before the last byte was handed over */
};

enum wait_result { WAIT_DONE, WAIT_GONE };

static int socket_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

/* Whether the client closed its side; *readable: it sent more, so poll would not wait. */
static bool client_gone(int fd, bool *readable)
{
    char c;
    ssize_t n = recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT);
    *readable = n > 0;
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

/* ms < 0: until the client goes or the server stops. */
static enum wait_result wait_ms(const struct exchange *x, double ms)
{
    int fd = socket_of(x->call.connection);
    bool readable = false;
    double end = clock_s() + ms / 1000;
    for (;;) {
        if (client_gone(fd, &readable))
            return WAIT_GONE;
        double left = (end - clock_s()) * 1000;
        if (ms >= 0 && left <= 0.05)
            return WAIT_DONE;
        struct pollfd p[2] = {{.fd = x->http->stop[0], .events = POLLIN},
                              {.fd = fd, .events = POLLIN}};
        if (ms >= 0 && left < 1) { /* below poll's resolution */
            struct timespec t = {0, (long)(left * 1e6)};
            nanosleep(&t, NULL);
            continue;
        }
        int timeout = ms < 0 ? (readable ? 100 : -1) : (int)left;
        if (poll(p, readable ? 1 : 2, timeout) > 0 && p[0].revents)
            return WAIT_GONE;
    }
}

static const char *get_header(const struct call *c, const char *name)
{
    return MHD_lookup_connection_value(c->connection, MHD_HEADER_KIND, name);
}

static const char *get_argument(const struct call *c, const char *name)
{
    return MHD_lookup_connection_value(c->connection, MHD_GET_ARGUMENT_KIND, name);
}

/* Counts the answer for its prompt before its last bytes go out, so that a client that has them
 * finds it counted; taken back in `completed` when they did not arrive. */
static void count_asked(struct exchange *x)
{
    if (x->call.reply.asked && !x->counted) {
        asked_add(x->http->sim->stats, x->call.reply.asked, 1);
        x->counted = true;
    }
}

static ssize_t read_body(void *closure, uint64_t pos, char *to, size_t max)
{
    struct exchange *x = closure;
    struct reply *r = &x->call.reply;
    size_t end = r->body.len;
    if (r->stream) {
        while (x->step < r->steps.n && r->steps.v[x->step].end <= pos)
            x->step++;
        if (x->step >= r->steps.n)
            return MHD_CONTENT_READER_END_OF_STREAM;
        struct step *s = &r->steps.v[x->step];
        double ms = s->wait_ms * x->http->sim->latency_scale;
        s->wait_ms = 0; /* once, though the step may need several blocks */
        if (ms > 0 && wait_ms(x, ms) == WAIT_GONE)
            return MHD_CONTENT_READER_END_WITH_ERROR;
        end = s->end;
    }
    if (end > r->cut_at)
        end = r->cut_at;
    if (pos >= end)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t n = end - (size_t)pos < max ? end - (size_t)pos : max;
    if (pos + n == r->body.len)
        count_asked(x);
    memcpy(to, r->body.data + pos, n);
    return (ssize_t)n;
}

static struct MHD_Response *make_response(struct exchange *x)
{
    struct reply *r = &x->call.reply;
    struct MHD_Response *response;
    if (r->stream || r->cut_at != SIZE_MAX) {
        response = MHD_create_response_from_callback(r->stream ? MHD_SIZE_UNKNOWN : r->body.len,
                                                     BLOCK_BYTES, read_body, x, NULL);
    } else {
        count_asked(x);
        response =
            MHD_create_response_from_buffer(r->body.len, r->body.data, MHD_RESPMEM_PERSISTENT);
    }
    if (!response)
        return NULL;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, r->type);
    for (size_t i = 0; i < r->headers.n; i++)
        MHD_add_response_header(response, r->headers.v[i].name, r->headers.v[i].value);
    return response;
}

static enum MHD_Result respond(struct exchange *x)
{
    struct call *c = &x->call;
    struct reply *r = &c->reply;
    x->answered = true;
    call_answer(c);
    if (c->ordinal)
        stats_flying(c->sim->stats, 1);
    if (r->hang) {
        wait_ms(x, -1);
        return MHD_NO;
    }
    double ms = r->stream || !r->steps.n ? 0 : r->steps.v[0].wait_ms * c->sim->latency_scale;
    if (wait_ms(x, ms) == WAIT_GONE)
        return MHD_NO;
    struct MHD_Response *response = make_response(x);
    if (!response)
        return MHD_NO;
    stats_status(c->sim->stats, r->status);
    enum MHD_Result result = MHD_queue_response(c->connection, r->status, response);
    MHD_destroy_response(response);
    return result;
}

static struct exchange *exchange_new(struct http *h, struct MHD_Connection *connection,
                                     const char *url, const char *method)
{
    struct exchange *x = mem_zalloc(sizeof *x);
    x->http = h;
    x->call = (struct call){.sim = h->sim,
                            .method = method,
                            .url = url,
                            .header = get_header,
                            .argument = get_argument,
                            .connection = connection};
    buf_init(&x->call.body, BODY_MAX);
    reply_init(&x->call.reply);
    return x;
}

static enum MHD_Result handle(void *closure, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *size, void **state)
{
    (void)version;
    struct exchange *x = *state;
    if (!x) { /* the headers are in: the body comes next */
        *state = exchange_new(closure, connection, url, method);
        return MHD_YES;
    }
    if (*size) {
        x->received += *size;
        buf_add(&x->call.body, data, *size);
        *size = 0;
        return x->received > DRAIN_BYTES ? MHD_NO : MHD_YES;
    }
    return x->answered ? MHD_YES : respond(x);
}

static void completed(void *closure, struct MHD_Connection *connection, void **state,
                      enum MHD_RequestTerminationCode code)
{
    (void)closure, (void)connection;
    struct exchange *x = *state;
    if (!x)
        return;
    const struct reply *r = &x->call.reply;
    struct stats *stats = x->http->sim->stats;
    bool whole = code == MHD_REQUEST_TERMINATED_COMPLETED_OK && r->cut_at == SIZE_MAX;
    if (x->counted && !whole)
        asked_add(stats, r->asked, -1);
    if (whole && r->model)
        stats_completed(stats, r->model, (int)r->verdict, r->prompt_tokens, r->output_tokens);
    if (x->call.ordinal)
        stats_flying(stats, -1);
    reply_deinit(&x->call.reply);
    buf_deinit(&x->call.body);
    free(x);
    *state = NULL;
}

int http_start(struct sim *sim, uint16_t port, struct http **out, uint16_t *bound, struct err *e)
{
    struct http *h = mem_zalloc(sizeof *h);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    h->sim = sim;
    if (pipe(h->stop)) {
        free(h);
        return err_set(e, ERR_IO, "cannot make a pipe: %s", strerror(errno));
    }
    h->daemon = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, port, NULL,
        NULL, handle, h, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
        MHD_OPTION_NOTIFY_COMPLETED, completed, h, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
        MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_S, MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024u, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        h->daemon ? MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
    if (!info) {
        http_stop(h);
        return err_set(e, ERR_NET, "cannot listen on 127.0.0.1:%u: %s; give another --port, or 0",
                       port, strerror(errno));
    }
    *bound = info->port;
    *out = h;
    return 0;
}

void http_stop(struct http *h)
{
    if (!h)
        return;
    close(h->stop[1]);
    if (h->daemon)
        MHD_stop_daemon(h->daemon);
    close(h->stop[0]);
    free(h);
}
