/* SQLite, with a database in a file of its own kind: all that it answers is printed. */
#include <stdio.h>
#include <string.h>

#include "sqlite3.h"

static const char *const script[] = {
	"PRAGMA page_size = 1024",
	"CREATE TABLE city (id INTEGER PRIMARY KEY, name TEXT NOT NULL, land TEXT, people INTEGER)",
	"CREATE TABLE road (a INTEGER REFERENCES city, b INTEGER REFERENCES city, km REAL)",
	"INSERT INTO city VALUES (1, 'Aachen', 'NW', 249070), (2, 'Bonn', 'NW', 336465),"
	" (3, 'Celle', 'NI', 69540), (4, 'Dessau', 'ST', 79354), (5, 'Emden', 'NI', 49874)",
	"INSERT INTO road VALUES (1, 2, 91.4), (2, 3, 334.75), (3, 4, 201.5), (3, 5, 226), (1, 5, 349.0)",
	"SELECT x.name, y.name, km FROM road JOIN city x ON x.id = a JOIN city y ON y.id = b ORDER BY km",
	"SELECT land, count(*), sum(people), avg(people), group_concat(name) FROM city GROUP BY land"
	" HAVING count(*) > 1 ORDER BY 1",
	"SELECT name, km FROM city LEFT JOIN road ON b = id ORDER BY id, km",
	/* A recursive expression: the shortest ways from Aachen; primes; a picture of a set. */
	"WITH RECURSIVE way(at, km, names) AS (SELECT 1, 0.0, 'Aachen' UNION ALL"
	" SELECT city.id, way.km + road.km, names || '>' || name FROM way JOIN road ON a = at"
	" JOIN city ON city.id = b) SELECT at, min(km), names FROM way GROUP BY at",
	"WITH RECURSIVE n(x) AS (SELECT 2 UNION ALL SELECT x + 1 FROM n WHERE x < 200)"
	" SELECT group_concat(x) FROM n WHERE NOT EXISTS (SELECT 1 FROM n m WHERE m.x < n.x AND n.x % m.x = 0)",
	"WITH RECURSIVE xaxis(x) AS (VALUES(-2.0) UNION ALL SELECT x+0.1 FROM xaxis WHERE x<1.0),"
	" yaxis(y) AS (VALUES(-1.0) UNION ALL SELECT y+0.2 FROM yaxis WHERE y<1.0),"
	" m(iter, cx, cy, x, y) AS (SELECT 0, x, y, 0.0, 0.0 FROM xaxis, yaxis UNION ALL"
	" SELECT iter+1, cx, cy, x*x-y*y + cx, 2.0*x*y + cy FROM m WHERE (x*x + y*y) < 4.0 AND iter<28),"
	" m2(iter, cx, cy) AS (SELECT max(iter), cx, cy FROM m GROUP BY cx, cy),"
	" a(t) AS (SELECT group_concat(substr(' .+*#', 1+min(iter/7,4), 1), '') FROM m2 GROUP BY cy)"
	" SELECT group_concat(rtrim(t), x'0a') FROM a",
	/* Windows. */
	"SELECT name, people, rank() OVER (ORDER BY people DESC), sum(people) OVER (PARTITION BY land"
	" ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW), lag(name, 1, '-') OVER (ORDER BY id),"
	" ntile(2) OVER w, percent_rank() OVER w FROM city WINDOW w AS (ORDER BY people) ORDER BY id",
	/* Many rows, an index on them, and whether it is used. */
	"CREATE TABLE big (k INTEGER, v TEXT, f REAL)",
	"WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 5000)"
	" INSERT INTO big SELECT x * 7919 % 5003, printf('%05x-%s', x * x, hex(x)), sqrt(x) / 3 FROM n",
	"CREATE INDEX big_k ON big (k, v)",
	"CREATE INDEX big_part ON big (f) WHERE k % 2 = 0",
	"ANALYZE",
	"EXPLAIN QUERY PLAN SELECT v FROM big WHERE k BETWEEN 100 AND 110",
	"SELECT k, v, round(f, 6) FROM big WHERE k BETWEEN 100 AND 110 ORDER BY k",
	"SELECT count(*), sum(k), min(v), max(v), round(total(f), 4) FROM big",
	"SELECT count(DISTINCT k % 97), sum(length(v)) FROM big WHERE v GLOB '*3*'",
	/* A transaction rolled back, by its journal; one that fails; one in another. */
	"BEGIN",
	"UPDATE big SET v = 'gone', k = -k",
	"DELETE FROM city WHERE id > 2",
	"SELECT count(*), min(k), max(v) FROM big",
	"ROLLBACK",
	"SELECT count(*), min(k), max(v), (SELECT count(*) FROM city) FROM big",
	"INSERT INTO city VALUES (6, 'Fulda', 'HE', 1), (1, 'twice', 'XX', 1)",
	"INSERT INTO city VALUES (7, NULL, 'HE', 1)",
	"SAVEPOINT one",
	"INSERT INTO city VALUES (6, 'Fulda', 'HE', 67466)",
	"SAVEPOINT two",
	"UPDATE city SET people = 0",
	"ROLLBACK TO two",
	"RELEASE one",
	"SELECT count(*), sum(people) FROM city",
	"CREATE TRIGGER note AFTER UPDATE ON city WHEN new.people > old.people"
	" BEGIN INSERT INTO road VALUES (new.id, new.id, new.people - old.people); END",
	"UPDATE city SET people = people + id - 3 RETURNING id, people",
	"SELECT * FROM road WHERE a = b ORDER BY a",
	"INSERT INTO city (id, name) VALUES (3, 'Calw') ON CONFLICT (id) DO UPDATE SET name = excluded.name",
	"SELECT group_concat(name ORDER BY name DESC) FROM city",
	/* Full text. */
	"CREATE VIRTUAL TABLE page USING fts5 (title, body, tokenize = 'porter unicode61')",
	"INSERT INTO page VALUES ('Linkers', 'A linker joins relocatable objects into one program'),"
	" ('Loaders', 'A loader places programs in memory and relocates them'),"
	" ('Übersetzer', 'Ein Compiler übersetzt Programme in Objekte')",
	"INSERT INTO page SELECT 'City ' || name, name || ' is a city of ' || land || ' with loaded roads' FROM city",
	"SELECT title, snippet(page, 1, '[', ']', '..', 6) FROM page WHERE page MATCH 'relocate' ORDER BY rank, title",
	"SELECT title, highlight(page, 1, '<', '>') FROM page WHERE page MATCH 'load* NOT cities' ORDER BY title",
	"SELECT title, round(bm25(page), 6) FROM page WHERE page MATCH '\"relocatable objects\" OR ubersetzt' ORDER BY 2, 1",
	"SELECT count(*) FROM page WHERE page MATCH 'NEAR(city roads, 6)'",
	"INSERT INTO page (page) VALUES ('optimize')",
	"INSERT INTO page (page) VALUES ('integrity-check')",
	/* JSON. */
	"SELECT json_object('name', name, 'roads', (SELECT json_group_array(km) FROM road WHERE a = id)) FROM city",
	"SELECT json_extract('{\"a\": [1, 2.5, {\"b\": \"c\\u00e9\"}]}', '$.a[2].b', '$.a[1]')",
	"SELECT key, value, type, fullkey FROM json_tree('{\"x\": [true, null, -1e3], \"y\": {\"z\": \"t\"}}')",
	"SELECT json_set('{\"a\": 1}', '$.b', json('[1,2]')), json_patch('{\"a\":1,\"b\":2}', '{\"b\":null}')",
	"SELECT '{\"k\": {\"l\": [5]}}' -> '$.k.l' ->> 0, json_valid('{bad'), hex(jsonb('[1,\"two\"]'))",
	/* Numbers and text. */
	"SELECT 1/3.0, 1e308*10, -0.0, 9223372036854775807 + 1, 7 % -3, -7 / 2, 5 << 62, ~0, 1e23, 2.5e-310",
	"SELECT printf('%.17g %!.20e %x %05d %,d %c', 0.1, 1/7.0, 255, -42, 1234567, 'q'), hex(randomblob(8))",
	"SELECT round(2.5), round(-1.005, 2), abs(-3), sqrt(2), mod(-7.5, 2)",
	/* The last digits of these are the C library's. */
	"SELECT printf('%.10g %.10g %.10g', pow(2, 0.3), sin(1), cos(1e3)),"
	" printf('%.10g %.10g %.10g', exp(1), ln(10), atan2(1, -1))",
	"SELECT upper('straße'), length('né'), instr('haystack', 'st'), replace('aXbX', 'X', 'yz'), unicode('€'), trim('  t ')",
	"SELECT date(2460000.5), strftime('%Y-%j %H:%M:%f', 2451545.123), julianday('2000-02-29'), datetime('now')",
	"SELECT 'abc' LIKE 'A_C', 'abc' BETWEEN 'abb' AND 'abd', CAST('12x' AS INTEGER), typeof(1 || 1), quote(x'00ff')",
	"SELECT * FROM nothing",
	"SELEC 1",
	"VACUUM",
	"PRAGMA integrity_check",
	"PRAGMA page_count",
};

