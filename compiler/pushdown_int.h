/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to compiler/pushdown*.c: the condition of one stream between the
 * rules' expressions and the kernel IR.
 *
 * A condition has two values: every unknown has been decided in favour of
 * passing when it was made. Equal conditions are one object.
 */
#ifndef SHRIKE_COMPILER_PUSHDOWN_INT_H
#define SHRIKE_COMPILER_PUSHDOWN_INT_H

#include "compiler/kernel_ir.h"
#include "compiler/pushdown.h"
#include "user/base/path_set.h"

/* Half of what a branch reaches; the verifier takes it in tens of ms. */
#define PUSHDOWN_INSNS_MAX 16000
/* Arithmetic nested deeper than this stays in user space: bounds the stack. */
#define PUSHDOWN_DEPTH_MAX 40
/*
 * Of one term: values that its CASE and COALESCE are tried with, conditions of
 * which more than one thing is asked. Each may double what lies below it.
 */
#define PUSHDOWN_CHOICES_MAX 64

/* Bytes at a fixed place of the record, as an integer. */
struct field {
	uint16_t offset;
	uint8_t size; /* 1, 2, 4, 8; the offset is a multiple of it */
	bool is_signed;
};

enum operand_kind {
	OPERAND_CONST,
	OPERAND_FIELD,
	OPERAND_ADD,
	OPERAND_SUB,
	OPERAND_MUL,
	OPERAND_DIV, /* as C divides; by a constant > 0 */
	OPERAND_MOD, /* likewise */
	OPERAND_AND, /* with a constant */
};

/* A 64-bit value; min and max hold for every record. */
struct operand {
	enum operand_kind kind;
	struct field field;
	int64_t min;
	int64_t max;
	const struct operand *left;
	const struct operand *right;
	unsigned depth;
};

enum cond_kind {
	COND_FALSE,
	COND_TRUE,
	COND_COMPARE, /* left cmp right */
	COND_BITS,    /* (field & mask) cmp 0, with EQ or NE */
	COND_SUFFIX,  /* a path ends with text; cmp NE: it does not */
	COND_TEXT,    /* a path is text, or begins so; until cond_plain() */
	COND_AND,
	COND_OR,
	COND_IF, /* args[0] decides between args[1] and args[2] */
	/*
	 * Of a hint: TRUE, and where all that stands before it in an AND holds,
	 * `marks` are set; of them, where `field` has a size, those it has.
	 */
	COND_MARK,
};

struct cond {
	enum cond_kind kind;
	enum ir_cmp cmp;
	bool term; /* AND, OR: made by one SQL term, not to be taken apart */
	struct field field; /* BITS; SUFFIX: the length; MARK: size may be 0 */
	uint32_t mask;
	uint64_t marks;	       /* MARK */
	uint32_t bytes_offset; /* SUFFIX: where the path begins */
	uint32_t bytes_size;
	const struct operand *left;
	const struct operand *right;
	const uint8_t *text;
	uint32_t text_len;
	bool fold_case; /* SUFFIX: letters alike, `text` has them in upper case */
	bool prefix;	/* TEXT: begins with it */
	bool has_text;		     /* TEXT itself, or some arg has */
	bool has_marks;		     /* MARK, likewise */
	const struct column *column; /* SUFFIX, TEXT */
	uint32_t arg_count;
	const struct cond *const *args;
	uint32_t cost;	/* instructions, at most */
	uint32_t order; /* of making: ties are broken by it */
	uint32_t line;	/* the SQL term it was first made for */
	uint32_t hash;
	const struct cond *next; /* with the same hash bucket */
};

#define COND_BUCKETS 1024u

struct cond_set {
	struct arena *arena;
	struct path_set_list *sets; /* NULL: none are to be made */
	const struct stream *stream;
	const struct cond **buckets;
	uint32_t count;
	uint32_t line;
	uint32_t choices_left; /* of the term, see leaf_spend() */
	bool hint;	       /* `sets` are there, and get marks */
	bool brief; /* of a path test a part of the bytes, where that may be */
	bool reads_path; /* some term is not decided where a path is cut */
	bool of_exec;	 /* hidden columns, too: not a rule reads, but we do */
	bool failed; /* out of memory; what is returned is still a condition */
};

/* pushdown_cond.c: making and simplifying */
int cond_set_init(struct cond_set *set, struct arena *arena,
		  const struct stream *stream);
const struct cond *cond_const(bool value);
const struct cond *cond_compare(struct cond_set *set, enum ir_cmp cmp,
				const struct operand *left,
				const struct operand *right);
const struct cond *cond_bits(struct cond_set *set, struct field field,
			     uint32_t mask, bool any);
const struct cond *cond_suffix(struct cond_set *set,
			       const struct column *column, const uint8_t *text,
			       uint32_t len, bool fold_case);
/* `field`: of 8 bytes, or all zero. */
const struct cond *cond_mark(struct cond_set *set, struct field field,
			     uint64_t marks);
