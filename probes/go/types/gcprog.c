#include "probes/go/types/gcprog.h"

#include <string.h>

struct program { struct image *image; uint64_t at; uint8_t *bits; uint64_t n, limit; bool broken; };

static uint8_t next_byte(struct program *p)
{
	uint8_t byte = 0;

	if (!image_read(p->image, p->at++, &byte, 1))
		p->broken = true;
	return byte;
}

static uint64_t next_varint(struct program *p)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 63; shift += 7) {
		uint8_t byte = next_byte(p);

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
	p->broken = true;
	return 0;
}

static void put(struct program *p, unsigned bit)
{
	if (p->n < p->limit)
		p->bits[p->n / 8] |= (uint8_t)(bit << (p->n % 8));
	p->n++;
}

static void literal(struct program *p, unsigned n)
{
	uint8_t byte = 0;

	for (unsigned i = 0; i < n && !p->broken; i++) {
		if (i % 8 == 0)
			byte = next_byte(p);
		put(p, byte >> (i % 8) & 1);
	}
}

/* Write the last N bits again, TIMES times. */
static void repeat(struct program *p, uint64_t n, uint64_t times)
{
	if (!n || n > p->n)
		p->broken = true;
	for (; !p->broken && times && p->n < p->limit; times--)
		for (uint64_t i = 0; i < n && p->n < p->limit; i++)
			put(p, p->bits[(p->n - n) / 8] >> ((p->n - n) % 8) & 1);
}

/* 0 ends; 0nnnnnnn: n bits follow; 1nnnnnnn and a count: repeat the last n bits, n a number that
 * follows if it is 0 here. */
bool gc_program_run(struct image *image, uint64_t at, uint8_t *bits, uint64_t n)
{
	struct program p = { .image = image, .at = at, .bits = bits, .limit = n };

	memset(bits, 0, (n + 7) / 8);
	while (p.n < p.limit && !p.broken) {
		uint8_t op = next_byte(&p);
		uint64_t back = op & 0x7f;

		if (!op)
			break;
		if (op & 0x80) {
			back = back ? back : next_varint(&p);
			repeat(&p, back, next_varint(&p));
		} else {
			literal(&p, op);
		}
	}
	return !p.broken;
}
