/* A chat provider that costs next to nothing, so that the client is what is measured: one thread,
 * epoll, HTTP/1.1 with kept connections, answers of about 1 KB that are made before the first
 * request. It reads no request beyond its length. Linux only.
 *
 *   bench_server --port-file FILE [--latency-ms MS]     serves on a free port of 127.0.0.1
 *   bench_server --prompts N                            N prompts as JSONL: requests of 600 bytes
 *   bench_server --measure FILE COMMAND...              runs it; FILE: user and system seconds, KB
 * at most
 */
#define _GNU_SOURCE /* memmem */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    ANSWERS = 4096,      /* different ones, in turn */
    ANSWER_BYTES = 4096, /* of one at most, head included */
    REQUEST_BYTES = 1 << 16,
    FDS = 1 << 16,
    PROSE_PROMPT = 440, /* bytes: with the frame of a request 600 */
    PROSE_ANSWER = 520, /* bytes: with the frame of an answer about 1 KB */
};

struct connection {
    char *in; /* REQUEST_BYTES; NULL: not open */
    size_t len;
};
struct due {
    int64_t at_ns;
    int fd;
};

static struct connection connections[FDS];
static char answers[ANSWERS][ANSWER_BYTES];
static size_t answer_len[ANSWERS];
static struct due queue[FDS]; /* the same latency for all: first come, first served */
static size_t queue_first, queue_n;
static int64_t latency_ns;
static int timer_fd = -1;

static void die(const char *what)
{
    fprintf(stderr, "bench_server: %s: %s\n", what, strerror(errno));
    exit(3);
}

static uint64_t next_random(uint64_t *state) /* splitmix64 */
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Sentences of made-up words of the lengths and letters of English; no two texts are alike. */
static size_t prose(char *out, size_t max, uint64_t seed)
{
    static const char consonants[] = "ttnnsshrrdllccmwfgpbvk", vowels[] = "eeeeaaaooiiu";
    size_t n = 0, words = 0;
    uint64_t state = seed;
    while (n + 16 < max) {
        size_t syllables = 1 + next_random(&state) % 3;
        for (size_t i = 0; i < syllables; i++) {
            uint64_t r = next_random(&state);
            char c = consonants[r % (sizeof consonants - 1)];
            out[n++] = (char)(words % 12 == 0 && i == 0 ? c - 'a' + 'A' : c);
            out[n++] = vowels[r / 64 % (sizeof vowels - 1)];
            if (r >> 60 < 6)
                out[n++] = consonants[r / 4096 % (sizeof consonants - 1)];
        }
        if (++words % 12 == 0)
            out[n++] = '.';
        out[n++] = ' ';
    }
    out[n - 1] = '.';
    return n;
}

static void make_answers(void)
{
    for (size_t i = 0; i < ANSWERS; i++) {
        char text[PROSE_ANSWER + 1], body[ANSWER_BYTES / 2];
        uint64_t seed = 1000000 + i;
        text[prose(text, PROSE_ANSWER, seed)] = '\0';
        int n = snprintf(
            body, sizeof body,
            "{\"id\":\"chatcmpl-%016llx\",\"object\":\"chat.completion\",\"created\":1767571200,"
            "\"model\":\"bench-1\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_"
            "bench\","
            "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"%s\","
            "\"refusal\":null,\"annotations\":[]},\"logprobs\":null,\"finish_reason\":\"stop\"}],"
            "\"usage\":{\"prompt_tokens\":%d,\"completion_tokens\":%d,\"total_tokens\":%d,"
            "\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0},"
            "\"completion_tokens_details\":{\"reasoning_tokens\":0,\"audio_tokens\":0,"
            "\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}}}",
            (unsigned long long)next_random(&seed), text, 120, 140, 260);
        int head = snprintf(answers[i], ANSWER_BYTES,
                            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                            "x-request-id: req_%08zu\r\nopenai-processing-ms: 1\r\n"
                            "x-ratelimit-limit-requests: 100000000\r\n"
                            "x-ratelimit-remaining-requests: 99999999\r\n"
                            "x-ratelimit-reset-requests: 1ms\r\nContent-Length: %d\r\n\r\n",
                            i, n);
        memcpy(answers[i] + head, body, (size_t)n);
        answer_len[i] = (size_t)(head + n);
    }
}

static void print_prompts(long n)
{
    for (long i = 0; i < n; i++) {
        char text[PROSE_PROMPT + 1];
        text[prose(text, PROSE_PROMPT, (uint64_t)i)] = '\0';
        printf("{\"id\":\"bench-%06ld\",\"task\":\"bench\",\"messages\":[{\"role\":\"system\","
               "\"content\":"
               "\"Answer in one paragraph.\"},{\"role\":\"user\",\"content\":\"%s\"}]}\n",
               i, text);
    }
}

/* --- serving ------------------------------------------------------------------------------------
 */
