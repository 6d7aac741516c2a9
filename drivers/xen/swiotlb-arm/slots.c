// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bitmap.h>
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/slab.h>

#include "slots.h"

/* How often somebody else may be quicker before a search is made under the lock. */
#define TRIES	4

#define WORDS_AT_A_TIME	8

/* By order: a bit at each place of a word where a block may begin. */
static const unsigned long grid[XADMA_SLOTS_ORDERS] = {
	~0UL, 0x5555555555555555UL, 0x1111111111111111UL, 0x0101010101010101UL,
	0x0001000100010001UL, 0x0000000100000001UL, 1UL,
};

static_assert(BITS_PER_LONG == 1 << (XADMA_SLOTS_ORDERS - 1));

/* ---- words ---- */

static unsigned long low_bits(unsigned int nr)
{
	return nr < BITS_PER_LONG ? BIT(nr) - 1 : ~0UL;
}

/* Of the places where free blocks of the order below begin, those of a whole one */
static __always_inline unsigned long pairs(unsigned long free, unsigned int order)
{
	return free & (free >> (1U << (order - 1))) & grid[order];
}

/* Of the free slots of a word those that a free block begins with */
static unsigned long blocks_of(unsigned long free, unsigned int order)
{
	unsigned int o;

	for (o = 1; o <= order; o++)
		free = pairs(free, o);
	return free;
}

/*
 * Of how many orders has a word a free block? A block has one of each lower order. This is
 * done each time that slots are taken or given back, and so has no loop.
 */
static unsigned int orders_of(unsigned long free)
{
	if (!free)
		return 0;
	free = pairs(free, 1);
	if (!free)
		return 1;
	free = pairs(free, 2);
	if (!free)
		return 2;
	free = pairs(free, 3);
	if (!free)
		return 3;
	free = pairs(free, 4);
	if (!free)
		return 4;
	free = pairs(free, 5);
	if (!free)
		return 5;
	return pairs(free, 6) ? 7 : 6;
}

/*
 * Of the runs of @len that begin @at those that 1 << @order more free slots follow; when
 * there are none, nothing changes. @runs are the places where so many begin.
 */
static __always_inline unsigned int go_on(unsigned long *at, unsigned int len,
					  unsigned long runs, unsigned int order)
{
	unsigned long more = *at & (runs >> len);

	if (!more)
		return len;
	*at = more;
	return len + (1U << order);
}

/* How long is the longest free run within a word? Done as often as orders_of(): no loop. */
static unsigned int longest_of(unsigned long free)
{
	/* The slots that a run of 2, 4 .. 32 begins with */
	unsigned long r1 = free & (free >> 1), r2 = r1 & (r1 >> 2), r3 = r2 & (r2 >> 4);
	unsigned long r4 = r3 & (r3 >> 8), r5 = r4 & (r4 >> 16), at = ~0UL;
	unsigned int len;

	/* Most words have but one. */
	if (free && !(free & (free + (free & -free))))
		return __fls(free) - __ffs(free) + 1;
	len = go_on(&at, 0, r5, 5);
	len = go_on(&at, len, r4, 4);
	len = go_on(&at, len, r3, 3);
	len = go_on(&at, len, r2, 2);
	len = go_on(&at, len, r1, 1);
	return go_on(&at, len, free, 0);
}

/*
 * The slots of a word that a free run of up to a word's length begins with; @next is
 * the word after it.
 */
static unsigned long runs_of(unsigned long free, unsigned long next, unsigned int count)
{
	unsigned int len, step;

	/* Each turn up to doubles the length of the runs that are known to be free. */
	for (len = 1; len < count && free; len += step) {
		step = min(len, count - len);
		free &= (free >> step) | (next << (BITS_PER_LONG - step));
		next &= next >> step;
	}
	return free;
}

/* The places of a word from @base on that are at most @most behind a multiple of @period. */
static unsigned long near_multiples(unsigned int base, unsigned int period,
				    unsigned int most)
{
	unsigned long places = low_bits(most + 1);
	unsigned int at = base & (period - 1);

	if (period >= BITS_PER_LONG)
		return (at <= most ? low_bits(most - at + 1) : 0) |
		       (period - at < BITS_PER_LONG ? places << (period - at) : 0);
	/* One of them for each multiple in the word */
	places *= grid[ilog2(period)];
	return (places >> at) | (places << (period - at));
}

