// SPDX-License-Identifier: Apache-2.0
/* Epoch drain on rings made by hand: what live kernels rarely show. */
#include "ring_file.h"

#include "user/base/check.h"
#include "user/collect/collect_int.h"

#include <errno.h>

struct fixture {
	struct ring_file files[RING_COUNT];
	struct collector collector;
	unsigned seen[STREAM_COUNT];
	uint64_t last_ts;
	unsigned inversions;
	int fail;
};

static void fixture_open(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	collector_init(&f->collector);
	for (unsigned i = 0; i < RING_COUNT; i++) {
		ring_file_open(&f->files[i]);
		f->collector.rings[i].fd = f->files[i].fd;
		f->collector.rings[i].reader = f->files[i].reader;
	}
}

static void fixture_close(struct fixture *f)
{
	for (unsigned i = 0; i < RING_COUNT; i++)
		ring_file_close(&f->files[i]);
}

static int count(void *ctx, const void *record, size_t len, struct err *err)
{
	struct fixture *f = ctx;
	const struct event_head *head = record;

	if (f->fail)
		return err_set(err, ERR_INTERNAL, -EIO, "no");
	assert_int_equal(head->size, len);
	f->seen[head->stream]++;
	f->inversions += head->ts < f->last_ts;
	f->last_ts = head->ts;
	return 0;
}

static int drain(struct fixture *f, int64_t now_ns, int64_t *ret_watermark_ns)
{
	return collector_drain(&f->collector, now_ns, count, f,
			       ret_watermark_ns, NULL);
}

static struct process_exit_event exit_event(void)
{
	return (struct process_exit_event){
		.head = { .stream = STREAM_PROCESS_EXIT,
			  .abi = EVENT_ABI,
			  .size = sizeof(struct process_exit_event) },
	};
}

static void drain__records__watermark_is_1_ms_behind(void **state)
{
	struct process_exit_event x = exit_event();
	int64_t watermark_ns = -1;
	struct fixture f;

	(void)state;
	fixture_open(&f);
	ring_put(&f.files[RING_LIFECYCLE], &x, sizeof(x), 0);
	assert_int_equal(drain(&f, 5000000000, &watermark_ns), 0);
	assert_int_equal(watermark_ns, 4999000000);
	assert_int_equal(f.seen[STREAM_PROCESS_EXIT], 1);
	assert_int_equal(f.collector.delivered[STREAM_PROCESS_EXIT], 1);
	/* A clock that went back does not take the watermark with it. */
	assert_int_equal(drain(&f, 4000000000, &watermark_ns), 0);
	assert_int_equal(watermark_ns, 4999000000);
	assert_int_equal(collector_held(&f.collector), 0);
	fixture_close(&f);
}

static struct network_connect_event connect_event(void)
{
	return (struct network_connect_event){
		.head = { .stream = STREAM_NETWORK_CONNECT,
			  .abi = EVENT_ABI,
			  .size = sizeof(struct network_connect_event) },
	};
}

