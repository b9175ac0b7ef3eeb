// SPDX-License-Identifier: Apache-2.0
/* Older names of streams, and which stream of today a rule means by them. */
#include "compiler/front.h"
#include "compiler/expansion.h"

static void operation__compared__asks_for_its_flag(void **state)
{
	(void)state;
	expands("SELECT path FROM fs.events WHERE op = 'write'",
		"SELECT f.path\nFROM file.open AS f\nWHERE f.is_write");
	expands("SELECT path FROM fs.events e WHERE 'read' <> e.op",
		"SELECT e.path\nFROM file.open AS e\nWHERE e.is_write");
	expands("SELECT path FROM fs.events WHERE op NOT IN ('read', 'create')",
		"SELECT f.path\n"
		"FROM file.open AS f\n"
		"WHERE NOT (NOT f.is_write OR f.created)");
	expands("CREATE VIEW v AS SELECT op AS what, path AS op FROM "
		"fs.events; SELECT v.op FROM v WHERE v.what = 'create' AND "
		"v.op = 'write'",
		"SELECT v.path AS op\n"
		"FROM file.open AS v\n"
		"WHERE v.created AND v.path = 'write'");
	expands("SELECT op FROM fs.events",
		"SELECT CASE WHEN f.created THEN 'create' WHEN f.is_write THEN "
		"'write' ELSE 'read' END AS op\n"
		"FROM file.open AS f");
	refused("SELECT path FROM fs.events WHERE op = 'chmod'",
		"there is 'create', 'write', 'read'");
}

/* One name for several streams: the rule says of which it speaks. */
static void operation__of_another_stream__reads_that(void **state)
{
	(void)state;
	expands("SELECT op, path FROM fs.events WHERE op = 'delete'",
		"SELECT 'delete' AS op, f.path\n"
		"FROM file.unlink AS f");
	expands("SELECT f.old_path FROM process.exec e JOIN fs.events f ON "
		"f.pid_key = e.pid_key AND f.ts BETWEEN e.ts AND e.ts + "
		"INTERVAL '1' SECOND AND 'rename' = f.op",
		"SELECT f.old_path\n"
		"FROM process.exec AS e\n"
		"JOIN file.rename AS f ON f.pid_key = e.pid_key AND f.ts "
		"BETWEEN e.ts AND e.ts + INTERVAL '1' SECOND AND 'rename' = "
		"'rename'");
	expands("CREATE VIEW v AS SELECT path, ts FROM fs.events WHERE op IN "
		"('delete'); SELECT v.path FROM v WHERE v.path LIKE '/etc/%'",
		"SELECT v.path\n"
		"FROM file.unlink AS v\n"
		"WHERE v.path LIKE '/etc/%'");
	expands("SELECT bytes_sent, src_ip FROM network.connections WHERE "
		"state = 'closed' AND dst_port = 22",
		"SELECT n.bytes_sent, n.local_ip AS src_ip\n"
		"FROM network.close AS n\n"
		"WHERE 'closed' = 'closed' AND n.peer_port = 22");
	expands("SELECT src_ip FROM network.connections n WHERE n.state = "
		"'accepted'",
		"SELECT n.peer_ip AS src_ip\n"
		"FROM network.accept AS n");
	/* The partner that is missing is none. */
	expands("SELECT e.pid FROM process.exec e LEFT JOIN fs.events f ON "
		"f.pid_key = e.pid_key AND f.ts BETWEEN e.ts AND e.ts + "
		"INTERVAL '1' SECOND WHERE f.op = 'delete'",
		"SELECT e.pid\n"
		"FROM process.exec AS e\n"
		"LEFT JOIN file.unlink AS f ON f.pid_key = e.pid_key AND f.ts "
		"BETWEEN e.ts AND e.ts + INTERVAL '1' SECOND\n"
		"WHERE CASE WHEN f.ts IS NOT NULL THEN 'delete' END = "
		"'delete'");
	expands("SELECT path FROM fs.events WHERE op = 'delete' AND op = "
		"'write'",
		"SELECT f.path\n"
		"FROM file.unlink AS f\n"
		"WHERE 'delete' = 'delete' AND 'delete' = 'write'");
}

