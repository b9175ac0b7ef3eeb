// SPDX-License-Identifier: Apache-2.0
/*
 * A condition as branches. Each part is given the block to go to when it holds
 * and the one when it does not, so AND and OR need no values and no jumps of
 * their own.
 */
#include "compiler/pushdown_int.h"
#include "user/base/check.h"

static uint32_t load_field(struct kernel_ir *ir, struct field field)
{
	uint32_t v = ir_load(ir, IR_RECORD, field.offset, field.size);

	if (field.is_signed && field.size < 8) {
		int bits = 64 - 8 * field.size;

		v = ir_binary_imm(ir, IR_SHL, v, bits);
		v = ir_binary_imm(ir, IR_SAR, v, bits);
	}
	return v;
}

static uint32_t emit_operand(struct kernel_ir *ir, const struct operand *o);

/*
 * eBPF divides without signs: divide the absolute value and put the sign of the
 * left side back, x ^ sign - sign for sign 0 or -1.
 */
static uint32_t emit_divide(struct kernel_ir *ir, const struct operand *o)
{
	enum ir_op op = o->kind == OPERAND_DIV ? IR_DIV : IR_MOD;
	uint32_t left = emit_operand(ir, o->left), sign;

	if (o->left->min >= 0)
		return ir_binary_imm(ir, op, left, o->right->min);
	sign = ir_binary_imm(ir, IR_SAR, left, 63);
	left = ir_binary(ir, IR_XOR, left, sign);
	left = ir_binary(ir, IR_SUB, left, sign);
	left = ir_binary_imm(ir, op, left, o->right->min);
	left = ir_binary(ir, IR_XOR, left, sign);
	return ir_binary(ir, IR_SUB, left, sign);
}

static uint32_t emit_operand(struct kernel_ir *ir, const struct operand *o)
{
	static const uint8_t ops[] = {
		[OPERAND_ADD] = IR_ADD,
		[OPERAND_SUB] = IR_SUB,
		[OPERAND_MUL] = IR_MUL,
		[OPERAND_AND] = IR_AND,
	};
	enum ir_op op;
	uint32_t left;

	if (o->kind == OPERAND_CONST)
		return ir_const(ir, o->min);
	if (o->kind == OPERAND_FIELD)
		return load_field(ir, o->field);
	if (o->kind == OPERAND_DIV || o->kind == OPERAND_MOD)
		return emit_divide(ir, o);
	op = ops[o->kind];
	left = emit_operand(ir, o->left);
	if (o->right->kind == OPERAND_CONST && ir_fits_s32(o->right->min))
		return ir_binary_imm(ir, op, left, o->right->min);
	return ir_binary(ir, op, left, emit_operand(ir, o->right));
}

static bool fits_u32(int64_t i)
{
	return i >= 0 && i <= UINT32_MAX;
}

static void emit_compare(struct kernel_ir *ir, const struct cond *c,
			 uint32_t then, uint32_t other)
{
	struct ir_test test = { .cmp = c->cmp, .b = IR_NONE };
	bool is_const = c->right->kind == OPERAND_CONST;
	int64_t imm = c->right->min;

	test.a = emit_operand(ir, c->left);
	if (is_const && ir_fits_s32(imm)) {
		test.imm = imm;
	} else if (is_const && (c->cmp == IR_EQ || c->cmp == IR_NE) &&
		   fits_u32(c->left->min) && fits_u32(c->left->max)) {
		/* decided() has seen that imm is in the range as well. */
		test.imm = (int32_t)(uint32_t)imm;
		test.narrow = true;
	} else {
		test.b = emit_operand(ir, c->right);
	}
	ir_branch(ir, test, then, other);
}

static void emit_bits(struct kernel_ir *ir, const struct cond *c, uint32_t then,
		      uint32_t other)
{
	struct ir_test test = { .cmp = c->cmp, .b = IR_NONE };
	uint32_t v = load_field(ir, c->field);

	test.a = ir_fits_s32(c->mask) ?
			 ir_binary_imm(ir, IR_AND, v, c->mask) :
			 ir_binary(ir, IR_AND, v, ir_const(ir, c->mask));
	ir_branch(ir, test, then, other);
}

/* Go on in a new block unless `a cmp imm`. */
static void leave_if(struct kernel_ir *ir, uint32_t a, enum ir_cmp cmp,
		     int64_t imm, uint32_t target)
{
	uint32_t next = ir_block_new(ir);

	ir_branch(ir,
		  (struct ir_test){
			  .cmp = cmp, .a = a, .b = IR_NONE, .imm = imm },
		  target, next);
	ir_place(ir, next);
}

