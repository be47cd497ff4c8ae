/* provider: simulated language models behind the real protocols, on the loopback interface. */
#include "tests/provider/http.h"

#include "core/fs.h"
#include "core/log.h"
#include "core/opt.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

struct settings {
    const char *data, *port_file, *key, *models;
    int64_t port, seed, retry_after;
    struct limit_options limits;
    const char *form;
    double latency_scale, rate[FAULT_COUNT], batch_expire, batch_drop;
    bool print_prices, json;
};

/* Values, once they are read; the form of limits becomes a number. */
static int check(struct settings *s, struct err *e)
{
    double sum = 0;
    for (int f = FAULT_429; f < FAULT_COUNT; f++) {
        if (!(s->rate[f] >= 0))
            return err_set(e, ERR_USAGE, "--rate-%s must not be negative",
                           fault_name((enum fault)f));
        sum += s->rate[f];
    }
    if (sum > 1)
        return err_set(e, ERR_USAGE, "the --rate-... options add up to %g, more than 1", sum);
    if (s->port < 0 || s->port > 65535 || s->retry_after < 0 || !(s->latency_scale >= 0))
        return err_set(e, ERR_USAGE,
                       "--port is 0 to 65535, --retry-after and --latency-scale are not negative");
    static const char *const forms[FORM_COUNT] = {"protocol", "unix-ms", "ietf", "per-second",
                                                  "silent"};
    for (int f = 0; s->form && f < FORM_COUNT; f++)
        if (strcmp(s->form, forms[f]) == 0) {
            s->limits.form = (enum limit_form)f;
            s->form = NULL;
        }
    if (s->form || !(s->limits.minute_s > 0))
        return err_set(
            e, ERR_USAGE,
            "--limit-form is protocol, unix-ms, ietf, per-second or silent; --limit-minute is"
            " positive");
    return 0;
}

static int parse(struct settings *s, int *argc, char **argv, struct err *e)
{
    const struct opt_usage usage = {
        "provider",
        "--data FILE.jsonl [options]",
        "Serve simulated models over OpenAI's, Anthropic's and Gemini's protocols on 127.0.0.1.",
        "Prints {\"port\":N,\"base_url\":...} on stdout when ready; ends on SIGTERM or SIGINT.",
    };
    const struct opt opts[] = {
        OPT_STR('d', "data", &s->data, "FILE", "the prompts that the models know, as JSON Lines"),
        OPT_INT('p', "port", &s->port, "N", "port on 127.0.0.1 (default 0: a free one)"),
        OPT_STR(0, "port-file", &s->port_file, "FILE", "write the port here when ready"),
        OPT_INT('s', "seed", &s->seed, "N", "seed of everything that is drawn (default 1)"),
        OPT_DBL(0, "latency-scale", &s->latency_scale, "X",
                "factor on simulated latencies (default 1; 0: none)"),
        OPT_STR('k', "key", &s->key, "SECRET", "the only API key that is accepted (default: any)"),
        OPT_DBL(0, "rate-429", &s->rate[FAULT_429], "P", "share of requests answered 429"),
        OPT_DBL(0, "rate-500", &s->rate[FAULT_500], "P", "share answered 500"),
        OPT_DBL(0, "rate-529", &s->rate[FAULT_529], "P", "share answered 529"),
        OPT_DBL(0, "rate-hang", &s->rate[FAULT_HANG], "P", "share never answered"),
        OPT_DBL(0, "rate-cut", &s->rate[FAULT_CUT], "P", "share cut off in the middle"),
        OPT_DBL(0, "rate-malformed", &s->rate[FAULT_MALFORMED], "P",
                "share with JSON that does not parse"),
        OPT_DBL(0, "batch-expire", &s->batch_expire, "P",
                "share of a batch's requests that expire, not made"),
        OPT_DBL(0, "batch-drop", &s->batch_drop, "P",
                "share that is made, and of which the results say nothing"),
        OPT_INT(0, "retry-after", &s->retry_after, "S", "seconds told with a 429 (default 1)"),
        OPT_INT(0, "limit-requests", &s->limits.requests, "N", "refuse more a minute and protocol"),
        OPT_INT(0, "limit-tokens", &s->limits.tokens, "N", "refuse more a minute and protocol"),
        OPT_DBL(0, "limit-minute", &s->limits.minute_s, "S", "what that minute lasts (default 60)"),
        OPT_FLAG(0, "limit-windows", &s->limits.windows,
                 "limits are whole again at the turn of a minute, not filling all the time"),
        OPT_STR(0, "limit-form", &s->form, "FORM",
                "headers of limits: protocol (default), unix-ms, ietf, per-second, silent"),
        OPT_STR(0, "models", &s->models, "FILE", "JSON array that adds or changes models"),
        OPT_FLAG(0, "print-prices", &s->print_prices,
                 "print models and prices as a shunt.yaml, and end"),
        OPT_FLAG(0, "json", &s->json, "with --print-prices: as JSON"),
        OPT_END(),
    };
    int rc = opt_parse(&usage, opts, argc, argv, e);
    if (rc == 0 && *argc > 0)
        rc = err_set(e, ERR_USAGE, "unexpected argument '%s'", argv[0]);
    return rc ? rc : check(s, e);
}

