// SPDX-License-Identifier: Apache-2.0
#include "user/collect/probe.h"

#include "user/base/check.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

/* The smallest thing that needs the same right as a program. */
static bool may_load(void)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "probe", 0, 0,
				(uint32_t)sysconf(_SC_PAGESIZE), NULL);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

int probe_read(struct probe *ret_probe, struct err *err)
{
	int rc = kernel_offer_read(&ret_probe->offer, err);

	if (!rc)
		ret_probe->may_load = may_load();
	return rc;
}

void probe_release(struct probe *probe)
{
	kernel_offer_release(&probe->offer);
}

static void source_name(const struct handler *handler,
			char ret_name[PROBE_NAME_BYTES])
{
	switch (handler->kind) {
	case HANDLER_SLOT:
		snprintf(ret_name, PROBE_NAME_BYTES, "tp_btf/%s",
			 hook_name(handler->hook));
		break;
	case HANDLER_LSM:
		snprintf(ret_name, PROBE_NAME_BYTES, "lsm/%s",
			 handler->lsm_hook);
		break;
	case HANDLER_CGROUP:
		snprintf(ret_name, PROBE_NAME_BYTES, "cgroup/%s",
			 handler->program);
		break;
	case HANDLER_ITERATOR:
		snprintf(ret_name, PROBE_NAME_BYTES, "iterator/%s",
			 handler->program);
		break;
	}
}

/* Several handlers of one hook are one source. */
static void source_add(struct probe_stream *stream,
		       const struct probe_source *source)
{
	for (unsigned i = 0; i < stream->source_count; i++)
		if (strcmp(stream->sources[i].name, source->name) == 0) {
			stream->sources[i].optional &= source->optional;
			return;
		}
	CHECK(stream->source_count < PROBE_SOURCES_MAX);
	stream->sources[stream->source_count++] = *source;
}

/* Of the two names that one hook has had a kernel offers one at most. */
static bool is_by_other_name(const struct handler *handler,
			     const struct kernel_offer *offer)
{
	struct handler other = *handler;

	if (handler->kind != HANDLER_SLOT)
		return false;
	if (handler->hook == HOOK_io_uring_submit_req)
		other.hook = HOOK_io_uring_submit_sqe;
	else if (handler->hook == HOOK_io_uring_submit_sqe)
		other.hook = HOOK_io_uring_submit_req;
	else
		return false;
	return !handler_hook_is_there(handler, offer) &&
	       handler_hook_is_there(&other, offer);
}

void probe_stream(const struct probe *probe, enum stream_id stream,
		  struct probe_stream *ret_stream)
{
	size_t count;
	const struct handler *table = handlers(&count);
	bool lacks = false, any = false;

	*ret_stream = (struct probe_stream){ .by_kernel = stream <
							  STREAM_KERNEL_COUNT };
	for (size_t i = 0; i < count; i++) {
		const struct handler *handler = &table[i];
		struct probe_source source = {
			.optional = handler->optional ||
				    handler->kind == HANDLER_LSM,
		};

		if (!(handler->streams & HANDLER_STREAM(stream)) ||
		    (handler->fits && !handler->fits(&probe->offer)) ||
		    is_by_other_name(handler, &probe->offer))
			continue;
		source.there = handler_hook_is_there(handler, &probe->offer);
		source_name(handler, source.name);
		source_add(ret_stream, &source);
		any |= source.there;
		lacks |= !source.there && !source.optional;
	}
	ret_stream->served = !ret_stream->by_kernel || (any && !lacks);
}

void probe_lacks(const struct probe_stream *stream, struct buf *out)
{
	const char *comma = "";

	for (unsigned i = 0; i < stream->source_count; i++) {
		const struct probe_source *source = &stream->sources[i];

		if (stream->served || source->there || source->optional)
			continue;
		buf_printf(out, "%s%s", comma, source->name);
		comma = ", ";
	}
	/* All that it could be had from may be had by itself, and none is. */
	if (!stream->served && !*comma)
		buf_puts(out, "a hook to have it from");
}