static void drain__both_rings__records_come_in_order_of_time(void **state)
{
	static const uint64_t exits[] = { 10, 20, 40, 70 };
	static const uint64_t connects[] = { 5, 20, 30, 50, 60 };
	struct network_connect_event n = connect_event();
	struct process_exit_event x = exit_event();
	int64_t watermark_ns = -1;
	struct fixture f;

	(void)state;
	fixture_open(&f);
	for (size_t i = 0; i < ARRAY_SIZE(exits); i++) {
		x.head.ts = exits[i];
		ring_put(&f.files[RING_LIFECYCLE], &x, sizeof(x), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(connects); i++) {
		n.head.ts = connects[i];
		ring_put(&f.files[RING_NETWORK], &n, sizeof(n), 0);
	}
	assert_int_equal(drain(&f, 5000000000, &watermark_ns), 0);
	assert_int_equal(f.seen[STREAM_PROCESS_EXIT], ARRAY_SIZE(exits));
	assert_int_equal(f.seen[STREAM_NETWORK_CONNECT], ARRAY_SIZE(connects));
	assert_int_equal(f.inversions, 0);
	fixture_close(&f);
}

static void drain__busy_record__holds_the_watermark(void **state)
{
	struct process_exit_event x = exit_event();
	struct network_connect_event n = connect_event();
	int64_t watermark_ns = -1;
	int64_t before_ns;
	struct fixture f;
	uint32_t *header;

	(void)state;
	fixture_open(&f);
	assert_int_equal(drain(&f, 5000000000, &watermark_ns), 0);
	ring_put(&f.files[RING_LIFECYCLE], &x, sizeof(x), BPF_RINGBUF_BUSY_BIT);
	ring_put(&f.files[RING_NETWORK], &n, sizeof(n), 0);
	before_ns = collect_now_ns();
	assert_int_equal(drain(&f, 6000000000, &watermark_ns), 0);
	assert_true(collect_now_ns() - before_ns >= 20000000);
	assert_int_equal(watermark_ns, 4999000000);
	assert_int_equal(collector_held(&f.collector), 1);
	/* The later ring waits: its reader may trust in the lifecycle. */
	assert_int_equal(f.seen[STREAM_NETWORK_CONNECT], 0);
	assert_int_equal(f.seen[STREAM_PROCESS_EXIT], 0);

	header = (void *)(f.files[RING_LIFECYCLE].pages +
			  2 * f.files[RING_LIFECYCLE].page);
	*header &= ~BPF_RINGBUF_BUSY_BIT;
	assert_int_equal(drain(&f, 7000000000, &watermark_ns), 0);
	assert_int_equal(watermark_ns, 6999000000);
	assert_int_equal(f.seen[STREAM_PROCESS_EXIT], 1);
	assert_int_equal(f.seen[STREAM_NETWORK_CONNECT], 1);
	fixture_close(&f);
}

static void damaged_check(const void *record, uint32_t len, unsigned ring)
{
	enum stream_id first = ring == RING_LIFECYCLE ? STREAM_PROCESS_EXEC :
							STREAM_NETWORK_CONNECT;
	int64_t watermark_ns = -1;
	struct fixture f;

	fixture_open(&f);
	ring_put(&f.files[ring], record, len, 0);
	assert_int_equal(drain(&f, 5000000000, &watermark_ns), 0);
	for (unsigned s = 0; s < STREAM_COUNT; s++)
		assert_int_equal(f.seen[s], 0);
	assert_int_equal(f.collector.damaged[first], 1);
	assert_int_equal(f.collector.delivered[first], 1);
	fixture_close(&f);
}

static void drain__not_a_record_of_ours__is_counted_damaged(void **state)
{
	struct process_exit_event x;

	(void)state;
	x = exit_event();
	damaged_check(&x, sizeof(x.head) - 1, RING_LIFECYCLE);
	damaged_check(&x, sizeof(x) - 8, RING_LIFECYCLE);
	damaged_check(&x, sizeof(x), RING_NETWORK);
	x.head.abi++;
	damaged_check(&x, sizeof(x), RING_LIFECYCLE);
	x = exit_event();
	x.head.stream = STREAM_COUNT;
	damaged_check(&x, sizeof(x), RING_LIFECYCLE);
	x = exit_event();
	x.head.stream = STREAM_PROCESS_EXEC; /* whose record is longer */
	damaged_check(&x, sizeof(x), RING_LIFECYCLE);
	x = exit_event();
	x.head.size += 8;
	damaged_check(&x, sizeof(x), RING_LIFECYCLE);
}

static void drain__reader_fails__error_is_passed_up(void **state)
{
	struct process_exit_event x = exit_event();
	int64_t watermark_ns = -1;
	struct fixture f;

	(void)state;
	fixture_open(&f);
	f.fail = 1;
	ring_put(&f.files[RING_LIFECYCLE], &x, sizeof(x), 0);
	assert_int_equal(drain(&f, 5000000000, &watermark_ns), -EIO);
	assert_int_equal(watermark_ns, -1);
	assert_int_equal(f.collector.delivered[STREAM_PROCESS_EXIT], 0);
	assert_int_equal(consumer(&f.files[RING_LIFECYCLE]), 0);
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drain__records__watermark_is_1_ms_behind),
		cmocka_unit_test(
			drain__both_rings__records_come_in_order_of_time),
		cmocka_unit_test(drain__busy_record__holds_the_watermark),
		cmocka_unit_test(
			drain__not_a_record_of_ours__is_counted_damaged),
		cmocka_unit_test(drain__reader_fails__error_is_passed_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
