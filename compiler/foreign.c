// SPDX-License-Identifier: Apache-2.0
/*
 * Names of Sysmon and Sigma, of KQL, of ECS and of osquery for columns, streams
 * and options, and of other SQL for functions; all without case, as the lexer gives them.
 */
#include "compiler/foreign.h"

#include "user/base/check.h"

#include <stddef.h>
#include <string.h>

struct word {
	const char *theirs;
	const char *ours;
};

static const struct word columns[] = {
	{ "image", "exe" },
	{ "executable", "exe" },
	{ "process_path", "exe" },
	{ "processpath", "exe" },
	{ "binary", "exe" },
	{ "commandline", "cmdline" },
	{ "command_line", "cmdline" },
	{ "processcommandline", "cmdline" },
	{ "command", "cmdline" },
	{ "argv", "args" },
	{ "process", "name" },
	{ "process_name", "name" },
	{ "processname", "name" },
	{ "initiatingprocessfilename", "parent_name" },
	{ "parentimage", "parent_exe" },
	{ "parent_image", "parent_exe" },
	{ "parent_path", "parent_exe" },
	{ "parentcommandline", "parent_cmdline" },
	{ "parent_command_line", "parent_cmdline" },
	{ "parent", "parent_name" },
	{ "parent_process", "parent_name" },
	{ "parentprocessname", "parent_name" },
	{ "initiatingprocesscommandline", "parent_cmdline" },
	{ "parent_executable", "parent_exe" },
	{ "parentprocessid", "ppid" },
	{ "parent_process_id", "ppid" },
	{ "parent_pid", "ppid" },
	{ "process_id", "pid" },
	{ "processid", "pid" },
	{ "process_guid", "pid_key" },
	{ "processguid", "pid_key" },
	{ "user", "uid" },
	{ "username", "uid" },
	{ "user_name", "uid" },
	{ "user_id", "uid" },
	{ "userid", "uid" },
	{ "accountname", "uid" },
	{ "hash", "executable_hash" },
	{ "hashes", "executable_hash" },
	{ "sha256", "executable_hash" },
	{ "file_hash", "executable_hash" },
	{ "timestamp", "ts" },
	{ "time", "ts" },
	{ "event_time", "ts" },
	{ "utctime", "ts" },
	{ "timegenerated", "ts" },
	{ "destination_ip", "dst_ip" },
	{ "destinationip", "dst_ip" },
	{ "dest_ip", "dst_ip" },
	{ "remote_ip", "dst_ip" },
	{ "remoteip", "dst_ip" },
	{ "remote_address", "dst_ip" },
	{ "destination", "dst_ip" },
	{ "daddr", "dst_ip" },
	{ "ip", "dst_ip" },
	{ "destination_port", "dst_port" },
	{ "destinationport", "dst_port" },
	{ "dest_port", "dst_port" },
	{ "remote_port", "dst_port" },
	{ "remoteport", "dst_port" },
	{ "dport", "dst_port" },
	{ "port", "dst_port" },
	{ "source_ip", "src_ip" },
	{ "sourceip", "src_ip" },
	{ "local_address", "src_ip" },
	{ "saddr", "src_ip" },
	{ "source_port", "src_port" },
	{ "sourceport", "src_port" },
	{ "local_port", "src_port" },
	{ "sport", "src_port" },
	{ "protocol", "proto" },
	{ "file_path", "path" },
	{ "filepath", "path" },
	{ "filename", "path" },
	{ "file_name", "path" },
	{ "targetfilename", "path" },
	{ "target_filename", "path" },
	{ "folderpath", "path" },
	{ "exitcode", "code" },
	{ "exit_code", "code" },
	{ "exit_status", "code" },
	{ "file", "path" },
	{ "path", "exe" },
};

#define NO_CLOCK "a rule has no clock: ts is the time of its event"
#define SEQUENCE "write a sequence: MATCH_RECOGNIZE"
#define MATCHES "write x REGEXP 'pattern'"
#define HOLDS "write x LIKE '%text%', or ILIKE to ignore case"
#define BEGINS "write x LIKE 'text%'"
#define ENDS "write x LIKE '%text'"
#define LENGTH "write LENGTH(x)"
#define PART "write SUBSTR(text, from, count)"
#define PLACE "write INSTR(text, part)"
#define EITHER "write CASE WHEN a THEN b ELSE c END"
#define NETWORK "write dst_ip = '10.0.0.0/8'"
#define DIFFERENT "write COUNT(DISTINCT x)"
#define CUT "a window cuts time: FROM TUMBLE(TABLE ..., DESCRIPTOR(ts), ...)"
#define EVIDENCE "the events of a match are kept with it"
#define LIMIT "write ORDER BY ... LIMIT n at the end"
#define STEP "a step is one row: write A.pid"
#define HOURS "a rule does not know the time of day"
#define START "write window_start, a column of FROM TUMBLE(TABLE ...)"
#define END "write window_end, a column of FROM TUMBLE(TABLE ...)"
#define PRIVATE                                                    \
	"write dst_ip IN ('10.0.0.0/8', '172.16.0.0/12', '192.168" \
	".0.0/16')"

