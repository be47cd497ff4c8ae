/* Functions that this project does not use: a call is a compile error whose text is the remedy.
 *
 * Given to the compiler with -include for every folder but router/ext and tests. The headers that
 * declare the functions come first, so that their declarations are read before the names are
 * taken. Only calls are refused: a variable or a member may still be called `system`. Because of
 * these includes a feature macro (_POSIX_C_SOURCE) has to be a compiler flag, not a line in a .c.
 */
#ifndef CORE_BANNED_H
#define CORE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef sprintf
#undef vsprintf
#undef strtok
#undef atoi
#undef atol
#undef atof
#undef rand
#undef localtime
#undef gmtime
#undef system

#define strcpy(...) strcpy_is_banned_use_struct_buf_or_snprintf
#define strcat(...) strcat_is_banned_use_struct_buf_or_snprintf
#define strncpy(...) strncpy_is_banned_use_struct_buf_or_snprintf
#define strncat(...) strncat_is_banned_use_struct_buf_or_snprintf
#define sprintf(...) sprintf_is_banned_use_buf_addf_or_snprintf
#define vsprintf(...) vsprintf_is_banned_use_vsnprintf
#define strtok(...) strtok_is_banned_use_strcspn
#define atoi(...) atoi_is_banned_use_strtol_and_check_its_end
#define atol(...) atol_is_banned_use_strtol_and_check_its_end
#define atof(...) atof_is_banned_use_strtod_and_check_its_end
#define rand() rand_is_banned_use_core_rng
#define localtime(...) localtime_is_banned_use_core_clock
#define gmtime(...) gmtime_is_banned_use_core_clock_or_gmtime_r
#define system(...) system_is_banned_use_posix_spawn

#endif
