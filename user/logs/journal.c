// SPDX-License-Identifier: Apache-2.0
/*
 * A field is "NAME=value", any bytes. Those with a leading underscore are
 * journald's: it refuses them from others (systemd.journal-fields(7)).
 */
#include "user/logs/journal.h"

#include "user/logs/bus_guard.h"

#include <errno.h>
#include <stdlib.h>
#include <systemd/sd-journal.h>
#include <systemd/sd-messages.h>

/* journald tells of a change up to 250 ms late. */
#define LOOK_NS 50000000LL
#define REOPEN_NS 1000000000LL
#define FIELD_MAX ((size_t)16 * 1024)
#define DIGITS_MAX 20u

struct journal {
	sd_journal *sd; /* NULL: to be opened again */
	char *folder;	/* NULL: this machine's */
	int64_t looked_ns;
	bool more;
	struct journal_stats stats;
};

/* The one place where libsystemd's negative errno becomes ours. */
static int failure(int rc, struct err *err)
{
	return err_set(err,
		       rc == -EACCES || rc == -EPERM ? ERR_MACHINE : ERR_USAGE,
		       rc, "journal: %s", strerror(-rc));
}

/* What is there already is not news. */
static int seek_end(sd_journal *sd)
{
	int rc = sd_journal_seek_tail(sd);

	if (rc >= 0)
		rc = sd_journal_previous(sd);
	/* Of a journal without an entry there is no end to stand at. */
	if (rc == 0)
		rc = sd_journal_seek_head(sd);
	return rc < 0 ? rc : 0;
}

static int open_sd(const char *folder, sd_journal **ret_sd)
{
	sd_journal *sd = NULL;
	struct bus_guard guard;
	int rc;

	bus_guard_on(&guard);
	rc = folder ? sd_journal_open_directory(&sd, folder, 0) :
		      sd_journal_open(&sd, SD_JOURNAL_LOCAL_ONLY);

	if (rc >= 0)
		rc = sd_journal_set_data_threshold(sd, FIELD_MAX);
	/* Sets up the watch that sd_journal_process() reads. */
	if (rc >= 0)
		rc = sd_journal_get_fd(sd);
	if (rc >= 0)
		rc = seek_end(sd);
	if (bus_guard_off(&guard))
		rc = -EBADMSG;
	if (rc < 0) {
		sd_journal_close(sd);
		return rc;
	}
	*ret_sd = sd;
	return 0;
}

int journal_open(const char *folder, struct journal **ret_journal,
		 struct err *err)
{
	struct journal *journal = calloc(1, sizeof(*journal));
	int rc;

	if (!journal)
		return err_nomem(err);
	journal->looked_ns = INT64_MIN / 2;
	if (folder) {
		journal->folder = strdup(folder);
		if (!journal->folder) {
			journal_close(journal);
			return err_nomem(err);
		}
	}
	rc = open_sd(folder, &journal->sd);
	if (rc < 0) {
		journal_close(journal);
		return failure(rc, err);
	}
	if (!folder && sd_journal_has_persistent_files(journal->sd) <= 0 &&
	    sd_journal_has_runtime_files(journal->sd) <= 0) {
		journal_close(journal);
		return JOURNAL_ABSENT;
	}
	*ret_journal = journal;
	return 0;
}

struct journal *journal_close(struct journal *journal)
{
	if (!journal)
		return NULL;
	sd_journal_close(journal->sd);
	free(journal->folder);
	free(journal);
	return NULL;
}

/* --- fields ---------------------------------------------------------------*/

static struct log_text field(const struct journal *journal, const char *name)
{
	size_t skip = strlen(name) + 1, len;
	const void *data;

	if (sd_journal_get_data(journal->sd, name, &data, &len) < 0 ||
	    len < skip)
		return log_text("", 0);
	return log_text((const char *)data + skip, len - skip);
}