/* ---- making a set ---- */

static void note_runs(struct xadma_slots *slots, unsigned int word, unsigned int begin,
		      unsigned int within, unsigned int end)
{
	if (word)
		WRITE_ONCE(slots->next_begin[word - 1], begin);
	WRITE_ONCE(slots->within[word], within);
	WRITE_ONCE(slots->end[word], end);
}

/* What a word has is found out anew. */
static void note_word(struct xadma_slots *slots, unsigned int word)
{
	unsigned long busy = slots->busy[word];
	unsigned int had = slots->orders[word], has = orders_of(~busy);

	if (busy)
		note_runs(slots, word, __ffs(busy), longest_of(~busy),
			  BITS_PER_LONG - 1 - __fls(busy));
	else
		note_runs(slots, word, BITS_PER_LONG, BITS_PER_LONG, BITS_PER_LONG);
	slots->orders[word] = has;
	for (; had < has; had++)
		WRITE_ONCE(slots->has[had], slots->has[had] | BIT(word));
	while (had > has) {
		had--;
		WRITE_ONCE(slots->has[had], slots->has[had] & ~BIT(word));
	}
}

/**
 * xadma_slots_init - make a set of @nr free slots
 * @slots: the set
 * @nr:    how many slots, at least 1
 * @set_size: a run lies within one set_size of so many neighbours, a power of two
 *	that divides @nr; or @nr itself, whatever it is
 *
 * Context: may sleep.
 * Return: 0; -ENOMEM, or -EINVAL for more than XADMA_SLOTS_MAX, with nothing to undo.
 */
int xadma_slots_init(struct xadma_slots *slots, unsigned int nr,
		     unsigned int set_size)
{
	unsigned int words = BITS_TO_LONGS(nr), w;

	*slots = (struct xadma_slots){};
	if (nr > XADMA_SLOTS_MAX)
		return -EINVAL;
	slots->busy = bitmap_zalloc(nr, GFP_KERNEL);
	slots->heads = bitmap_zalloc(nr, GFP_KERNEL);
	if (!slots->busy || !slots->heads) {
		xadma_slots_destroy(slots);
		return -ENOMEM;
	}
	slots->nr = nr;
	slots->set_size = set_size;
	slots->free = nr;
	raw_spin_lock_init(&slots->lock);
	bitmap_set(slots->busy, nr, words * BITS_PER_LONG - nr);
	for (w = 0; w < words; w++)
		note_word(slots, w);
	return 0;
}

/**
 * xadma_slots_destroy - free the set itself; accepts a half-made one
 * @slots: the set, no longer in use by anybody
 */
void xadma_slots_destroy(struct xadma_slots *slots)
{
	bitmap_free(slots->busy);
	bitmap_free(slots->heads);
	slots->busy = NULL;
	slots->heads = NULL;
}

/* ---- marking runs, under the lock ---- */

/* The words of a run; of the first and the last one those slots that are in it */
struct words {
	unsigned int from, to;
	unsigned long head, tail;
};

static struct words words_of(unsigned int first, unsigned int count)
{
	unsigned int last = first + count - 1;
	struct words r = {
		.from = first / BITS_PER_LONG,
		.to = last / BITS_PER_LONG,
		.head = ~low_bits(first % BITS_PER_LONG),
		.tail = low_bits(last % BITS_PER_LONG + 1),
	};

	if (r.from == r.to)
		r.head &= r.tail;
	return r;
}

/* Are all slots of it busy, if @busy is ~0, or free, if it is 0? */
static bool all_are(const struct xadma_slots *slots, const struct words *r,
		    unsigned long busy)
{
	unsigned long others = (slots->busy[r->from] ^ busy) & r->head;
	unsigned int w;

	if (r->to == r->from)
		return !others;
	others |= (slots->busy[r->to] ^ busy) & r->tail;
	for (w = r->from + 1; w < r->to; w++)
		others |= slots->busy[w] ^ busy;
	return !others;
}

