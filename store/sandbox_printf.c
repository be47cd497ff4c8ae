/* printf() and format() of the sandbox. SQLite's own repeats a character as often as a precision
 * says within one step ('%.*c' with a billion takes seconds), where no limit can stop it; so widths
 * and precisions have at most three digits here and none comes from an argument. Otherwise each
 * directive is handed to SQLite's formatter.
 */
#include "store/sandbox_rows.h"

#include <stdio.h>
#include <string.h>

/* Length of the directive at f ('%' included), 0 when it is not one of those allowed. */
static size_t directive(const char *f)
{
    size_t n = 1 + strspn(f + 1, "-+ 0,#!");
    size_t digits = strspn(f + n, "0123456789");
    if (digits > 3)
        return 0;
    n += digits;
    if (f[n] == '.') {
        digits = strspn(f + n + 1, "0123456789");
        if (digits > 3)
            return 0;
        n += 1 + digits;
    }
    return f[n] && strchr("%dixXouceEfgGsqQw", f[n]) ? n + 1 : 0;
}

/* One directive, its conversion last in spec[0..n), with its argument (NULL: none was given). */
static void append(sqlite3_str *out, const char *spec, size_t n, sqlite3_value *v)
{
    char with[32];
    char conversion = spec[n - 1];
    const char *text = v ? (const char *)sqlite3_value_text(v) : NULL;
    bool whole = strchr("dixXou", conversion) != NULL;
    snprintf(with, sizeof with, "%.*s%s%c", (int)n - 1, spec, whole ? "ll" : "", conversion);
/* The format is checked by directive() above. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    if (conversion == '%')
        sqlite3_str_appendchar(out, 1, '%');
    else if (whole)
        sqlite3_str_appendf(out, with, v ? sqlite3_value_int64(v) : 0);
    else if (strchr("eEfgG", conversion))
        sqlite3_str_appendf(out, with, v ? sqlite3_value_double(v) : 0.0);
    else if (conversion == 'c')
        sqlite3_str_appendf(out, "%.1s", text ? text : "");
    else if (conversion == 'Q' && !text)
        sqlite3_str_appendall(out, "NULL");
    else
        sqlite3_str_appendf(out, with, text ? text : "");
#pragma GCC diagnostic pop
}

static void sandbox_printf(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    const char *f = argc ? (const char *)sqlite3_value_text(argv[0]) : NULL;
    if (!f)
        return; /* null */
    sqlite3_str *out = sqlite3_str_new(sqlite3_context_db_handle(ctx));
    int used = 1;
    while (*f) {
        size_t plain = strcspn(f, "%");
        sqlite3_str_append(out, f, (int)plain);
        f += plain;
        if (!*f)
            break;
        size_t n = directive(f);
        if (n == 0) {
            sqlite3_free(sqlite3_str_finish(out));
            sqlite3_result_error(ctx, "printf() with a width from an argument or above 999", -1);
            return;
        }
        bool takes = f[n - 1] != '%';
        append(out, f, n, takes && used < argc ? argv[used] : NULL);
        used += takes;
        f += n;
    }
    int failed = sqlite3_str_errcode(out);
    char *text = sqlite3_str_finish(out);
    if (failed == SQLITE_TOOBIG)
        sqlite3_result_error_toobig(ctx);
    else
        sqlite3_result_text(ctx, text ? text : "", -1, SQLITE_TRANSIENT);
    sqlite3_free(text);
}

void sandbox_define_printf(sqlite3 *db)
{
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    sqlite3_create_function_v2(db, "printf", -1, flags, NULL, sandbox_printf, NULL, NULL, NULL);
    sqlite3_create_function_v2(db, "format", -1, flags, NULL, sandbox_printf, NULL, NULL, NULL);
}