static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void set_timer(void)
{
    struct itimerspec when = {{0, 0}, {0, 0}};
    if (queue_n) {
        int64_t at = queue[queue_first].at_ns;
        when.it_value = (struct timespec){at / 1000000000, at % 1000000000};
    }
    timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void hang_up(int fd)
{
    free(connections[fd].in);
    connections[fd] = (struct connection){NULL, 0};
    close(fd);
}

static void answer(int fd)
{
    static size_t turn;
    size_t i = turn++ % ANSWERS;
    /* An answer fits the socket's buffer; one that does not is a client that does not read. */
    if (connections[fd].in && write(fd, answers[i], answer_len[i]) != (ssize_t)answer_len[i])
        hang_up(fd);
}

static void answer_later(int fd)
{
    queue[(queue_first + queue_n++) % FDS] = (struct due){now_ns() + latency_ns, fd};
    if (queue_n == 1)
        set_timer();
}

static void answer_due(void)
{
    int64_t now = now_ns();
    while (queue_n && queue[queue_first].at_ns <= now) {
        answer(queue[queue_first].fd);
        queue_first = (queue_first + 1) % FDS;
        queue_n--;
    }
    set_timer();
}

/* Bytes of the whole request at the beginning of c->in; 0: more is to come. */
static size_t whole(const struct connection *c)
{
    const char *end = memmem(c->in, c->len, "\r\n\r\n", 4);
    if (!end)
        return 0;
    size_t head = (size_t)(end - c->in) + 4, body = 0;
    for (const char *line = c->in; line < end;) {
        if (strncasecmp(line, "Content-Length:", 15) == 0)
            body = strtoul(line + 15, NULL, 10);
        line = memchr(line, '\n', (size_t)(end + 2 - line));
        if (!line++)
            break;
    }
    return head + body <= c->len ? head + body : 0;
}

static void hear(int fd)
{
    struct connection *c = &connections[fd];
    ssize_t got = read(fd, c->in + c->len, REQUEST_BYTES - c->len);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN)
            hang_up(fd);
        return;
    }
    c->len += (size_t)got;
    for (size_t n; c->in && (n = whole(c)) > 0;) {
        memmove(c->in, c->in + n, c->len - n);
        c->len -= n;
        if (latency_ns)
            answer_later(fd);
        else
            answer(fd);
    }
    if (c->in && c->len == REQUEST_BYTES)
        hang_up(fd);
}

static void welcome(int epoll, int listener)
{
    int fd, on = 1;
    while ((fd = accept(listener, NULL, NULL)) >= 0) {
        if (fd >= FDS) {
            close(fd);
            continue;
        }
        struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        connections[fd] = (struct connection){malloc(REQUEST_BYTES), 0};
        if (!connections[fd].in || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev))
            die("a connection");
    }
}

static int listen_on_loopback(const char *port_file)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 4096) ||
        getsockname(fd, (struct sockaddr *)&a, &len))
        die("listen");
    FILE *f = fopen(port_file, "w");
    if (!f || fprintf(f, "%d\n", ntohs(a.sin_port)) < 0 || fclose(f))
        die(port_file);
    return fd;
}

static void serve(const char *port_file)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    int epoll = epoll_create1(0), listener = listen_on_loopback(port_file);
    timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct epoll_event l = {.events = EPOLLIN, .data.fd = listener},
                       t = {.events = EPOLLIN, .data.fd = timer_fd};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &l) ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, timer_fd, &t))
        die("epoll");
    for (;;) {
        struct epoll_event ev[256];
        int n = epoll_wait(epoll, ev, 256, -1);
        for (int i = 0; i < n; i++)
            if (ev[i].data.fd == listener)
                welcome(epoll, listener);
            else if (ev[i].data.fd == timer_fd)
                answer_due();
            else
                hear(ev[i].data.fd);
    }
}

/* Returns the command's exit status. */
static int measure(const char *file, char **command)
{
    struct rusage used;
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        execvp(command[0], command);
        die(command[0]);
    }
    if (child < 0 || wait4(child, &status, 0, &used) != child)
        die("wait");
    FILE *f = fopen(file, "w");
    if (!f ||
        fprintf(f, "%ld.%06ld %ld.%06ld %ld\n", (long)used.ru_utime.tv_sec,
                (long)used.ru_utime.tv_usec, (long)used.ru_stime.tv_sec,
                (long)used.ru_stime.tv_usec, used.ru_maxrss) < 0 ||
        fclose(f))
        die(file);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
    if (argc > 3 && strcmp(argv[1], "--measure") == 0)
        return measure(argv[2], argv + 3);
    const char *port_file = NULL;
    long prompts = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--port-file") == 0)
            port_file = argv[i + 1];
        else if (strcmp(argv[i], "--latency-ms") == 0)
            latency_ns = (int64_t)(strtod(argv[i + 1], NULL) * 1e6);
        else if (strcmp(argv[i], "--prompts") == 0)
            prompts = strtol(argv[i + 1], NULL, 10);
    }
    if (prompts > 0) {
        print_prompts(prompts);
        return 0;
    }
    if (!port_file) {
        fprintf(stderr, "usage: bench_server --port-file FILE [--latency-ms MS] | --prompts N |"
                        " --measure FILE COMMAND...\n");
        return 2;
    }
    make_answers();
    serve(port_file);
}
