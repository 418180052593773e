// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random calls against a model. The model is the specification in a few lines;
 * after each call result and page must be what it says. The seed is printed, and
 * SUNDIAL_TEST_SEED repeats a run; SUNDIAL_TEST_CALLS makes it longer.
 */
#include "common.h"

#define CALLS 20000

struct model {
	__u64 now_ns;
	bool steppable, scaled, writable;
	__s64 offset_ns[4]; /* realtime, boottime, tai, raw */
	__u64 mult;
	__u32 shift;
};

static __u64 state;

static __u64 random_bits(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static bool one_in(unsigned int n)
{
	return random_bits() % n == 0;
}

/* Now and then a number at an edge, as often as not a small one. */
static __u64 number(void)
{
	static const __u64 edges[] = {0, 1, ~0ULL, 1ULL << 63, ~0ULL >> 1};

	if (one_in(8))
		return edges[random_bits() % 5];
	return one_in(2) ? random_bits() % 1000 : random_bits() >> (random_bits() % 64);
}

static __u32 unlikely_bits(void)
{
	return one_in(10) ? (__u32)number() : 0;
}

static int expect_set(struct model *model, const struct sundial_clock_set *set)
{
	if (set->flags || set->pad)
		return -EINVAL;
	if (set->now_ns < model->now_ns && !model->steppable)
		return -ERANGE;
	model->now_ns = set->now_ns;
	return 0;
}

static int expect_advance(struct model *model, const struct sundial_clock_advance *advance)
{
	if (advance->flags || advance->pad)
		return -EINVAL;
	if (model->now_ns + advance->delta_ns < model->now_ns)
		return -EOVERFLOW;
	model->now_ns += advance->delta_ns;
	return 0;
}

static int expect_rate(struct model *model, const struct sundial_clock_set_rate *rate)
{
	if (rate->flags || rate->shift > SUNDIAL_CLOCK_MAX_SHIFT)
		return -EINVAL;
	if (!model->scaled)
		return -EOPNOTSUPP;
	model->mult = rate->mult;
	model->shift = rate->shift;
	return 0;
}

static int expect_offsets(struct model *model, const struct sundial_clock_set_offsets *offsets)
{
	if (offsets->flags || offsets->pad)
		return -EINVAL;
	model->offset_ns[0] = offsets->realtime_ns;
	model->offset_ns[1] = offsets->boottime_ns;
	model->offset_ns[2] = offsets->tai_ns;
	model->offset_ns[3] = offsets->raw_ns;
	return 0;
}

/* One random call; *expected is what the model says of it. */
static int call(struct sundial_clock *clock, struct model *model, int *expected)
{
	union {
		struct sundial_clock_set set;
		struct sundial_clock_advance advance;
		struct sundial_clock_set_rate rate;
		struct sundial_clock_set_offsets offsets;
		__u64 words[16];
	} arg;
	__u64 sum;
	int ret;

	memset(&arg, POISON, sizeof(arg));
	switch (random_bits() % 5) {
	case 0:
		arg.set.now_ns = one_in(2) ? model->now_ns + number() : number();
		arg.set.flags = unlikely_bits();
		arg.set.pad = unlikely_bits();
		*expected = expect_set(model, &arg.set);
		return sundial_clock_call(clock, SUNDIAL_CLOCK_SET, &arg);
	case 1:
		arg.advance.delta_ns = number();
		arg.advance.flags = unlikely_bits();
		arg.advance.pad = unlikely_bits();
		*expected = expect_advance(model, &arg.advance);
		ret = sundial_clock_call(clock, SUNDIAL_CLOCK_ADVANCE, &arg);
		sum = ret ? POISON64 : model->now_ns;
		return arg.advance.now_ns == sum ? ret : 1;
	case 2:
		/* frozen, or its count would be the machine's business */
		arg.rate.mult = one_in(2) ? 0 : number();
		arg.rate.shift = one_in(10) ? (__u32)number() : random_bits() % 64;
		arg.rate.flags = unlikely_bits();
		if (!arg.rate.flags && arg.rate.shift <= SUNDIAL_CLOCK_MAX_SHIFT)
			arg.rate.mult = 0;
		*expected = expect_rate(model, &arg.rate);
		return sundial_clock_call(clock, SUNDIAL_CLOCK_SET_RATE, &arg);
	case 3:
		arg.offsets.realtime_ns = (__s64)number();
		arg.offsets.boottime_ns = (__s64)number();
		arg.offsets.tai_ns = (__s64)number();
		arg.offsets.raw_ns = (__s64)number();
		arg.offsets.flags = unlikely_bits();
		arg.offsets.pad = unlikely_bits();
		*expected = expect_offsets(model, &arg.offsets);
		return sundial_clock_call(clock, SUNDIAL_CLOCK_SET_OFFSETS, &arg);
	default:
		/* never a number that means something; 1 and 2 are the VFS's own */
		*expected = -ENOTTY;
		return sundial_clock_call(clock,
					  _IOC(random_bits() % 4, SUNDIAL_IOC_MAGIC,
					       0xa0 + random_bits() % 64, random_bits() % 128),
					  &arg);
	}
}

static bool page_agrees(const struct sundial_clock_page *page, const struct model *model)
{
	struct sundial_clock_rate rate;

	sundial_rate_read(page, &rate);
	return sundial_page_now(page, sundial_host_now) == model->now_ns && !(page->seq & 1) &&
	       !memcmp(&page->rate[0], &page->rate[1], sizeof(rate)) &&
	       rate.realtime_ns == model->offset_ns[0] && rate.boottime_ns == model->offset_ns[1] &&
	       rate.tai_ns == model->offset_ns[2] && rate.raw_ns == model->offset_ns[3] &&
	       rate.mult == model->mult && rate.shift == model->shift;
}

static void choose_seed(void)
{
	const char *given = getenv("SUNDIAL_TEST_SEED");

	state = given ? strtoull(given, NULL, 0) : sundial_host_now();
	state |= 1;
	printf("# SUNDIAL_TEST_SEED=%llu\n", (unsigned long long)state);
}

static long calls(void)
{
	const char *given = getenv("SUNDIAL_TEST_CALLS");

	return given ? atol(given) : CALLS;
}

TEST_F(clock, random_calls_do_what_the_model_does)
{
	struct sundial_clock_create how = kernel_manual();
	struct model model = {0};
	int expected, ret;
	long i;

	choose_seed();
	for (i = 0; i < calls(); i++) {
		if (i % 500 == 0) {
			sundial_clock_close(self->clock);
			self->clock = NULL;
			how.flags = one_in(2) ? SUNDIAL_CREATE_STEPPABLE : 0;
			how.mode = random_bits() % 2;
			how.now_ns = number();
			CREATE(how);
			memset(&model, 0, sizeof(model));
			model.steppable = how.flags;
			model.scaled = how.mode == SUNDIAL_MODE_SCALED;
			ASSERT_EQ(model.scaled ? 0 : -EOPNOTSUPP,
				  sundial_clock_set_rate(self->clock, 0, 0));
			model.now_ns = sundial_page_now(sundial_clock_page(self->clock, 0),
							sundial_host_now);
		}
		ret = call(self->clock, &model, &expected);
		ASSERT_EQ(expected, ret)
		{
			TH_LOG("call %ld", i);
		}
		ASSERT_TRUE(page_agrees(sundial_clock_page(self->clock, 0), &model))
		{
			TH_LOG("call %ld left another page", i);
		}
	}
}

/* Random structures to make domains from: made as asked, or refused for a reason the header names.
 */
TEST_F(clock, random_creations_are_refused_or_right)
{
	struct sundial_clock_create how;
	const struct sundial_clock_page *page;
	long made = 0, i;
	int ret;

	choose_seed();
	for (i = 0; i < calls() / 10; i++) {
		memset(&how, 0, sizeof(how));
		how.kind = random_bits() % 2 + unlikely_bits();
		how.mode = random_bits() % 2 + unlikely_bits();
		how.flags = random_bits() % 2 + unlikely_bits();
		how.count = one_in(2) ? 1 : (__u32)number() % 100 + unlikely_bits();
		how.now_ns = number();
		how.coarse_ns = one_in(2) ? 0 : number();
		how.realtime_ns = (__s64)number();
		how.pad[0] = unlikely_bits();
		how.pad[1] = unlikely_bits();
		ret = sundial_clock_create(&how, self->backing, &self->clock);
		if (ret) {
			self->clock = NULL;
			ASSERT_TRUE(ret == -EINVAL || ret == -E2BIG || ret == -ENOMEM);
			continue;
		}
		made++;
		ASSERT_LE(how.kind, SUNDIAL_KIND_USER);
		ASSERT_LE(how.mode, SUNDIAL_MODE_SCALED);
		ASSERT_EQ(0, how.pad[0] | how.pad[1]);
		ASSERT_EQ(how.count, sundial_clock_count(self->clock));
		page = sundial_clock_page(self->clock, how.count - 1);
		ASSERT_EQ(how.kind, page->kind);
		ASSERT_EQ(how.mode, page->mode);
		ASSERT_EQ(how.realtime_ns, page->rate[0].realtime_ns);
		ASSERT_LT(0, page->coarse_ns);
		ASSERT_GE(SUNDIAL_CLOCK_MAX_COARSE_NS, page->coarse_ns);
		sundial_clock_close(self->clock);
		self->clock = NULL;
	}
	EXPECT_LT(0, made);
}

TEST_HARNESS_MAIN
