/*
 * An operator function of the environment proof: computes over integers that grow out of a seed.
 *
 * Reads 32 bytes, writes 32 bytes. It draws words, sorts them, walks through memory along them, multiplies matrices and
 * folds in the sign and the bits of numbers of every width, so that a runtime which gets one instruction wrong, or skips
 * the work, writes something else.
 */
#include <stdint.h>
#include <unistd.h>

enum { SEED = 32, WORDS = 1 << 14, SIDE = 48, STEPS = 1 << 18 };

static uint64_t words[WORDS];
static uint64_t left[SIDE][SIDE], right[SIDE][SIDE];

/* SplitMix64: every word of the stream depends on the whole state. */
static uint64_t draw(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void sink(unsigned root, unsigned end) {
    for (unsigned child; (child = 2 * root + 1) < end; root = child) {
        if (child + 1 < end && words[child] < words[child + 1]) child++;
        if (words[root] >= words[child]) return;
        uint64_t kept = words[root];
        words[root] = words[child];
        words[child] = kept;
    }
}

static void sort(void) {
    for (unsigned root = WORDS / 2; root-- > 0;) sink(root, WORDS);
    for (unsigned end = WORDS; end-- > 1;) {
        uint64_t greatest = words[0];
        words[0] = words[end];
        words[end] = greatest;
        sink(0, end);
    }
}

/* Each step's place depends on the word of the step before. */
static uint64_t walk(uint64_t sum) {
    for (unsigned step = 0; step < STEPS; step++) {
        unsigned place = (unsigned)(sum >> 17) % WORDS;
        sum = (sum << 5 | sum >> 59) ^ words[place];
        sum += (uint64_t)((int64_t)sum / (int64_t)(words[place] % 1021 + 3));
        sum ^= (uint64_t)__builtin_popcountll(sum) << 40 ^ (uint64_t)__builtin_clzll(sum | 1) << 20;
        words[place] = sum;
    }
    return sum;
}

static uint64_t multiply(uint64_t *state) {
    for (unsigned row = 0; row < SIDE; row++) {
        for (unsigned column = 0; column < SIDE; column++) {
            left[row][column] = draw(state);
            right[row][column] = words[(row * SIDE + column) % WORDS];
        }
    }
    uint64_t trace = 0;
    for (unsigned row = 0; row < SIDE; row++) {
        for (unsigned column = 0; column < SIDE; column++) {
            uint64_t sum = 0;
            for (unsigned i = 0; i < SIDE; i++) sum += left[row][i] * right[i][column];
            trace = (trace ^ sum) * 0x100000001b3u;
        }
    }
    return trace;
}

static int all(int is_read, uint8_t *bytes, size_t length) {
    while (length > 0) {
        ssize_t moved = is_read ? read(0, bytes, length) : write(1, bytes, length);
        if (moved <= 0) return 0;
        bytes += moved;
        length -= (size_t)moved;
    }
    return 1;
}

int main(void) {
    uint8_t seed[SEED];
    if (!all(1, seed, SEED)) return 1;
    uint64_t state = 0, answer[SEED / 8];
    for (unsigned i = 0; i < SEED; i++) state = draw(&state) ^ seed[i];
    for (unsigned i = 0; i < WORDS; i++) words[i] = draw(&state);
    for (unsigned i = 0; i < SEED / 8; i++) {
        sort();
        state ^= walk(state);
        answer[i] = multiply(&state);
    }
    return all(0, (uint8_t *)answer, SEED) ? 0 : 2;
}