/* Where more than one is meant, or another's column, nothing is guessed. */
static void operation__of_two_streams__refused(void **state)
{
	(void)state;
	refused("SELECT path FROM fs.events WHERE op IN ('write', 'delete')",
		"demands op = 'delete' and nothing else of op");
	refused("SELECT path FROM fs.events WHERE op IN ('delete', 'rename')",
		"demands op = 'delete' and nothing else of op");
	refused("SELECT path FROM fs.events WHERE op <> 'delete'",
		"demands op = 'delete' and nothing else of op");
	refused("SELECT path FROM fs.events WHERE op = 'rename' OR path = "
		"'/x'",
		"demands op = 'rename' and nothing else of op");
	refused("CREATE VIEW v AS SELECT comm AS op, pid_key, ts FROM "
		"process.exec; SELECT path FROM fs.events JOIN v f ON "
		"f.pid_key = fs.events.pid_key WHERE f.op = 'delete'",
		"without an alias fs.events is 'f'");
}

static void pid__of_two_older_names__is_the_identity(void **state)
{
	(void)state;
	expands("SELECT n.pid FROM network.connections n JOIN fs.events f ON "
		"f.pid = n.pid AND f.collection_time = n.collection_time",
		"SELECT n.pid\n"
		"FROM network.connect AS n\n"
		"JOIN file.open AS f ON f.pid_key = n.pid_key AND f.ts = n.ts");
}

static void older_rules__as_they_stand__streams_of_today(void **state)
{
	(void)state;
	expands("SELECT pid, name, executable_path, collection_time FROM "
		"processes.snapshots WHERE name = 'xmrig'",
		"SELECT p.pid, p.name, p.exe AS executable_path, p.ts AS "
		"collection_time\n"
		"FROM process AS p\n"
		"WHERE p.name = 'xmrig' AND p.cause <> 'sample'");
	expands("SELECT c.pid, p.pid AS parent_pid, p.name AS parent_name FROM "
		"processes.snapshots c LEFT JOIN processes.snapshots p ON "
		"p.pid = c.ppid WHERE c.name IN ('sh') AND p.name LIKE 'ng%'",
		"SELECT c.pid, c.ppid AS parent_pid, c.parent_name AS "
		"parent_name\n"
		"FROM process AS c\n"
		"WHERE c.name IN ('sh') AND c.parent_name LIKE 'ng%' AND "
		"c.cause <> 'sample'");
	expands("SELECT p.pid, n.dst_ip FROM processes.snapshots p AUTO JOIN "
		"network.connections n ON n.pid = p.pid WHEN p.name LIKE 'm%' "
		"OR p.cpu_usage > 80.0 WHERE n.dst_port <> 443",
		"SELECT n.pid, n.dst_ip\n"
		"FROM network.connect AS n\n"
		"WHERE (n.name LIKE 'm%' OR n.cpu_usage > 80.0) AND n.dst_port "
		"<> 443");
	expands("SELECT p.pid, n.dst_ip, f.path FROM processes.snapshots p "
		"AUTO JOIN network.connections n ON n.pid = p.pid WHEN "
		"p.executable_path LIKE '/tmp/%' AUTO JOIN fs.events f ON "
		"f.pid = p.pid WHEN p.executable_path LIKE '/var/%' WHERE f.op "
		"= 'write' AND f.path LIKE '/etc/%'",
		"SELECT n.pid, n.dst_ip, f.path\n"
		"FROM network.connect AS n\n"
		"JOIN file.open AS f ON " MINUTE(
			"f",
			"n") " AND f.exe LIKE '/var/%'\n"
			     "WHERE n.exe LIKE '/tmp/%' AND f.is_write AND f.path LIKE "
			     "'/etc/%'");
	expands(SEVEN,
		"SELECT n.pid, n.name, n.dst_ip, f.path\n"
		"FROM network.connect AS n\n"
		"JOIN file.open AS f ON " MINUTE(
			"f",
			"n") "\n"
			     "WHERE n.name = 'nc' AND n.dst_port = 4444 AND f.path "
			     "LIKE '%/tmp/%'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operation__compared__asks_for_its_flag),
		cmocka_unit_test(operation__of_another_stream__reads_that),
		cmocka_unit_test(operation__of_two_streams__refused),
		cmocka_unit_test(pid__of_two_older_names__is_the_identity),
		cmocka_unit_test(older_rules__as_they_stand__streams_of_today),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
