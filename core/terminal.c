/* ioctl and write on stderr, and a few ways of cutting text. What is drawn is progress.c's and
 * bars.c's.
 */
#include "core/terminal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool terminal_is(void)
{
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && term != NULL && strcmp(term, "dumb") != 0;
}

void terminal_size(size_t *columns, size_t *lines)
{
    struct winsize size = {0};
    bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0;
    *columns = known && size.ws_col > 0 ? size.ws_col : 80;
    *lines = known && size.ws_row > 0 ? size.ws_row : 24;
}

size_t terminal_cut(const char *s, size_t len, size_t cells)
{
    for (size_t i = 0; i < len; i++) {
        if (((unsigned char)s[i] & 0xC0) != 0x80 && cells-- == 0)
            return i;
    }
    return len;
}

size_t terminal_cells(const char *s, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)s[i] & 0xC0) != 0x80;
    return n;
}

void terminal_mask(char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
            s[i] = '?';
    }
}

void terminal_write(const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(STDERR_FILENO, data, len);
        if (n <= 0)
            return; /* what is drawn is worth no error */
        data += n;
        len -= (size_t)n;
    }
}

void terminal_duration(struct buf *b, double seconds)
{
    uint64_t s = seconds < 1 ? 1 : seconds > 3.6e6 ? 3600000 : (uint64_t)(seconds + 0.5);
    if (s >= 3600)
        buf_addf(b, "%" PRIu64 ":%02d:%02d", s / 3600, (int)(s / 60 % 60), (int)(s % 60));
    else
        buf_addf(b, "%d:%02d", (int)(s / 60), (int)(s % 60));
}