/* The words between its ends are all alike. */
static void mark_inner(struct xadma_slots *slots, const struct words *r,
		       unsigned long busy)
{
	unsigned long inner = low_bits(r->to) & ~low_bits(r->from + 1);
	unsigned int free = busy ? 0 : BITS_PER_LONG, w;

	for (w = r->from + 1; w < r->to; w++) {
		WRITE_ONCE(slots->busy[w], busy);
		slots->orders[w] = busy ? 0 : XADMA_SLOTS_ORDERS;
		note_runs(slots, w, free, free, free);
	}
	for (w = 0; w < XADMA_SLOTS_ORDERS; w++)
		WRITE_ONCE(slots->has[w], busy ? slots->has[w] & ~inner :
						 slots->has[w] | inner);
}

static void mark_word(struct xadma_slots *slots, unsigned int w, unsigned long which,
		      unsigned long busy)
{
	WRITE_ONCE(slots->busy[w], (slots->busy[w] & ~which) | (busy & which));
	note_word(slots, w);
}

static void mark(struct xadma_slots *slots, const struct words *r, unsigned long busy)
{
	mark_word(slots, r->from, r->head, busy);
	if (r->to == r->from)
		return;
	mark_word(slots, r->to, r->tail, busy);
	if (r->to > r->from + 1)
		mark_inner(slots, r, busy);
}

/* False, with nothing changed, when not all of them are free. */
static bool take_run(struct xadma_slots *slots, unsigned int first, unsigned int count)
{
	struct words r = words_of(first, count);

	lockdep_assert_held(&slots->lock);

	if (!all_are(slots, &r, 0))
		return false;
	mark(slots, &r, ~0UL);
	__set_bit(first, slots->heads);
	WRITE_ONCE(slots->free, slots->free - count);
	return true;
}

/* False, with nothing changed, when not all of them are taken. */
static bool give_run(struct xadma_slots *slots, unsigned int first, unsigned int count)
{
	struct words r = words_of(first, count);

	lockdep_assert_held(&slots->lock);

	if (!all_are(slots, &r, ~0UL))
		return false;
	mark(slots, &r, 0);
	__clear_bit(first, slots->heads);
	WRITE_ONCE(slots->free, slots->free + count);
	return true;
}

/* The lowest blocks that there are, up to @nr. Returns how many. */
static unsigned int take_blocks(struct xadma_slots *slots, unsigned int order,
				unsigned int end, unsigned int nr, unsigned int *first)
{
	unsigned int size = 1U << order, taken = 0, w;
	unsigned long words = slots->has[order];
	bool more = true;

	lockdep_assert_held(&slots->lock);

	for (; words && more; words &= words - 1) {
		unsigned long blocks;

		w = __ffs(words);
		for (blocks = blocks_of(~slots->busy[w], order); blocks; blocks &= blocks - 1) {
			unsigned int at = w * BITS_PER_LONG + __ffs(blocks);

			more = taken < nr && at + size <= end;
			if (!more)
				break;
			WRITE_ONCE(slots->busy[w], slots->busy[w] |
				   low_bits(size) << at % BITS_PER_LONG);
			__set_bit(at, slots->heads);
			first[taken++] = at;
		}
		note_word(slots, w);
	}
	WRITE_ONCE(slots->free, slots->free - taken * size);
	return taken;
}

/* A block is in one word; what several of them leave of it is found out once. */
static bool give_blocks(struct xadma_slots *slots, unsigned int order, unsigned int nr,
			const unsigned int *first)
{
	unsigned int given = 0, i, w;

	lockdep_assert_held(&slots->lock);

	for (i = 0; i < nr; i++) {
		unsigned long block = low_bits(1U << order) << first[i] % BITS_PER_LONG;

		w = first[i] / BITS_PER_LONG;
		if ((slots->busy[w] & block) == block) {
			WRITE_ONCE(slots->busy[w], slots->busy[w] & ~block);
			__clear_bit(first[i], slots->heads);
			given++;
		}
		if (i + 1 == nr || first[i + 1] / BITS_PER_LONG != w)
			note_word(slots, w);
	}
	WRITE_ONCE(slots->free, slots->free + (given << order));
	return given == nr;
}