/* `cost`: of what it will be in instructions. */
const struct cond *cond_text(struct cond_set *set, const struct column *column,
			     bool prefix, const uint8_t *text, uint32_t len,
			     uint32_t cost);
/* The same without any TEXT: as comparisons of the bytes. */
const struct cond *cond_plain(struct cond_set *set, const struct cond *cond);
const struct cond *cond_if(struct cond_set *set, const struct cond *test,
			   const struct cond *then, const struct cond *other);
/* `kind` AND or OR of what lies in args, which is taken over and reordered. */
const struct cond *cond_join(struct cond_set *set, enum cond_kind kind,
			     const struct cond **args, uint32_t count,
			     bool term);
const struct cond *cond_join2(struct cond_set *set, enum cond_kind kind,
			      const struct cond *a, const struct cond *b);
const struct cond *cond_negate(struct cond_set *set, const struct cond *cond);
/* AND out of an OR what all its branches demand. */
const struct cond *cond_factor(struct cond_set *set, const struct cond *cond);

/*
 * pushdown_group.c: the same, with few tests for each record, and without TEXT.
 * Many texts become sets where there is a list for them.
 */
const struct cond *cond_group(struct cond_set *set, const struct cond *cond);

/* All of the conditions hold. */
struct branch {
	const struct cond **conds;
	uint32_t count;
};

/* Any of them. */
struct branches {
	struct branch *items;
	uint32_t count;
	uint32_t size;
};
void add_branch(struct cond_set *set, struct branches *to,
		struct branch branch);

/* pushdown_sets.c: can a set take it? */
bool is_set_text(const struct cond_set *set, const struct cond *cond);
/* Is it an OR of such texts, enough for a set, and of nothing else? */
bool is_set_list(const struct cond_set *set, const struct cond *cond);
/*
 * Texts of many branches become sets and tests of a path's group; false: of
 * none.
 */
bool sets_extract(struct cond_set *set, struct branches *branches);
/*
 * Of a hint: what is in a set is marked there, and the branches take the marks
 * of what the path met.
 */
bool sets_mark(struct cond_set *set, struct branches *branches);
void sets_unmark(struct cond_set *set);

/* pushdown_operand.c: integers */
const struct operand *operand_const(struct cond_set *set, int64_t i);
const struct operand *operand_field(struct cond_set *set, struct field field);
/* The bits of `left` that are set in the mask. */
const struct operand *operand_and(struct cond_set *set,
				  const struct operand *left, uint64_t mask);
bool operand_equal(const struct operand *a, const struct operand *b);
unsigned operand_cost(const struct operand *operand);
/* NULL with *ret_reason set when the kernel cannot compute it. */
const struct operand *operand_of(struct cond_set *set, const struct expr *expr,
				 const char **ret_reason);
/* Why the kernel does not compute this value. */
const char *value_reason(struct cond_set *set, const struct expr *expr);
/* Why this column cannot be read by a predicate; NULL when it can. */
const char *column_reason(struct cond_set *set, const struct column *column);
const struct column *column_of(const struct cond_set *set,
			       const struct expr *expr);

/* Letters differ from those of the other case by one bit. */
#define ASCII_CASE_MASK 0xdf
static inline bool ascii_is_letter(uint8_t c)
{
	c &= ASCII_CASE_MASK;
	return c >= 'A' && c <= 'Z';
}

/* pushdown_bytes.c: texts and addresses at fixed places */
struct bytes_test {
	const struct column *column;
	const uint8_t *text;
	uint32_t len;
	bool fold_case; /* ASCII letters alike */
};
const struct cond *bytes_equal(struct cond_set *set, struct bytes_test test);
const struct cond *bytes_prefix(struct cond_set *set, struct bytes_test test);
const struct cond *bytes_suffix(struct cond_set *set, struct bytes_test test);
/* A TEXT as comparisons. */
const struct cond *bytes_plain(struct cond_set *set, const struct cond *text);
/*
 * What the three say in few instructions: some of the bytes are tested, in
 * paths. *ret_part is set when that is not all of them.
 */
enum bytes_kind { BYTES_EQUAL, BYTES_PREFIX, BYTES_SUFFIX };
const struct cond *bytes_brief(struct cond_set *set, enum bytes_kind kind,
			       struct bytes_test test, bool *ret_part);
#define BYTES_PART_REASON                                                    \
	"only a part of the text is tested in the kernel: all rules' texts " \
	"would be too long"
const struct cond *path_length(struct cond_set *set,
			       const struct column *column, enum ir_cmp cmp,
			       uint32_t len);
/* The address lies in the network `text`/`bits`. */
const struct cond *address_in(struct cond_set *set, struct bytes_test test,
			      unsigned bits);
const struct cond *address_equal(struct cond_set *set, struct bytes_test test);
/* The column is not NULL; paths only. */
const struct cond *path_known(struct cond_set *set,
			      const struct column *column);
/* The record holds only a part of its path. */
const struct cond *path_cut(struct cond_set *set);

/*
 * What is asked of a condition of three values. The latter two hold where it is
 * NULL too: what IS TRUE, CASE and COALESCE need to know.
 */