static bool number(struct log_text text, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0;

	if (!text.len || text.len > DIGITS_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		uint64_t digit = (uint64_t)(text.p[i] - '0');

		if (text.p[i] < '0' || text.p[i] > '9' || digit > max ||
		    n > (max - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*ret = n;
	return true;
}

static bool field_u32(const struct journal *journal, const char *name,
		      uint32_t max, uint32_t *ret)
{
	uint64_t n;

	if (!number(field(journal, name), max, &n))
		return false;
	*ret = (uint32_t)n;
	return true;
}

static void fill_time(const struct journal *journal, struct log_entry *entry)
{
	const uint64_t max = INT64_MAX / 1000;
	uint64_t us;

	entry->has_ts = number(field(journal, "_SOURCE_REALTIME_TIMESTAMP"),
			       max, &us) ||
			(sd_journal_get_realtime_usec(journal->sd, &us) >= 0 &&
			 us <= max);
	if (entry->has_ts)
		entry->ts = (int64_t)us * 1000;
}

static void fill_sender(const struct journal *journal, struct log_entry *entry)
{
	entry->sender_has_pid =
		field_u32(journal, "_PID", INT32_MAX, &entry->sender_pid);
	entry->sender_has_uid =
		field_u32(journal, "_UID", UINT32_MAX, &entry->sender_uid);
	entry->sender_has_gid =
		field_u32(journal, "_GID", UINT32_MAX, &entry->sender_gid);
	entry->sender_has_loginuid =
		field_u32(journal, "_AUDIT_LOGINUID", UINT32_MAX,
			  &entry->sender_loginuid);
}

/*
 * libsystemd may drop what it told of one field when it is asked for the next,
 * if the file's windows in memory run out; so every text is copied.
 */
struct texts {
	size_t used;
	char bytes[4 * 256 + JOURNAL_MESSAGE_MAX];
};

static struct log_text keep(struct texts *texts, struct log_text text,
			    size_t max)
{
	char *to = texts->bytes + texts->used;

	if (text.len > max)
		text.len = max;
	memcpy(to, text.p, text.len);
	texts->used += text.len;
	return log_text(to, text.len);
}

/* journald's own word, which nobody else can send: what it dropped. */
static void count_dropped(struct journal *journal)
{
	uint64_t n = 1;

	if (!log_text_is(field(journal, "_TRANSPORT"), "driver") ||
	    !log_text_is(field(journal, "MESSAGE_ID"),
			 SD_MESSAGE_JOURNAL_DROPPED_STR))
		return;
	if (!number(field(journal, "N_DROPPED"), UINT32_MAX, &n) || !n)
		n = 1;
	journal->stats.lost += n;
}

static void fill(const struct journal *journal, struct texts *texts,
		 struct log_entry *entry)
{
	struct log_text message;
	uint32_t n;

	texts->used = 0;
	*entry = (struct log_entry){ .origin = LOG_JOURNAL };
	entry->program = keep(texts, field(journal, "SYSLOG_IDENTIFIER"), 256);
	entry->sender_comm = keep(texts, field(journal, "_COMM"), 256);
	entry->sender_exe = keep(texts, field(journal, "_EXE"), 512);
	if (!entry->program.len)
		entry->program = entry->sender_comm;
	entry->has_pid =
		field_u32(journal, "SYSLOG_PID", INT32_MAX, &entry->pid);
	entry->has_priority = field_u32(journal, "PRIORITY", 7, &n);
	entry->priority = entry->has_priority ? (uint8_t)n : 0;
	entry->has_facility = field_u32(journal, "SYSLOG_FACILITY", 127, &n);
	entry->facility = entry->has_facility ? (uint8_t)n : 0;
	fill_time(journal, entry);
	fill_sender(journal, entry);
	message = field(journal, "MESSAGE");
	entry->cut = message.len > JOURNAL_MESSAGE_MAX;
	entry->message = keep(texts, message, JOURNAL_MESSAGE_MAX);
}

/*
 * 1 and the next entry, its texts in `texts`; 0: there is none; or -errno. What
 * is read of a file that was made shorter meanwhile is worth nothing.
 */
static int next_entry(struct journal *journal, struct texts *texts,
		      struct log_entry *ret_entry)
{
	struct bus_guard guard;
	int there;

	bus_guard_on(&guard);
	there = sd_journal_next(journal->sd);
	if (there > 0) {
		count_dropped(journal);
		fill(journal, texts, ret_entry);
	}
	return bus_guard_off(&guard) ? -EBADMSG : there;
}

/* --- turns ----------------------------------------------------------------*/

/* A journal that cannot be read goes on from its end: what is between is lost. */
static void give_up(struct journal *journal)
{
	sd_journal_close(journal->sd);
	journal->sd = NULL;
	journal->more = false;
	journal->stats.failed++;
	journal->stats.lost++;
}

static void reopen(struct journal *journal, int64_t now_ns)
{
	if (now_ns - journal->looked_ns < REOPEN_NS)
		return;
	journal->looked_ns = now_ns;
	if (open_sd(journal->folder, &journal->sd) < 0)
		journal->sd = NULL;
}

/* Is there perhaps something to read? */
static bool due(struct journal *journal, int64_t now_ns)
{
	struct bus_guard guard;
	int changed;

	bus_guard_on(&guard);
	changed = sd_journal_process(journal->sd);
	if (bus_guard_off(&guard) || changed < 0) {
		give_up(journal);
		return false;
	}
	if (changed == SD_JOURNAL_NOP && !journal->more &&
	    now_ns - journal->looked_ns < LOOK_NS)
		return false;
	journal->looked_ns = now_ns;
	return true;
}

int journal_turn(struct journal *journal, int64_t now_ns, log_entry_fn *fn,
		 void *ctx, struct err *err)
{
	struct log_entry entry;
	struct texts texts;
	int there, rc = 0;

	if (!journal->sd)
		reopen(journal, now_ns);
	if (!journal->sd || !due(journal, now_ns))
		return 0;
	journal->more = true;
	for (unsigned n = 0; n < JOURNAL_TURN_ENTRIES && !rc; n++) {
		there = next_entry(journal, &texts, &entry);
		if (there < 0)
			give_up(journal);
		journal->more = there > 0;
		if (there <= 0)
			return 0;
		journal->stats.entries++;
		journal->stats.cut += entry.cut;
		rc = fn(ctx, &entry, err);
	}
	return rc;
}

void journal_stats(const struct journal *journal,
		   struct journal_stats *ret_stats)
{
	*ret_stats = journal->stats;
}
