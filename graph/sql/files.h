/* Temporary files of SQL: large sorts go to files that somebody else opened, since who runs queries may open
 * none. */
#ifndef GORETAIN_GRAPH_SQL_FILES_H
#define GORETAIN_GRAPH_SQL_FILES_H

/* Returns the descriptor of an empty file without a name, -1 if none is to be had; from any thread. */
typedef int (*sql_file_fn)(void *arg);

/* From now on, in the whole process as SQLite has it, its temporary files come from OPEN, whose ARG lives as
 * long. Files are used again, so that it is asked for no more than are open at a time. */
void sql_files_from(sql_file_fn open, void *arg);

/* Is it so? Then this is what SQLite calls its virtual file system; else NULL. */
const char *sql_files_name(void);

#endif