/* ---- finding runs, with or without the lock ---- */

static unsigned long free_of(const struct xadma_slots *slots, unsigned int word,
			     unsigned int end)
{
	unsigned int from = word * BITS_PER_LONG;

	if (from >= end)
		return 0;
	return ~READ_ONCE(slots->busy[word]) & low_bits(end - from);
}

/* The places of a word that a run may begin at. */
static unsigned long places_in(const struct xadma_slots *slots,
			       const struct xadma_slots_request *want, unsigned int word)
{
	unsigned int base = word * BITS_PER_LONG, at = base + want->phase;
	unsigned long places = ~0UL;

	if (want->align > 1)
		places = near_multiples(at, want->align, 0);
	if (slots->set_size < slots->nr)
		places &= near_multiples(base, slots->set_size,
					 slots->set_size - want->count);
	if (want->boundary)
		places &= near_multiples(at, want->boundary,
					 want->boundary - want->count - want->slack);
	return places;
}

/* Eight of the words' lengths at a time, the first one in the lowest bits */
static u64 lengths(const u8 *of_word, unsigned int word)
{
	return le64_to_cpu(READ_ONCE(*(const __le64 *)&of_word[word]));
}

/* Of eight words those, a bit each, in which a free run of this length begins. */
static unsigned long words_with(const struct xadma_slots *slots, unsigned int word,
				unsigned int count)
{
	/* A length is 64 at most, a sum 128: nothing is carried from one to the next. */
	const u64 each = 0x0101010101010101ULL, enough = each * (0x80 - count);
	u64 across = lengths(slots->end, word) + lengths(slots->next_begin, word);
	u64 long_ones = (lengths(slots->within, word) + enough) | (across + enough);

	/* The top bits of the eight, side by side */
	return (((long_ones >> 7) & each) * 0x0102040810204080ULL) >> 56;
}

/* The slots of a word that a free run of up to a word's length, before @end, begins with. */
static unsigned long runs_in(const struct xadma_slots *slots, unsigned int word,
			     unsigned int count, unsigned int end)
{
	return runs_of(free_of(slots, word, end), free_of(slots, word + 1, end), count);
}

/* Of up to a word's length. */
static unsigned int find_short(const struct xadma_slots *slots,
			       const struct xadma_slots_request *want)
{
	unsigned long words, runs;
	unsigned int from, w;

	for (from = 0; from * BITS_PER_LONG < want->end; from += WORDS_AT_A_TIME) {
		words = words_with(slots, from, want->count);
		for (; words; words &= words - 1) {
			w = from + __ffs(words);
			runs = runs_in(slots, w, want->count, want->end);
			if (runs)
				runs &= places_in(slots, want, w);
			if (runs)
				return w * BITS_PER_LONG + __ffs(runs);
		}
	}
	return slots->nr;
}

/* Is there a free run of this length, longer than a word? */
static bool has_long(const struct xadma_slots *slots, unsigned int count, unsigned int end)
{
	unsigned int w, len = 0, to_end;

	for (w = 0; w * BITS_PER_LONG < end; w++) {
		to_end = READ_ONCE(slots->end[w]);
		len = to_end == BITS_PER_LONG ? len + to_end : to_end;
		if (len + READ_ONCE(slots->next_begin[w]) >= count)
			return true;
	}
	return false;
}

/* Where to look on when a run that begins at @first would cross a line; or 0. */
static unsigned int behind_line(const struct xadma_slots *slots,
				const struct xadma_slots_request *want,
				unsigned int first)
{
	unsigned int last = first + want->count - 1, at;

	if (last / slots->set_size != first / slots->set_size)
		return (first / slots->set_size + 1) * slots->set_size;
	if (!want->boundary)
		return 0;
	at = (first + want->phase) & (want->boundary - 1);
	if (at + want->count + want->slack > want->boundary)
		return first + want->boundary - at;
	return 0;
}

