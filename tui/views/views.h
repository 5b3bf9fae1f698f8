/* The views. A view is a file here and a struct view_ops. */
#ifndef GORETAIN_TUI_VIEWS_VIEWS_H
#define GORETAIN_TUI_VIEWS_VIEWS_H

#include "graph/query/children.h"
#include "tui/screen/screen.h"

/* The views with a digit, in the order of line 2. Ended by a row without ops. */
struct top_view {
	char digit;
	enum action action;
	const struct view_ops *ops;
};
extern const struct top_view top_views[];

extern const struct view_ops overview_view, dominators_view, types_view, maps_view, tasks_view, suspects_view,
	change_view;

/* ARG: const struct subject *, an object or a holder. */
extern const struct view_ops object_view;

/* ARG: const struct objects_request *. A table of objects or holders. */
extern const struct view_ops objects_view;

enum objects_of {
	OBJECTS_CHILDREN, /* the children of `parent`, of `type` */
	OBJECTS_TYPE,     /* all live objects of `type` */
	OBJECTS_LIST,     /* `nodes` */
};

struct objects_request {
	enum objects_of of;
	uint32_t parent;      /* node */
	enum children_of children; /* of parent: which */
	uint32_t type;        /* NO_NODE: unknown; OBJECTS_ANY_TYPE: all */
	const uint32_t *nodes; /* copied */
	uint32_t n_nodes;
	const char *noun;     /* one of them, "live object", of static life; NULL: the title says it */
	const char *title;    /* copied: what follows their number */
};

enum { OBJECTS_ANY_TYPE = 0xfffffffe };

/* ARG: const struct details_request *: a page of text. */
extern const struct view_ops details_view;

struct details_request {
	const char *title;
	const char *text; /* copied; \n between lines, wrapped where too long */
};

/* ARG: const struct help_request *. */
extern const struct view_ops help_view;

struct help_request {
	const struct view_ops *of; /* the screen to explain */
	bool palette;              /* only the actions, to choose from */
};

#endif