/* The byte of the path that text[i] is compared with. */
static uint32_t load_end(struct kernel_ir *ir, const struct cond *c,
			 uint32_t end, uint32_t i)
{
	uint32_t v = ir_load(ir, end, c->bytes_offset - c->text_len + i, 1);

	if (c->fold_case && ascii_is_letter(c->text[i]))
		v = ir_binary_imm(ir, IR_AND, v, ASCII_CASE_MASK);
	return v;
}

/*
 * The address of the end is computed from the length, which is compared with
 * both bounds first: without that the verifier refuses the loads.
 */
static void emit_suffix(struct kernel_ir *ir, const struct cond *c,
			uint32_t then, uint32_t other)
{
	uint32_t yes = c->cmp == IR_EQ ? then : other;
	uint32_t no = c->cmp == IR_EQ ? other : then;
	uint32_t len = load_field(ir, c->field), end, last;

	leave_if(ir, len, IR_LT, c->text_len, no);
	leave_if(ir, len, IR_GT, c->bytes_size, then);
	end = ir_binary(ir, IR_ADD, IR_RECORD, len);
	CHECK(c->text_len > 0 && c->text_len <= c->bytes_offset);
	for (uint32_t i = c->text_len - 1; i > 0; i--)
		leave_if(ir, load_end(ir, c, end, i), IR_NE, c->text[i], no);
	last = load_end(ir, c, end, 0);
	ir_branch(ir,
		  (struct ir_test){ .cmp = IR_EQ,
				    .a = last,
				    .b = IR_NONE,
				    .imm = c->text[0] },
		  yes, no);
}

static void emit_cond(struct kernel_ir *ir, const struct cond *c, uint32_t then,
		      uint32_t other);

static void emit_join(struct kernel_ir *ir, const struct cond *c, uint32_t then,
		      uint32_t other)
{
	for (uint32_t i = 0; i + 1 < c->arg_count; i++) {
		uint32_t next = ir_block_new(ir);

		if (c->kind == COND_AND)
			emit_cond(ir, c->args[i], next, other);
		else
			emit_cond(ir, c->args[i], then, next);
		ir_place(ir, next);
	}
	emit_cond(ir, c->args[c->arg_count - 1], then, other);
}

static void emit_if(struct kernel_ir *ir, const struct cond *c, uint32_t then,
		    uint32_t other)
{
	uint32_t yes = ir_block_new(ir), no = ir_block_new(ir);

	emit_cond(ir, c->args[0], yes, no);
	ir_place(ir, yes);
	emit_cond(ir, c->args[1], then, other);
	ir_place(ir, no);
	emit_cond(ir, c->args[2], then, other);
}

static void emit_cond(struct kernel_ir *ir, const struct cond *c, uint32_t then,
		      uint32_t other)
{
	switch (c->kind) {
	case COND_AND:
	case COND_OR:
		emit_join(ir, c, then, other);
		return;
	case COND_IF:
		emit_if(ir, c, then, other);
		return;
	case COND_COMPARE:
	case COND_BITS:
	case COND_SUFFIX:
		break;
	case COND_FALSE:
	case COND_TRUE:
	case COND_TEXT:
	case COND_MARK:
		CHECK(!"a constant inside of a condition");
	}
	ir->line = c->line;
	if (c->kind == COND_COMPARE)
		emit_compare(ir, c, then, other);
	else if (c->kind == COND_BITS)
		emit_bits(ir, c, then, other);
	else
		emit_suffix(ir, c, then, other);
}

int cond_emit(const struct cond *cond, const struct stream *stream,
	      struct arena *arena, struct kernel_ir *ret_ir, struct err *err)
{
	struct kernel_ir ir;
	uint32_t entry, keep, drop;
	int r;

	ir_init(&ir, arena, stream->record_bytes, 0);
	entry = ir_block_new(&ir);
	ir_place(&ir, entry);
	if (cond->kind > COND_TRUE) {
		keep = ir_block_new(&ir);
		drop = ir_block_new(&ir);
		emit_cond(&ir, cond, keep, drop);
		ir.line = LINE_KEEP;
		ir_place(&ir, keep);
		ir_return(&ir, 1);
		ir_place(&ir, drop);
	}
	ir.line = cond->kind == COND_TRUE ? LINE_KEEP : LINE_DROP;
	ir_return(&ir, cond->kind == COND_TRUE);
	r = ir_finish(&ir, err);
	if (r)
		return r;
	*ret_ir = ir;
	return 0;
}