/* The first place for a run between two slots that are all free; or the set's end. */
static unsigned int place_between(const struct xadma_slots *slots,
				  const struct xadma_slots_request *want,
				  unsigned int from, unsigned int to)
{
	unsigned int first;

	do {
		first = round_up(from + want->phase, want->align) - want->phase;
		if (first >= to || want->count > to - first)
			return slots->nr;
		from = behind_line(slots, want, first);
	} while (from);
	return first;
}

/* Longer than a word: what is free within a word only is too short. */
static unsigned int find_long(const struct xadma_slots *slots,
			      const struct xadma_slots_request *want)
{
	unsigned int from = 0, first, w;

	if (!has_long(slots, want->count, want->end))
		return slots->nr;
	for (w = 0; w * BITS_PER_LONG < want->end; w++) {
		unsigned long busy = ~free_of(slots, w, want->end);

		if (!busy)
			continue;
		first = place_between(slots, want, from, w * BITS_PER_LONG + __ffs(busy));
		if (first < slots->nr)
			return first;
		from = w * BITS_PER_LONG + __fls(busy) + 1;
	}
	return place_between(slots, want, from, want->end);
}

/* The lowest that fits: what is long finds its place above what is short. */
static unsigned int find_run(const struct xadma_slots *slots,
			     const struct xadma_slots_request *want)
{
	return want->count <= BITS_PER_LONG ? find_short(slots, want) :
					      find_long(slots, want);
}

/**
 * xadma_slots_has_block - may there be a free block?
 * @slots: the set
 * @order: it has 1 << this many slots, less than XADMA_SLOTS_ORDERS
 * @end:   it ends before this slot, at most the number of slots
 *
 * Context: any, no lock; a snapshot.
 * Return: false when there is none.
 */
bool xadma_slots_has_block(const struct xadma_slots *slots, unsigned int order,
			   unsigned int end)
{
	unsigned long words = READ_ONCE(slots->has[order]);
	unsigned int last = end / BITS_PER_LONG;

	if (words & low_bits(last))
		return true;
	return end % BITS_PER_LONG && (words & BIT(last)) &&
	       blocks_of(free_of(slots, last, end), order);
}

/**
 * xadma_slots_has_run - may there be a free run?
 * @slots: the set
 * @count: how many slots it has, at least 1
 * @end:   it ends before this slot, at most the number of slots
 *
 * Context: any, no lock; a snapshot.
 * Return: false when there is none. True of one that is longer than a word and of which
 *	the last part is behind @end.
 */
bool xadma_slots_has_run(const struct xadma_slots *slots, unsigned int count,
			 unsigned int end)
{
	unsigned long words;
	unsigned int from, w;

	if (count > BITS_PER_LONG)
		return has_long(slots, count, end);
	for (from = 0; from * BITS_PER_LONG < end; from += WORDS_AT_A_TIME) {
		words = words_with(slots, from, count);
		for (; words; words &= words - 1) {
			w = from + __ffs(words);
			/* Only near the end is what there is not what may be had. */
			if ((w + 2) * BITS_PER_LONG <= end ||
			    runs_in(slots, w, count, end))
				return true;
		}
	}
	return false;
}

/* ---- taking and giving back ---- */

/**
 * xadma_slots_alloc_blocks - take blocks, the lowest that are free
 * @slots: the set
 * @order: each has 1 << this many slots, less than XADMA_SLOTS_ORDERS
 * @end:   they end before this slot, at most the number of slots
 * @nr:    how many, at most
 * @first: the first slot of each is filled in
 *
 * Context: any; takes @slots->lock with interrupts off.
 * Return: how many there were.
 */
unsigned int xadma_slots_alloc_blocks(struct xadma_slots *slots, unsigned int order,
				      unsigned int end, unsigned int nr,
				      unsigned int *first)
{
	unsigned long flags;
	unsigned int taken;

	if (!READ_ONCE(slots->has[order]))
		return 0;
	raw_spin_lock_irqsave(&slots->lock, flags);
	taken = take_blocks(slots, order, end, nr, first);
	raw_spin_unlock_irqrestore(&slots->lock, flags);
	return taken;
}

/* Is it a block that is wanted, which crosses no line wherever it lies? */
static bool wants_block(const struct xadma_slots_request *want)
{
	return want->count == want->align && want->count <= BITS_PER_LONG &&
	       !(want->phase & (want->count - 1)) && !(want->boundary && want->slack);
}

