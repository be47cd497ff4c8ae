/* Preset dictionaries (RFC 1950) of raw bodies: what every reply of a protocol says anyway. Private
 * to this folder.
 *
 * A packed body names its dictionary by the Adler-32 of it, in zlib's header, and one without needs
 * none. So a dictionary is never changed: a better one is a further row, and the older stays for
 * what was packed with it.
 */
#ifndef STORE_DICTIONARY_H
#define STORE_DICTIONARY_H

#include "core/zipper.h"

/* To pack with: the newest of a protocol; an empty one where there is none. */
struct zipper_dictionary dictionary_of(const char *protocol);
/* All of them, *n. */
const struct zipper_dictionary *dictionaries(size_t *n);

#endif