static int announce(const struct settings *s, uint16_t port, struct err *e)
{
    char line[16];
    printf("{\"port\":%u,\"base_url\":\"http://127.0.0.1:%u\"}\n", port, port);
    if (fflush(stdout))
        return err_set(e, ERR_IO, "cannot write to stdout");
    int n = snprintf(line, sizeof line, "%u\n", port);
    return s->port_file ? fs_write_atomic(s->port_file, line, (size_t)n, e) : 0;
}

/* Blocks the signals before any thread begins, so that they all wait for sigwait. */
static int run(const struct settings *s, struct sim *sim, struct err *e)
{
    sigset_t set;
    uint16_t port = 0;
    struct http *http = NULL;
    int signal_number = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    int rc = http_start(sim, (uint16_t)s->port, &http, &port, e);
    if (rc)
        return rc;
    rc = announce(s, port, e);
    if (!rc)
        sigwait(&set, &signal_number);
    http_stop(http);
    return rc;
}

static int print_prices(const struct settings *s, const struct sim *sim)
{
    char base[64];
    struct buf out = BUF_INIT(0);
    snprintf(base, sizeof base, "http://127.0.0.1:%lld", (long long)s->port);
    models_print(&sim->models, base, !s->json, &out);
    fputs(out.data, stdout);
    buf_deinit(&out);
    return fflush(stdout) ? ERR_IO : 0;
}

int main(int argc, char **argv)
{
    struct settings s = {.seed = 1, .retry_after = 1, .latency_scale = 1, .limits.minute_s = 60};
    struct sim sim = {0};
    struct err e = {0};
    log_set_name("provider");
    int rc = parse(&s, &argc, argv, &e);
    if (rc == 1)
        return 0;
    models_builtin(&sim.models);
    sim.seed = (uint64_t)s.seed;
    sim.latency_scale = s.latency_scale;
    sim.retry_after_s = s.retry_after;
    sim.batch_expire = s.batch_expire;
    sim.batch_drop = s.batch_drop;
    sim.key = s.key;
    memcpy(sim.rate, s.rate, sizeof sim.rate);
    if (!rc && s.models)
        rc = models_load(&sim.models, s.models, &e);
    if (!rc && s.print_prices) {
        rc = print_prices(&s, &sim);
    } else if (!rc) {
        sim.stats = stats_new(&sim.models);
        if (s.limits.requests > 0 || s.limits.tokens > 0)
            sim.limits = limits_new(&s.limits);
        rc = s.data ? traffic_load(s.data, &sim.traffic, &e) : (sim.traffic = traffic_empty(), 0);
        if (!rc)
            rc = run(&s, &sim, &e);
    }
    if (rc)
        log_error("%s", e.text);
    traffic_free(sim.traffic);
    stats_free(sim.stats);
    limits_free(sim.limits);
    models_free(&sim.models);
    return -rc;
}
