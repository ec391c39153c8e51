/* plain.c: a fuzz target without a fuzzer: the files it is given, then random
 * inputs by seed.  `fuzz_x COUNT FILE...`
 */
#include "rig.h"

#include "base/prng.h"

#include <stdio.h>
#include <stdlib.h>

enum { INPUT_MAX = 4096 };

static uint8_t input[1 << 16];

static void from_file(const char *name)
{
    FILE  *file = fopen(name, "rb");
    size_t n;

    if (!file) {
        perror(name);
        exit(1);
    }
    n = fread(input, 1, sizeof input, file);
    fclose(file);
    LLVMFuzzerTestOneInput(input, n);
}

static void from_seed(uint64_t seed)
{
    struct prng r = prng_stream((struct sipkey){ seed, 0 }, 0, "input");
    size_t      n = prng_below(&r, INPUT_MAX);

    for (size_t i = 0; i < n; i++)
        input[i] = (uint8_t)prng_u32(&r);
    LLVMFuzzerTestOneInput(input, n);
}

int main(int argc, char **argv)
{
    long count = argc > 1 ? atol(argv[1]) : 1000;

    for (int i = 2; i < argc; i++)
        from_file(argv[i]);
    for (long seed = 1; seed <= count; seed++) {
        if (getenv("FUZZ_VERBOSE"))
            fprintf(stderr, "seed %ld\n", seed);
        from_seed((uint64_t)seed);
    }
    return 0;
}
