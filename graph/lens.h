/* The lens: what can be said of a subject when a person looks at it.
 *
 * Declared here and implemented by the producer of the graph, so that everything in front of it can
 * show a language's own words without knowing the language. Calls may come from any thread, also at
 * the same time. All text written is sanitised (text_escape). */
#ifndef GORETAIN_GRAPH_LENS_H
#define GORETAIN_GRAPH_LENS_H

#include "graph/base/text.h"
#include "graph/graph.h"

enum subject_kind { SUBJECT_OBJECT, SUBJECT_HOLDER, SUBJECT_PLACE };

/* What one looks at. A PLACE is a typed value inside an object, a frame or a global. */
struct subject {
	enum subject_kind kind;
	uint32_t id;      /* object id, or index into holders */
	uint64_t addr;    /* PLACE: where the value lies */
	uint64_t token;   /* PLACE: the lens's own name for its type */
};

/* One field, element, entry, captured variable or slot of a subject. Strings live only during the
 * call that hands the part out. */
struct part {
	const char *label;   /* how one gets there: ".meta", "[17]", "[\"user:42\"]", "captured data" */
	const char *type;    /* type name, dynamic type of a boxed value; "" if unknown */
	const char *value;   /* preview; "" if there is none to show */
	enum known known;
	bool boxed;          /* the value is in an interface's box */
	uint32_t target;     /* object it points into, NO_NODE if none */
	uint64_t target_offset;
	uint64_t offset;     /* from the subject's base */
	uint64_t size;       /* bytes in place */
	struct subject inside; /* look inside in place; kind SUBJECT_PLACE, addr 0 if a leaf */
};

typedef bool (*part_fn)(void *arg, const struct part *part); /* false: no more, please */

/* One entry of a map. */
struct map_entry {
	uint64_t slot;
	const char *key, *key_type;     /* preview and dynamic type, NULL if not known */
	uint32_t key_object;            /* box or pointee, NO_NODE if none */
	const char *value, *value_type;
	uint32_t value_object;
	uint64_t value_offset;          /* of the value in value_object */
	bool boxed;
};

typedef bool (*map_entry_fn)(void *arg, const struct map_entry *entry);

/* What a pointer takes in of an array: LENGTH elements from number FIRST on. */
struct window {
	uint64_t first, length;
	bool one;            /* it points to a single element: no index leads there */
};

/* A global variable in words. Zero-initialise; the texts are the caller's. */
struct global_words {
	struct text name;    /* in full */
	struct text type, value; /* nothing if not known */
};

/* Which keys of a map a closure's code asks for, as far as that can be followed. */
enum key_use {
	KEYS_UNKNOWN,
	KEYS_FIXED, /* always the same ones, which stand in the code */
	KEYS_VARY,  /* others too, or all */
};

/* A function that adds to containers of a type, or takes out of them. */
struct container_function {
	char name[200];   /* in full, sanitised */
	char file[64];    /* without its folder; "" if not known */
	uint32_t line;    /* where it begins; of users: where they call */
};

#define CONTAINER_SHOWN 3

/* What the program's code does with containers of one type. Zero-initialise. */
struct container_use {
	bool known;       /* false: nothing is said */
	struct container_function takers[CONTAINER_SHOWN], adders[CONTAINER_SHOWN]; /* some of them */
	uint32_t shown_takers, shown_adders;
	uint32_t n_takers, n_adders; /* all */
	bool running;     /* a task is in one of the takers now */
	/* The nearest calls in the program's own code that lead to what puts in; or, where they go through
	 * something that only the running program knows, what is reached by that. */
	struct container_function users[CONTAINER_SHOWN];
	uint32_t n_users;
	bool indirect;    /* the latter */
};

struct lens_ops {
	/* The parts of a subject, from number FIRST on. Returns how many there are in all. Parts of a
	 * map are its entries. */
	uint64_t (*parts)(struct lens *lens, const struct subject *subject, uint64_t first,
			  part_fn fn, void *arg);

	/* The entries of map number MAP (index into graph.maps), full slots in slot order. */
	void (*map_entries)(struct lens *lens, uint32_t map, map_entry_fn fn, void *arg);

	/* A value as one line: "3 entries", "\"alice\"", "42"; nothing if there is nothing to say. */
	void (*preview)(struct lens *lens, const struct subject *subject, struct text *out);

	/* How object SRC refers to something at byte OFFSET: ".meta", "[17]", "[\"user:42\"]",
	 * "captured data"; nothing where the step is the map's own inside. *KNOWN says how sure. */
	void (*edge_label)(struct lens *lens, uint32_t src, uint64_t offset, struct text *out,
			   enum known *known);

	/* How root number ROOT holds: "main.cache", ".meta" inside a global, "buf in main.audit". */
	void (*root_label)(struct lens *lens, uint32_t root, struct text *out);

	/* What of object ARRAY a pointer into it takes in: the word at byte AT of object SRC, or that of root
	 * number AT if SRC is NO_NODE. Elements are numbered as edge_label has them. False if that is not
	 * known. */
	bool (*window)(struct lens *lens, uint32_t src, uint64_t at, uint32_t array, struct window *out);

	/* If that pointer is an interface's, its dynamic type; nothing else. True if it leads to a box. */
	bool (*dynamic)(struct lens *lens, uint32_t src, uint64_t at, struct text *type);

	/* An instance's type as a declaration in source form, for advice; may write nothing. */
	void (*declaration)(struct lens *lens, uint32_t object, struct text *out);

	/* What to do about a suspect (suspects.h), in the language's own words: sentences, perhaps
	 * lines of source behind a newline. S is complete but for its words. May write nothing; NULL
	 * if the lens knows nothing of any. */
	void (*advice)(struct lens *lens, const struct suspect *s, struct text *out);

	/* The global variable called NAME, in full or as it is shown, whether or not it holds anything.
	 * False if the program's symbols name none so; NULL if the lens knows of no symbols. */
	bool (*global)(struct lens *lens, const char *name, struct global_words *out);

	/* How the code of object CLOSURE uses the map that it captured at byte OFFSET of itself, BOXED: in a
	 * variable that it shares with others. NULL if the lens never knows. */
	enum key_use (*key_use)(struct lens *lens, uint32_t closure, uint64_t offset, bool boxed);

	/* Who puts entries into maps of map number MAP's type, and who takes them out. NULL if the lens never
	 * knows. */
	void (*container_use)(struct lens *lens, uint32_t map, struct container_use *out);

	/* Functions of values of TYPE (an index into graph.types) whose names say that they take something out,
	 * and which the program can call nowhere: "(*cron.Cron).Remove". May write nothing; NULL if the lens
	 * never knows. */
	void (*counterparts)(struct lens *lens, uint32_t type, struct text *out);

	/* Is the string key at the subject's place part of the program itself (schema), not data? */
	bool (*is_schema_key)(struct lens *lens, uint32_t map, uint64_t slot);
};

struct lens {
	const struct lens_ops *ops;
	const struct graph *graph;
	bool redact; /* previews and keys show lengths instead of content */
};

#endif
