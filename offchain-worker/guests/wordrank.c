/*
 * Counts the words of the text on standard input and prints the most frequent ones.
 *
 * Usage: wordrank [--top N] [--format json|tsv]
 * A word is a run of ASCII letters, digits and bytes above 0x7f, compared without regard to ASCII case.
 * Order: higher count first, then the smaller bytes; so every machine prints the same.
 * Exit status: 0 done, 1 no memory or no output, 2 wrong arguments.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char *text;
    uint32_t bytes;
    uint64_t count;
} Word;

typedef struct {
    Word *slots;
    uint32_t capacity; /* a power of two */
    uint32_t used;
} Table;

static void fail(int status, const char *why) {
    fprintf(stderr, "wordrank: %s\n", why);
    exit(status);
}

static void *need(void *memory) {
    if (memory == NULL) fail(1, "out of memory");
    return memory;
}

static uint32_t hash(const char *text, uint32_t bytes) {
    uint32_t h = 2166136261u; /* FNV-1a */
    for (uint32_t i = 0; i < bytes; i++) h = (h ^ (uint8_t)text[i]) * 16777619u;
    return h;
}

static Word *find(const Table *table, const char *text, uint32_t bytes) {
    uint32_t i = hash(text, bytes) & (table->capacity - 1);
    while (table->slots[i].text != NULL &&
           (table->slots[i].bytes != bytes || memcmp(table->slots[i].text, text, bytes) != 0)) {
        i = (i + 1) & (table->capacity - 1);
    }
    return &table->slots[i];
}

static void grow(Table *table) {
    Table bigger = {need(calloc(table->capacity * 2u, sizeof(Word))), table->capacity * 2u, table->used};
    for (uint32_t i = 0; i < table->capacity; i++) {
        const Word *word = &table->slots[i];
        if (word->text != NULL) *find(&bigger, word->text, word->bytes) = *word;
    }
    free(table->slots);
    *table = bigger;
}

static void add(Table *table, const char *text, uint32_t bytes) {
    Word *word = find(table, text, bytes);
    if (word->text == NULL) {
        word->text = need(malloc(bytes));
        memcpy(word->text, text, bytes);
        word->bytes = bytes;
        table->used++;
    }
    word->count++;
    if (table->used * 2u > table->capacity) grow(table);
}

static int is_letter(int c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c > 0x7f;
}

static uint64_t count(Table *table, FILE *input) {
    char word[256]; /* longer words are cut */
    uint32_t bytes = 0;
    uint64_t words = 0;
    for (;;) {
        int c = getc(input);
        if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
        if (c != EOF && is_letter(c)) {
            if (bytes < sizeof word) word[bytes++] = (char)c;
            continue;
        }
        if (bytes > 0) {
            add(table, word, bytes);
            words++;
            bytes = 0;
        }
        if (c == EOF) return words;
    }
}

static int by_rank(const void *a, const void *b) {
    const Word *left = a, *right = b;
    if (left->count != right->count) return left->count < right->count ? 1 : -1;
    uint32_t shorter = left->bytes < right->bytes ? left->bytes : right->bytes;
    int order = memcmp(left->text, right->text, shorter);
    if (order != 0) return order;
    return left->bytes < right->bytes ? -1 : left->bytes > right->bytes;
}

static uint32_t rank(Table *table) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < table->capacity; i++) {
        if (table->slots[i].text != NULL) table->slots[n++] = table->slots[i];
    }
    qsort(table->slots, n, sizeof(Word), by_rank);
    return n;
}

static void print_json(const Word *words, uint32_t top, uint32_t distinct, uint64_t total) {
    printf("{\"words\":%llu,\"distinct\":%u,\"top\":[", (unsigned long long)total, distinct);
    for (uint32_t i = 0; i < top; i++) {
        printf("%s[\"%.*s\",%llu]", i ? "," : "", (int)words[i].bytes, words[i].text,
               (unsigned long long)words[i].count);
    }
    printf("]}\n");
}

static void print_tsv(const Word *words, uint32_t top) {
    for (uint32_t i = 0; i < top; i++) {
        printf("%u\t%.*s\t%llu\n", i + 1, (int)words[i].bytes, words[i].text, (unsigned long long)words[i].count);
    }
}

int main(int argc, char **argv) {
    uint32_t top = 20;
    int tsv = 0;
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--top") == 0 && atoi(value) > 0) top = (uint32_t)atoi(value);
        else if (strcmp(argv[i], "--format") == 0 && strcmp(value, "tsv") == 0) tsv = 1;
        else if (strcmp(argv[i], "--format") == 0 && strcmp(value, "json") == 0) tsv = 0;
        else fail(2, "usage: wordrank [--top N] [--format json|tsv]");
    }

    Table table = {need(calloc(1024, sizeof(Word))), 1024, 0};
    uint64_t total = count(&table, stdin);
    uint32_t distinct = rank(&table);
    if (top > distinct) top = distinct;

    if (tsv) print_tsv(table.slots, top);
    else print_json(table.slots, top, distinct, total);
    return fflush(stdout) == 0 ? 0 : 1;
}