/* Store what was there and the marks. */
static void emit_mark(struct kernel_ir *ir, const struct cond *c)
{
	uint32_t marks = ir_const(ir, (int64_t)c->marks), v;

	ir->line = LINE_MARK;
	if (c->field.size)
		marks = ir_binary(ir, IR_AND, load_field(ir, c->field), marks);
	v = ir_load(ir, IR_OUT, 0, 8);
	v = ir_binary(ir, IR_OR, v, marks);
	ir_store(ir, 0, 8, v);
}

static void emit_marks(struct kernel_ir *ir, const struct cond *c,
		       uint32_t next);

/* Each that has marks, whatever became of those before it. */
static void emit_each(struct kernel_ir *ir, const struct cond *const *args,
		      uint32_t count, uint32_t next)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t behind = i + 1 < count ? ir_block_new(ir) : next;

		emit_marks(ir, args[i], behind);
		if (behind == next)
			return;
		ir->unit++;
		ir_place(ir, behind);
	}
}

/* The marks of what holds; then, in any case, `next`. */
static void emit_marks(struct kernel_ir *ir, const struct cond *c,
		       uint32_t next)
{
	uint32_t i = 0, yes, no;

	CHECK(c->has_marks);
	if (c->kind == COND_MARK) {
		emit_mark(ir, c);
		ir_jump(ir, next);
		return;
	}
	if (c->kind == COND_IF) {
		yes = ir_block_new(ir);
		no = ir_block_new(ir);
		emit_cond(ir, c->args[0], yes, no);
		ir_place(ir, yes);
		emit_marks(ir, c->args[1], next);
		ir_place(ir, no);
		emit_marks(ir, c->args[2], next);
		return;
	}
	while (!c->args[i]->has_marks) {
		CHECK(c->kind == COND_AND);
		yes = ir_block_new(ir);
		emit_cond(ir, c->args[i++], yes, next);
		ir_place(ir, yes);
	}
	emit_each(ir, c->args + i, c->arg_count - i, next);
}

int cond_emit_marks(const struct cond *cond, const struct stream *stream,
		    struct arena *arena, struct kernel_ir *ret_ir,
		    struct err *err)
{
	struct kernel_ir ir;
	uint32_t done;
	int r;

	ir_init(&ir, arena, stream->record_bytes, sizeof(struct event_hint));
	ir_place(&ir, ir_block_new(&ir));
	done = ir_block_new(&ir);
	ir_store(&ir, 0, sizeof(struct event_hint), ir_const(&ir, 0));
	emit_marks(&ir, cond, done);
	ir_place(&ir, done);
	ir.line = LINE_DONE;
	ir_return(&ir, 0);
	r = ir_finish(&ir, err);
	if (!r)
		*ret_ir = ir;
	return r;
}

/* What is set whatever the record holds. */
static void emit_constants(struct kernel_ir *ir,
			   const struct cond *const *conds, unsigned count)
{
	for (uint32_t word = 0; word < ir->out_bytes / 8; word++) {
		uint64_t bits = 0;

		for (unsigned i = word * 64; i < count && i < (word + 1) * 64;
		     i++)
			if (conds[i]->kind == COND_TRUE)
				bits |= 1ULL << i % 64;
		ir_store(ir, word * 8, 8, ir_const(ir, (int64_t)bits));
	}
}

static void emit_bit(struct kernel_ir *ir, const struct cond *cond,
		     unsigned bit)
{
	uint32_t yes = ir_block_new(ir), next = ir_block_new(ir);
	uint32_t half = bit / 32 * 4, v;

	emit_cond(ir, cond, yes, next);
	ir_place(ir, yes);
	v = ir_load(ir, IR_OUT, half, 4);
	v = ir_binary_imm(ir, IR_OR, v, (int32_t)(1u << bit % 32));
	ir_store(ir, half, 4, v);
	ir_jump(ir, next);
	ir->unit++;
	ir_place(ir, next);
}

int cond_emit_bits(const struct cond *const *conds, unsigned count,
		   const struct stream *stream, size_t out_bytes,
		   struct arena *arena, struct kernel_ir *ret_ir,
		   struct err *err)
{
	struct kernel_ir ir;
	int r;

	CHECK(count <= out_bytes * 8);
	ir_init(&ir, arena, stream->record_bytes, out_bytes);
	ir_place(&ir, ir_block_new(&ir));
	emit_constants(&ir, conds, count);
	for (unsigned i = 0; i < count; i++)
		if (conds[i]->kind > COND_TRUE)
			emit_bit(&ir, conds[i], i);
	ir.line = LINE_DONE;
	ir_return(&ir, 0);
	r = ir_finish(&ir, err);
	if (!r)
		*ret_ir = ir;
	return r;
}
