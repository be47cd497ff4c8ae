/* What a person reads on stderr: "shunt import: error: cannot open 'x': ...", one write a line,
 * control characters masked. Levels: -q errors only, default warnings and notes, -v details.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

void log_set_name(const char *name); /* "shunt import"; borrowed for good */
void log_set_level(int level);       /* 0 quiet, 1 default, 2 verbose */
int log_level(void);
/* So many lines of progress stand on the terminal, the cursor on the last of them: the next message
 * clears them before it is written. 0: none. */
void log_bar(int lines);
int log_bar_lines(void);
__attribute__((format(printf, 1, 2))) void log_error(const char *fmt, ...);
__attribute__((format(printf, 1, 2))) void log_warn(const char *fmt, ...);
__attribute__((format(printf, 1, 2))) void log_note(const char *fmt, ...);  /* level 1 */
__attribute__((format(printf, 1, 2))) void log_debug(const char *fmt, ...); /* level 2 */

#endif
