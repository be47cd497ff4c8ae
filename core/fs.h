/* Files: whole files, lines (plain or gzip), atomic writes, folders. The one door to zlib.
 */
#ifndef CORE_FS_H
#define CORE_FS_H

#include "core/buf.h"
#include "core/err.h"
#include "core/vec.h"

#include <stdbool.h>
#include <stddef.h>

/* The whole file ("-" is stdin), at most max bytes (ERR_FORMAT beyond), heap, NUL added. A gzip
 * file is unpacked (max counts unpacked bytes). */
int fs_read_all(const char *path, size_t max, char **out, size_t *len, struct err *e);

/* Lines of a plain or gzip file ("-" is stdin), found out by its first bytes. A gzip file that is
 * cut off, damaged in any member, or followed by something is ERR_FORMAT. A byte order mark at the
 * start of a plain file is left out. */
struct fs_lines;
int fs_lines_open(const char *path, size_t max_line, struct fs_lines **out, struct err *e);
/* The next line without its end (\n or \r\n); *line is valid until the next call, has a NUL after
 * len bytes. Returns 1, 0 at the end, or a negative code: ERR_FORMAT for a line longer than
 * max_line, with path and line number; ERR_IO. A last line without an end counts. */
int fs_lines_next(struct fs_lines *l, char **line, size_t *len, struct err *e);
size_t fs_lines_number(const struct fs_lines *l);   /* of the line last given, from 1 */
double fs_lines_progress(const struct fs_lines *l); /* share of the file read, 0..1; 0 if unknown */
void fs_lines_close(struct fs_lines *l);

/* Writes path through "path.tmp.PID", fsync, rename: the old file or the new one, never half. A
 * symbolic link is followed, the mode of a file that is replaced stays, and what is not a regular
 * file (/dev/null, a pipe) is written in place. One thread per path. */
int fs_write_atomic(const char *path, const void *data, size_t len, struct err *e);

bool fs_exists(const char *path);
bool fs_is_dir(const char *path);
int fs_mkdirs(const char *path, struct err *e);   /* as mkdir -p */
char *fs_join(const char *dir, const char *name); /* heap */
const char *fs_base(const char *path);            /* part after the last '/' */

struct str_vec VEC_BODY(char *);
void str_vec_free(struct str_vec *v);
/* Names in a folder that end in suffix, sorted by bytes; heap strings in *out. */
int fs_list(const char *dir, const char *suffix, struct str_vec *out, struct err *e);

/* zlib streams in memory, for stored bodies and router parameters. unzip refuses more than max. */
int fs_zip(const void *data, size_t len, struct buf *out, struct err *e);
int fs_unzip(const void *data, size_t len, size_t max, struct buf *out, struct err *e);

#endif
