/* Runs a fuzz target over files, for compilers without libFuzzer: each file as it is, cut short at
 * some places, and with some bytes changed, the same ones each time.
 *
 *   fuzz_NAME [-m CHANGES] FILE...
 *
 * afl-fuzz drives the same program: afl-fuzz -i tests/fuzz/corpus/NAME -o OUT -- fuzz_NAME -m 0 @@
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t state = 1;

static size_t next(size_t n)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)(state >> 33) % n;
}

/* One to four changes of the kinds that formats mind: a bit, a byte, an extreme number, a stretch
 * copied from elsewhere. Returns the size to use. */
static size_t change(uint8_t *data, size_t size)
{
    static const uint32_t extreme[] = {0, 1, 0x7F, 0x80, 0xFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};
    for (size_t k = 1 + next(4); k > 0; k--) {
        size_t at = next(size);
        uint32_t number = extreme[next(8)];
        size_t n = 1 + next(16);
        switch (next(5)) {
        case 0:
            data[at] ^= (uint8_t)(1u << next(8));
            break;
        case 1:
            data[at] = (uint8_t)next(256);
            break;
        case 2:
            at &= ~(size_t)3;
            memcpy(data + at, &number, size - at < 4 ? size - at : 4);
            break;
        case 3:
            n = n < size - at ? n : size - at;
            memmove(data + at, data + next(size - n + 1), n);
            break;
        default:
            data[at] = (uint8_t)(data[at] + (next(2) ? 1 : -1));
        }
    }
    return next(16) ? size : 1 + next(size);
}

static int run_file(const char *path, long changes)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return 3;
    }
    static uint8_t data[1 << 20], work[1 << 20];
    size_t size = fread(data, 1, sizeof data, f);
    fclose(f);
    LLVMFuzzerTestOneInput(data, size);
    for (long i = 0; i < changes && size > 0; i++) {
        memcpy(work, data, size);
        LLVMFuzzerTestOneInput(work, change(work, size));
    }
    return 0;
}

int main(int argc, char **argv)
{
    long changes = 500;
    int from = 1;
    if (argc > 2 && strcmp(argv[1], "-m") == 0) {
        changes = strtol(argv[2], NULL, 10);
        from = 3;
    }
    if (from >= argc) {
        fputs("usage: fuzz_NAME [-m CHANGES] FILE...\n", stderr);
        return 2;
    }
    for (int i = from; i < argc; i++) {
        int status = run_file(argv[i], changes);
        if (status)
            return status;
    }
    printf("%d inputs, %ld changes of each: no fault\n", argc - from, changes);
    return 0;
}