static int alloc_block(struct xadma_slots *slots, const struct xadma_slots_request *want)
{
	unsigned int first;

	return xadma_slots_alloc_blocks(slots, ilog2(want->count), want->end, 1, &first) ?
	       (int)first : -ENOSPC;
}

static int alloc_run(struct xadma_slots *slots, const struct xadma_slots_request *want)
{
	unsigned int first, i;
	unsigned long flags;
	bool taken;

	for (i = 0; i <= TRIES; i++) {
		first = find_run(slots, want);
		if (first >= slots->nr)
			return -ENOSPC;
		raw_spin_lock_irqsave(&slots->lock, flags);
		if (i == TRIES)
			first = find_run(slots, want);
		taken = first < slots->nr && take_run(slots, first, want->count);
		raw_spin_unlock_irqrestore(&slots->lock, flags);
		if (taken)
			return first;
	}
	return -ENOSPC;
}

/**
 * xadma_slots_alloc - take a run of neighbouring slots, the lowest that fits
 * @slots: the set
 * @want:  what it is to be like
 *
 * Context: any; takes @slots->lock with interrupts off.
 * Return: the first slot; -EINVAL for a request that no set can serve,
 *	-E2BIG for a run longer than @slots->set_size, -ENOSPC when it is too full.
 */
int xadma_slots_alloc(struct xadma_slots *slots, const struct xadma_slots_request *want)
{
	if (!want->count || !is_power_of_2(want->align) || want->end > slots->nr)
		return -EINVAL;
	if (want->boundary && (!is_power_of_2(want->boundary) ||
			       want->count + want->slack > want->boundary))
		return -EINVAL;
	if (want->count > slots->set_size)
		return -E2BIG;
	if (want->count > READ_ONCE(slots->free))
		return -ENOSPC;
	return wants_block(want) ? alloc_block(slots, want) : alloc_run(slots, want);
}

/**
 * xadma_slots_free - give a run, or a part of one, back
 * @slots: the set
 * @first: its first slot
 * @count: how many slots
 *
 * Context: any; takes @slots->lock with interrupts off.
 * Return: 0, or -EINVAL with nothing changed when one of the slots does not
 *	exist or is already free.
 */
int xadma_slots_free(struct xadma_slots *slots, unsigned int first,
		     unsigned int count)
{
	unsigned long flags;
	bool given;

	if (!count || first >= slots->nr || count > slots->nr - first)
		return -EINVAL;

	raw_spin_lock_irqsave(&slots->lock, flags);
	given = give_run(slots, first, count);
	raw_spin_unlock_irqrestore(&slots->lock, flags);
	return given ? 0 : -EINVAL;
}

/**
 * xadma_slots_free_blocks - give blocks back
 * @slots: the set
 * @order: each has 1 << this many slots
 * @nr:    how many
 * @first: the first slot of each, all of them slots of the set
 *
 * Context: any; takes @slots->lock with interrupts off.
 * Return: 0; -EINVAL when one of them is free already, with the others given back.
 */
int xadma_slots_free_blocks(struct xadma_slots *slots, unsigned int order,
			    unsigned int nr, const unsigned int *first)
{
	unsigned long flags;
	bool given;

	raw_spin_lock_irqsave(&slots->lock, flags);
	given = give_blocks(slots, order, nr, first);
	raw_spin_unlock_irqrestore(&slots->lock, flags);
	return given ? 0 : -EINVAL;
}

/* For xadma_slots_head(): a word of 64 slots at a time. */
unsigned int __xadma_slots_head(const struct xadma_slots *slots,
				unsigned int slot)
{
	unsigned long head = find_last_bit(slots->heads, slot + 1);

	return head <= slot ? head : slot;
}

/**
 * xadma_slots_used - how many slots are taken just now
 * @slots: the set
 *
 * Context: any, no lock; a snapshot.
 * Return: the number of slots.
 */
unsigned int xadma_slots_used(const struct xadma_slots *slots)
{
	return slots->nr - READ_ONCE(slots->free);
}
