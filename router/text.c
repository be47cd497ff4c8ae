/* The text of a conversation (FORMAT.md, section 6), and the library's messages. */
#include "router/shunt.h"

#include <string.h>

#ifndef SHUNT_VERSION
#define SHUNT_VERSION "0.1.0"
#endif

const char *shunt_version(void)
{
    return SHUNT_VERSION;
}

const char *shunt_strerror(int status)
{
    switch (status) {
    case SHUNT_OK:
        return "no error";
    case SHUNT_E_IO:
        return "the file cannot be read";
    case SHUNT_E_NOT_TABLE:
        return "not a shunt table";
    case SHUNT_E_VERSION:
        return "the table needs a newer version of this library";
    case SHUNT_E_TRUNCATED:
        return "the table is truncated";
    case SHUNT_E_CHECKSUM:
        return "the table is damaged: its checksum does not fit";
    case SHUNT_E_DAMAGED:
        return "the table is damaged: its contents are impossible";
    case SHUNT_E_HOST:
        return "tables cannot be read on a big-endian machine";
    case SHUNT_E_NOMEM:
        return "out of memory";
    case SHUNT_E_ARGUMENT:
        return "an argument is missing or out of range";
    case SHUNT_E_TOO_LONG:
        return "the text is longer than 8 MiB";
    case SHUNT_E_NO_VECTOR:
        return "the table needs an embedding vector with each request";
    case SHUNT_E_ENCODER:
        return "the embedding vector is from another encoder than the table's";
    case SHUNT_E_POINT:
        return "the table has no operating point of that name";
    case SHUNT_E_NO_MODEL:
        return "no model is left: allowed models, rules and unknown costs exclude all";
    case SHUNT_E_SELFTEST:
        return "the table does not give its own recorded answers";
    case SHUNT_E_LAMBDA:
        return "a plan takes its lambda from an operating point, not from the caller";
    case SHUNT_E_BUDGET:
        return "over a limit of the budget";
    case SHUNT_E_BUSY:
        return "too many replaced tables are still in use";
    default:
        return "unknown status";
    }
}

const char *shunt_reason_name(int reason)
{
    static const char *const name[] = {"utility", "guard", "rule", "mask", "share", "stage"};
    return reason >= 0 && reason < (int)(sizeof name / sizeof *name) ? name[reason] : "?";
}

static int is_user(const struct shunt_message *m)
{
    return m->role && strcmp(m->role, "user") == 0;
}

int shunt_text_of_messages(const struct shunt_message *messages, size_t count, char *out,
                           size_t cap, size_t *needed)
{
    if ((!messages && count) || (!out && cap) || !needed)
        return SHUNT_E_ARGUMENT;

    int any_user = 0;
    for (size_t i = 0; i < count; i++)
        any_user |= is_user(&messages[i]);

    /* First the length, so that a text that is too long leaves out untouched. */
    size_t length = 0;
    int first = 1;
    for (size_t i = 0; i < count; i++) {
        const struct shunt_message *m = &messages[i];
        if (any_user && !is_user(m))
            continue;
        if (!m->content && m->bytes)
            return SHUNT_E_ARGUMENT;
        if (m->bytes > SHUNT_TEXT_MAX || length + !first + m->bytes > SHUNT_TEXT_MAX)
            return SHUNT_E_TOO_LONG;
        length += !first + m->bytes;
        first = 0;
    }

    size_t at = 0;
    first = 1;
    for (size_t i = 0; i < count && at < cap; i++) {
        const struct shunt_message *m = &messages[i];
        if (any_user && !is_user(m))
            continue;
        if (!first)
            out[at++] = '\n';
        size_t n = m->bytes < cap - at ? m->bytes : cap - at;
        if (n > 0)
            memcpy(out + at, m->content, n);
        at += n;
        first = 0;
    }
    *needed = length;
    return SHUNT_OK;
}
