/*
 * Tries what a job must not have (clock, random, files, environment) and prints what it was given instead.
 *
 * Usage: probe [spin|grow|flood|abort]
 * Without an argument it prints one line for each authority. The others misbehave on purpose, for the tests of limits:
 * spin never ends, grow takes memory until it is refused and prints how many MiB it got, flood never stops printing,
 * abort traps.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void print_authorities(void) {
    struct timespec now = {-1, -1};
    int clock = clock_gettime(CLOCK_REALTIME, &now);
    uint8_t noise[8];
    int random = getentropy(noise, sizeof noise);
    printf("clock %d %lld %ld\n", clock, (long long)now.tv_sec, now.tv_nsec);
    printf("random %d ", random);
    for (unsigned i = 0; i < sizeof noise; i++) printf("%02x", noise[i]);
    printf("\nopen %d\n", open("/etc/passwd", O_RDONLY));
    printf("environment %s\n", environ != NULL && environ[0] != NULL ? environ[0] : "empty");
}

static void grow(void) {
    unsigned mebibytes = 0;
    /* volatile: else the compiler proves that nobody needs the memory and takes none */
    for (char *volatile block; (block = malloc(1 << 20)) != NULL; mebibytes++) block[0] = 1;
    printf("grew %u\n", mebibytes);
}

int main(int argc, char **argv) {
    const char *mode = argc > 1 ? argv[1] : "";
    if (strcmp(mode, "spin") == 0) {
        for (volatile uint64_t i = 0;; i++) { }
    } else if (strcmp(mode, "grow") == 0) {
        grow();
    } else if (strcmp(mode, "flood") == 0) {
        for (;;) puts("0123456789abcdef0123456789abcdef0123456789abcdef");
    } else if (strcmp(mode, "abort") == 0) {
        __builtin_trap();
    } else {
        print_authorities();
    }
    return 0;
}
