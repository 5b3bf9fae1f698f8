#include "graph/sql/functions.h"

#include <stdlib.h>

#include "graph/analysis/without.h"
#include "graph/base/cleanup.h"
#include "graph/base/grow.h"
#include "graph/query/chain.h"

/* The object that VALUE names, NO_NODE if none. */
static uint32_t object_of(const struct graph *g, sqlite3_value *value)
{
	sqlite3_int64 id = sqlite3_value_int64(value);

	if (sqlite3_value_type(value) != SQLITE_INTEGER || id < 0 || id >= g->n_objects)
		return NO_NODE;
	return (uint32_t)id;
}

static void put_error(sqlite3_context *context, struct progress *progress, const struct error *err)
{
	if (progress_cancelled(progress))
		sqlite3_result_error_code(context, SQLITE_INTERRUPT);
	else
		sqlite3_result_error(context, err->message, -1);
}

/* --- retained_set --- */

struct group { uint32_t *ids; size_t n, room; };

static void set_step(sqlite3_context *context, int n, sqlite3_value **values)
{
	const struct sql_functions *f = sqlite3_user_data(context);
	struct group *group = sqlite3_aggregate_context(context, sizeof *group);
	uint32_t id = object_of(f->g, values[0]);
	uint32_t *place = group ? GROW(group->ids, group->n, group->room) : NULL;

	if (!place)
		sqlite3_result_error_nomem(context);
	else if (id != NO_NODE)
		*place = id, group->n++;
}

static void set_final(sqlite3_context *context)
{
	const struct sql_functions *f = sqlite3_user_data(context);
	struct group none = { 0 }, *group = sqlite3_aggregate_context(context, 0);
	struct error err = { 0 };
	struct freed freed;

	group = group ? group : &none;
	if (graph_stage(f->g) < STAGE_LIVE)
		sqlite3_result_null(context);
	else if (without_freed(f->g, group->ids, group->n, &freed, f->progress, &err))
		sqlite3_result_int64(context, (sqlite3_int64)freed.bytes);
	else
		put_error(context, f->progress, &err);
	free(group->ids);
}

/* --- of single objects --- */

static void reaches(sqlite3_context *context, int n, sqlite3_value **values)
{
	const struct sql_functions *f = sqlite3_user_data(context);
	uint32_t from = object_of(f->g, values[0]), to = object_of(f->g, values[1]);
	struct error err = { 0 };
	bool found;

	if (from == NO_NODE || to == NO_NODE || graph_stage(f->g) < STAGE_LIVE)
		sqlite3_result_null(context);
	else if (without_reaches(f->g, from, to, &found, f->progress, &err))
		sqlite3_result_int(context, found);
	else
		put_error(context, f->progress, &err);
}

static void path(sqlite3_context *context, int n, sqlite3_value **values)
{
	const struct sql_functions *f = sqlite3_user_data(context);
	uint32_t id = object_of(f->g, values[0]);
	autotext struct text out = { 0 };

	if (id != NO_NODE && graph_stage(f->g) >= STAGE_RETAINED)
		chain_nearest(f->g, id, &out);
	if (out.length)
		sqlite3_result_text(context, text_string(&out), -1, SQLITE_TRANSIENT);
}

bool sql_functions_register(sqlite3 *db, struct sql_functions *functions)
{
	return sqlite3_create_function(db, "retained_set", 1, SQLITE_UTF8, functions, NULL, set_step,
				       set_final) == SQLITE_OK &&
	       sqlite3_create_function(db, "reaches", 2, SQLITE_UTF8, functions, reaches, NULL,
				       NULL) == SQLITE_OK &&
	       sqlite3_create_function(db, "path", 1, SQLITE_UTF8, functions, path, NULL,
				       NULL) == SQLITE_OK;
}
