/* Makes snapshot files that are small and claim or unpack to much, from a good one: FOLDER/NAME.snap each.
 *
 *   fuzz-bombs SNAPSHOT FOLDER */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>

#include "graph/base/cleanup.h"
#include "probes/image/image.h"

#define HEADER 24          /* bytes of the file's header: snapfile.c */
#define BLOCK (4u << 20)
#define MEMORY_SIZE 24     /* where in the facts it stands, and the numbers of things that follow */
#define NUMBERS 40

struct chunk {
	uint8_t kind, zero[3];
	uint32_t stored;
	uint64_t size, at, hash;
};

static uint8_t header[HEADER], facts[1 << 16], block[BLOCK], packed[BLOCK + (1 << 16)];
static struct chunk facts_head;
static const char *folder;
static FILE *out;

/* The seed's header and facts. */
static bool read_seed(const char *path)
{
	FILE *in = fopen(path, "rb");
	bool ok = in && fread(header, sizeof header, 1, in) == 1 &&
		  fread(&facts_head, sizeof facts_head, 1, in) == 1 && facts_head.kind == 'I' &&
		  facts_head.stored <= sizeof packed && fread(packed, facts_head.stored, 1, in) == 1 &&
		  facts_head.size <= sizeof facts &&
		  ZSTD_decompress(facts, sizeof facts, packed, facts_head.stored) == facts_head.size;

	if (in)
		fclose(in);
	return ok;
}

/* N copies of one chunk, one behind the other if they MOVE. */
static void put(char kind, const void *bytes, uint64_t size, uint64_t n, bool move)
{
	struct chunk head = { .kind = (uint8_t)kind, .size = size };

	head.stored = (uint32_t)ZSTD_compress(packed, sizeof packed, bytes, size, 1);
	head.hash = XXH3_64bits(packed, head.stored);
	for (uint64_t i = 0; i < n; i++) {
		fwrite(&head, sizeof head, 1, out);
		fwrite(packed, head.stored, 1, out);
		head.at += move ? size : 0;
	}
}

static void begin(const char *name, uint64_t memory, unsigned number, uint32_t value)
{
	char path[512];
	uint8_t changed[sizeof facts];

	snprintf(path, sizeof path, "%s/%s.snap", folder, name);
	out = fopen(path, "wb");
	if (!out)
		exit(1);
	memcpy(changed, facts, facts_head.size);
	memcpy(changed + MEMORY_SIZE, &memory, sizeof memory);
	if (number)
		memcpy(changed + NUMBERS + 4 * (number - 1), &value, sizeof value);
	fwrite(header, sizeof header, 1, out);
	put('I', changed, facts_head.size, 1, false);
}

static void end(void)
{
	put('E', "", 0, 1, false);
	fclose(out);
}

/* Lists that the facts announce: ranges, threads, files, …, and none comes. */
static void announce(void)
{
	static const char *const names[] = {"ranges", "threads", "files", "exe", "variables", "text",
					    "types", "members", "packages"};
	char name[64];

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(name, sizeof name, "announced-%s", names[i]);
		begin(name, 1 << 20, i + 1, 1u << (i == 2 ? 16 : i < 2 ? 22 : 24));
		end();
	}
}

static void states_and_pages(void)
{
	memset(block, PAGE_STOP, sizeof block);
	begin("states", 1ull << 44, 0, 0);
	put('S', block, BLOCK, 1024, true);
	end();
	begin("pages", 1ull << 34, 0, 0);
	put('S', block, BLOCK, 1, true);
	memset(block, 'A', sizeof block);
	put('P', block, BLOCK, 2000, true);
	end();
	memset(block, PAGE_STOP, sizeof block);
	begin("pages-of-zeros", 1ull << 37, 0, 0);
	put('S', block, BLOCK, 8, true);
	memset(block, 0, sizeof block);
	put('P', block, BLOCK, 30000, true);
	end();
	begin("states-unread", 1ull << 46, 0, 0);
	put('S', block, BLOCK, 4096, true);
	end();
}

static void repeated(void)
{
	memset(block, 1, sizeof block);
	begin("ranges-again", 1 << 20, 1, 1u << 22);
	put('R', block, BLOCK, 5000, false);
	end();
	begin("no-chunks", 1 << 20, 0, 0);
	put('S', "", 0, 500000, false);
	end();
}

int main(int argc, char **argv)
{
	if (argc != 3 || !read_seed(argv[1])) {
		fprintf(stderr, "usage: fuzz-bombs SNAPSHOT FOLDER\n");
		return 2;
	}
	folder = argv[2];
	announce();
	states_and_pages();
	repeated();
	return 0;
}
