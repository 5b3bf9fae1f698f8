#include "graph/suspects/list.h"

#include <stdlib.h>
#include <string.h>

#include "graph/base/grow.h"

bool suspect_add(struct suspect_list *list, const struct suspect *s, struct error *err)
{
	struct suspect *copy = GROW(list->items, list->n, list->capacity);

	if (!copy)
		return fail_memory(err, "suspects");
	list->n++;
	*copy = *s;
	copy->title = strdup(s->title ? s->title : s->rule);
	copy->explanation = strdup(s->explanation ? s->explanation : "");
	copy->fix = strdup(s->fix ? s->fix : "");
	copy->query = strdup(s->query ? s->query : "");
	return (copy->title && copy->explanation && copy->fix && copy->query) ||
	       fail_memory(err, "suspects");
}

void suspect_list_free(struct suspect_list *list)
{
	for (uint32_t i = 0; i < list->n; i++) {
		free(list->items[i].title);
		free(list->items[i].explanation);
		free(list->items[i].fix);
		free(list->items[i].query);
	}
	free(list->items);
	*list = (struct suspect_list){ 0 };
}