static int print(void *unused, int columns, char **values, char **names)
{
	(void)unused, (void)names;
	for (int i = 0; i < columns; i++)
		printf("%s%s", i ? "|" : "", values[i] ? values[i] : "NULL");
	printf("\n");
	return 0;
}

/* What it asked of the heap, and whether all came back, is a part of the answer. */
int main(void)
{
	sqlite3 *db;
	if (sqlite3_open("test.db", &db) != SQLITE_OK) {
		printf("open: %s\n", sqlite3_errmsg(db));
		return 1;
	}
	for (unsigned i = 0; i < sizeof script / sizeof *script; i++) {
		char *error = NULL;
		printf("%u:\n", i);
		if (sqlite3_exec(db, script[i], print, NULL, &error) != SQLITE_OK)
			printf("error: %s\n", error);
		sqlite3_free(error);
	}
	printf("closed: %d\n", sqlite3_close(db));
	/* The file is still there, and another connection reads it. */
	sqlite3_open_v2("test.db", &db, SQLITE_OPEN_READONLY, NULL);
	sqlite3_exec(db, "SELECT type, name FROM sqlite_schema ORDER BY 2", print, NULL, NULL);
	printf("closed: %d\n", sqlite3_close(db));
	sqlite3_shutdown();
	printf("memory: %d\n", (int)sqlite3_memory_used());
	return 0;
}