enum want { WANT_TRUE, WANT_FALSE, WANT_NOT_TRUE, WANT_NOT_FALSE };

/*
 * A condition that holds wherever a part of an expression is what is wanted.
 * `reason` is set when it may hold in other rows too. It says nothing of a
 * record whose path was cut when it reads_path.
 */
struct leaf {
	const struct cond *cond;
	const char *reason;
	bool reads_path;
};

/*
 * pushdown_leaf.c: of a whole term, no AND, OR or NOT. When it reads_path a
 * record whose path is cut must pass, whatever `cond` says.
 */
struct leaf leaf_cond(struct cond_set *set, const struct expr *expr,
		      enum want want);
/* of any part of a term */
struct leaf leaf_when(struct cond_set *set, const struct expr *expr,
		      enum want want);
struct leaf leaf_undecided(const char *reason);
/* Does the term's allowance bear that `expr` is looked at once more? */
bool leaf_spend(struct cond_set *set, const struct expr *expr);
struct leaf leaf_spent(void);
/* It is NULL for every record. */
struct leaf leaf_unknown(enum want want);
/* It is `cond` for every record, never NULL. */
struct leaf leaf_exactly(struct cond_set *set, const struct cond *cond,
			 enum want want);
/*
 * The same of a text column, which is NULL where a path is not known. Not known
 * looks like empty, which matters where that `fits`.
 */
struct leaf leaf_text(struct cond_set *set, const struct column *column,
		      const struct cond *cond, bool fits, enum want want);
/* EQUAL, PREFIX or SUFFIX of a path, see bytes_brief(). */
struct leaf leaf_brief(struct cond_set *set, enum bytes_kind kind,
		       struct bytes_test test, enum want want);
struct leaf leaf_join(struct cond_set *set, enum cond_kind kind, struct leaf a,
		      struct leaf b);
/* Only what holds too often is no harm: no NOT above it. */
bool want_may_be_brief(const struct cond_set *set, enum want want);
enum want want_opposite(enum want want);

/* pushdown_compare.c */
struct leaf compare_leaf(struct cond_set *set, const struct expr *expr,
			 enum want want);
struct leaf in_leaf(struct cond_set *set, const struct expr *expr,
		    enum want want);
/* A value as a condition: a number is TRUE when it is not 0. */
struct leaf value_leaf(struct cond_set *set, const struct expr *expr,
		       enum want want);

/* pushdown_pattern.c: LIKE and its simple forms, CIDR */
struct leaf pattern_leaf(struct cond_set *set, const struct expr *expr,
			 enum want want);
struct leaf network_leaf(struct cond_set *set, const struct expr *expr,
			 enum want want);

/*
 * pushdown_name.c: what a term on a path, to be TRUE, demands of the path's
 * last component, which is known before the path is.
 */
const struct cond *name_cond(struct cond_set *set, const struct expr *expr);

/* pushdown_choice.c: CASE, COALESCE, IFNULL, NULLIF as values */
bool is_choice(const struct expr *expr);
/* The choice is an arg of `test`, or `test` itself when `at` is CHOICE_SELF. */
#define CHOICE_SELF UINT32_MAX
struct leaf choice_leaf(struct cond_set *set, const struct expr *test,
			uint32_t at, enum want want);

/* pushdown_emit.c: one predicate as kernel IR; lines as in pushdown.c */
enum pushdown_line {
	LINE_ENTRY,
	LINE_KEEP,
	LINE_DROP,
	LINE_SEARCH, /* for the values of many terms at once */
	LINE_SLOT,
	LINE_CUT,
	LINE_MARK,
	LINE_DONE,
	LINE_TERMS
};
int cond_emit(const struct cond *cond, const struct stream *stream,
	      struct arena *arena, struct kernel_ir *ret_ir, struct err *err);
/* The marks of all that holds, as one word; `cond` has marks. */
int cond_emit_marks(const struct cond *cond, const struct stream *stream,
		    struct arena *arena, struct kernel_ir *ret_ir,
		    struct err *err);
/* Many as one: bit i of what is written, `out_bytes`, is set where i holds. */
int cond_emit_bits(const struct cond *const *conds, unsigned count,
		   const struct stream *stream, size_t out_bytes,
		   struct arena *arena, struct kernel_ir *ret_ir,
		   struct err *err);

/* pushdown_read.c: what of the record the function's code loads */
void note_reads(struct kernel_function *function);

/*
 * pushdown_hint.c: all rules' conditions as one that marks those that may hold.
 * hints[i] gets the bit of conds[i], 0 where it always holds; texts[i] is its
 * SQL. TRUE where nothing would be told that the predicate has not told.
 */
const struct cond *hint_root(struct cond_set *set,
			     const struct cond *const *conds,
			     const char *const *texts, unsigned count,
			     uint64_t *hints);

/* pushdown_needs.c: the bits of head.terms without which it is FALSE. */
void note_needs(const struct cond *cond, struct process_terms *ret_needs);

#endif