static const struct word functions[] = {
	{ "now", NO_CLOCK },
	{ "ago", NO_CLOCK },
	{ "current_timestamp", NO_CLOCK },
	{ "current_time", NO_CLOCK },
	{ "current_date", NO_CLOCK },
	{ "localtimestamp", NO_CLOCK },
	{ "sysdate", NO_CLOCK },
	{ "getdate", NO_CLOCK },
	{ "unix_timestamp", NO_CLOCK },
	{ "concat", "write a || b" },
	{ "strcat", "write a || b" },
	{ "char_length", LENGTH },
	{ "len", LENGTH },
	{ "strlen", LENGTH },
	{ "mid", PART },
	{ "substring", PART },
	{ "position", PLACE },
	{ "strpos", PLACE },
	{ "charindex", PLACE },
	{ "indexof", PLACE },
	{ "lcase", "write LOWER(x)" },
	{ "tolower", "write LOWER(x)" },
	{ "ucase", "write UPPER(x)" },
	{ "toupper", "write UPPER(x)" },
	{ "ltrim", "write TRIM(x)" },
	{ "rtrim", "write TRIM(x)" },
	{ "split_part", "write SUBSTR with INSTR, BASENAME or DIRNAME" },
	{ "split", "write SUBSTR with INSTR, BASENAME or DIRNAME" },
	{ "regexp_like", MATCHES },
	{ "regexp_matches", MATCHES },
	{ "regexp_match", MATCHES },
	{ "regexp", MATCHES },
	{ "rlike", MATCHES },
	{ "match", MATCHES },
	{ "glob", "write x LIKE 'pattern'" },
	{ "like", "write x LIKE 'pattern'" },
	{ "contains", HOLDS },
	{ "has", HOLDS },
	{ "starts_with", BEGINS },
	{ "startswith", BEGINS },
	{ "ends_with", ENDS },
	{ "endswith", ENDS },
	{ "iif", EITHER },
	{ "iff", EITHER },
	{ "if", EITHER },
	{ "nvl", "write COALESCE(a, b)" },
	{ "isnull", "write x IS NULL" },
	{ "isempty", "write x = '' OR x IS NULL" },
	{ "mod", "write a % b" },
	{ "cidrmatch", NETWORK },
	{ "ipv4_is_in_range", NETWORK },
	{ "inet", NETWORK },
	{ "total", "write SUM(x)" },
	{ "countif", "write SUM(CASE WHEN a THEN 1 ELSE 0 END)" },
	{ "count_distinct", DIFFERENT },
	{ "approx_count_distinct", DIFFERENT },
	{ "dcount", DIFFERENT },
	{ "date_trunc", CUT },
	{ "bin", CUT },
	{ "string_agg", EVIDENCE },
	{ "group_concat", EVIDENCE },
	{ "array_agg", EVIDENCE },
	{ "first", STEP },
	{ "last", STEP },
	{ "prev", STEP },
	{ "next", STEP },
	{ "classifier", STEP },
	{ "first_value", "write MIN(x) or MAX(x), or a sequence" },
	{ "last_value", "write MIN(x) or MAX(x), or a sequence" },
	{ "lag", SEQUENCE },
	{ "top", LIMIT },
	{ "lead", SEQUENCE },
	{ "abs", "of times write BETWEEN b.ts - INTERVAL '5' SECOND AND "
		 "b.ts + INTERVAL '5' SECOND" },
	{ "hour", HOURS },
	{ "hourofday", HOURS },
	{ "dayofweek", HOURS },
	{ "extract", HOURS },
	{ "date_part", HOURS },
	{ "strftime", HOURS },
	{ "tumble", CUT },
	{ "hop", CUT },
	{ "session", CUT },
	{ "tumble_start", START },
	{ "hop_start", START },
	{ "session_start", START },
	{ "tumble_end", END },
	{ "hop_end", END },
	{ "session_end", END },
	{ "cidr", NETWORK },
	{ "cidr_contains", NETWORK },
	{ "is_private", PRIVATE },
	{ "private", PRIVATE },
	{ "ipv4_is_private", PRIVATE },
	{ "array_contains", "write 'x' = ANY(args)" },
	{ "base64decode", "write BASE64_DECODE(x)" },
	{ "from_base64", "write BASE64_DECODE(x)" },
};

static const struct word streams[] = {
	{ "process_creation", "process.exec" },
	{ "processcreate", "process.exec" },
	{ "deviceprocessevents", "process.exec" },
	{ "process_events", "process.exec" },
	{ "bpf_process_events", "process.exec" },
	{ "process_termination", "process.exit" },
	{ "network_connection", "network.connect" },
	{ "network_connections", "network.connect" },
	{ "devicenetworkevents", "network.connect" },
	{ "socket_events", "network.connect" },
	{ "network", "network.connect" },
	{ "file_event", "file.open" },
	{ "file_events", "file.open" },
	{ "file_access", "file.open" },
	{ "devicefileevents", "file.open" },
	{ "file", "file.open" },
};

static const struct word options[] = {
	{ "level", "severity" },       { "priority", "severity" },
	{ "mitre", "attack" },	       { "technique", "attack" },
	{ "title", "description" },    { "message", "description" },
	{ "reference", "references" },
};

static const char *find(const struct word *words, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i].theirs, name) == 0)
			return words[i].ours;
	return NULL;
}

const char *foreign_column(const char *name)
{
	return find(columns, ARRAY_SIZE(columns), name);
}

const char *foreign_stream(const char *name)
{
	return find(streams, ARRAY_SIZE(streams), name);
}

const char *foreign_option(const char *name)
{
	return find(options, ARRAY_SIZE(options), name);
}

const char *foreign_function(const char *name)
{
	return find(functions, ARRAY_SIZE(functions), name);
}
