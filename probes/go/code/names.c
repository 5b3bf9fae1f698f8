#include "probes/go/code/names.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/text.h"
#include "probes/go/code/types.h"
#include "probes/go/types/symbols.h"

#define MAX_PACKAGE 512 /* of what is shown */

/* A named type by the hash of its package and name. NO_TYPE where two have one hash. */
struct receiver {
	uint64_t hash;
	uint32_t type;
};

#define HASH_BEGIN 0xcbf29ce484222325ull

static uint64_t hash_byte(uint64_t hash, char c)
{
	return (hash ^ (uint8_t)c) * 0x100000001b3ull; /* FNV-1a */
}

static uint64_t hash_bytes(uint64_t hash, const char *s, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		hash = hash_byte(hash, s[i]);
	return hash;
}

static bool made_by_linker(const char *name)
{
	return !strncmp(name, "type:", 5) || !strncmp(name, "type..", 6) ||
	       !strncmp(name, "go:", 3) || !strncmp(name, "go..", 4);
}

/* ---- packages ---- */

static bool grow_packages(struct code_names *names)
{
	uint32_t capacity = names->packages_capacity ? names->packages_capacity * 2 : 256;
	char **packages = realloc(names->packages, capacity * sizeof *packages);
	uint32_t *table;

	if (!packages)
		return false;
	names->packages = packages;
	table = malloc(2 * (size_t)capacity * sizeof *table);
	if (!table)
		return false;
	names->packages_capacity = capacity;
	free(names->package_table);
	names->package_table = table;
	names->package_table_size = 2 * capacity;
	memset(table, 0xff, 2 * (size_t)capacity * sizeof *table);
	for (uint32_t i = 0; i < names->n_packages; i++) {
		const char *p = names->packages[i];
		uint64_t slot = hash_bytes(HASH_BEGIN, p, strlen(p));

		while (table[slot &= names->package_table_size - 1] != NO_PACKAGE)
			slot++;
		table[slot] = i;
	}
	return true;
}

static uint32_t intern_package(struct code_names *names, const char *text)
{
	uint64_t slot = hash_bytes(HASH_BEGIN, text, strlen(text));
	char *copy;

	if (names->n_packages == names->packages_capacity && !grow_packages(names))
		return NO_PACKAGE;
	for (;; slot++) {
		uint32_t i = names->package_table[slot &= names->package_table_size - 1];

		if (i == NO_PACKAGE)
			break;
		if (!strcmp(names->packages[i], text))
			return i;
	}
	copy = strdup(text);
	if (!copy)
		return NO_PACKAGE;
	names->packages[names->n_packages] = copy;
	names->package_table[slot] = names->n_packages;
	return names->n_packages++;
}

static uint32_t find_package(struct code_names *names, const char *name, uint64_t length)
{
	autotext struct text shown = { 0 };

	symbol_text(&shown, name, length, MAX_PACKAGE);
	return intern_package(names, text_string(&shown));
}

uint32_t names_package(struct code_names *names, const char *name)
{
	uint64_t length = symbol_package_length(name);

	if (!length || made_by_linker(name))
		return NO_PACKAGE;
	if (names->last && length == names->last_length && !memcmp(names->last, name, length))
		return names->last_package;
	names->last = name;
	names->last_length = length;
	names->last_package = find_package(names, name, length);
	return names->last_package;
}

/* ---- receivers ---- */

static int compare_receivers(const void *a, const void *b)
{
	const struct receiver *x = a, *y = b;

	return (x->hash > y->hash) - (x->hash < y->hash);
}

/* "net/http" and "http.Server" to the hash of "net/http.Server"; a generic type's without what is
 * in brackets. 0 for what is no receiver. */
static uint64_t type_hash(const struct rtype *t)
{
	const char *name = t->name ? strchr(t->name, '.') : NULL;

	if (!t->named || !name || !t->package || !*t->package)
		return 0;
	return hash_bytes(hash_bytes(HASH_BEGIN, t->package, strlen(t->package)), name,
			  strcspn(name, "["));
}

bool names_begin(struct code_names *names, struct types *types)
{
	uint32_t n;

	types_by_name(types, "runtime.g"); /* reads them all */
	n = types_count(types);
	names->receivers = malloc(((size_t)n + 1) * sizeof *names->receivers);
	if (!names->receivers || !grow_packages(names))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t hash = type_hash(types_get(types, i));

		if (hash && !code_is_shape(types, i))
			names->receivers[names->n_receivers++] = (struct receiver){ hash, i };
	}
	qsort(names->receivers, names->n_receivers, sizeof *names->receivers, compare_receivers);
	return true;
}

static uint32_t find_receiver(const struct code_names *names, uint64_t hash)
{
	struct receiver key = { .hash = hash };
	const struct receiver *end = names->receivers + names->n_receivers;
	const struct receiver *found = bsearch(&key, names->receivers, names->n_receivers,
					       sizeof key, compare_receivers);

	if (!found || (found > names->receivers && found[-1].hash == hash) ||
	    (found + 1 < end && found[1].hash == hash))
		return NO_TYPE;
	return found->type;
}

uint32_t names_receiver(struct code_names *names, const char *name)
{
	uint64_t length = symbol_package_length(name), hash = HASH_BEGIN;
	const char *type = name + length, *close;

	if (!length || made_by_linker(name) || strncmp(type, ".(*", 3))
		return NO_TYPE;
	type += 3;
	close = strstr(type, ").");
	if (!close || strpbrk(close + 2, ".-"))
		return NO_TYPE; /* a function inside a method, or a method value's */
	for (const char *p = name; p < name + length;)
		hash = hash_byte(hash, symbol_byte(&p, name + length));
	hash = hash_byte(hash, '.');
	return find_receiver(names, hash_bytes(hash, type, strcspn(type, "[)")));
}

uint32_t names_instance(const struct code_names *names, const struct types *types, uint32_t type)
{
	uint64_t hash = type_hash(types_get(types, type));
	uint32_t only = hash ? find_receiver(names, hash) : NO_TYPE;

	if (only == NO_TYPE || types_get(types, only)->size != types_get(types, type)->size ||
	    types_get(types, only)->ptr_bytes != types_get(types, type)->ptr_bytes)
		return type;
	return only;
}

void names_free(struct code_names *names)
{
	for (uint32_t i = 0; i < names->n_packages; i++)
		free(names->packages[i]);
	free(names->packages);
	free(names->package_table);
	free(names->receivers);
	*names = (struct code_names){ 0 };
}
