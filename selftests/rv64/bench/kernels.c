// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the rv64 engine is measured with: small programs in one, each dominated by
 * something that translators do well or badly. `kernels NAME` runs one for about a
 * second of a fast machine's time and prints a checksum, which must not depend on who
 * runs it; `kernels` lists them.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t u64;
typedef uint32_t u32;
typedef uint8_t u8;

#define N 4096

static u64 seed = 88172645463325252ULL;

static u64 next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static u32 words[N * 16];
static double reals[N * 4];
static u8 bytes[N * 16];

static void fill(void)
{
	for (u32 i = 0; i < N * 16; i++) {
		words[i] = next();
		bytes[i] = next();
	}
	for (u32 i = 0; i < N * 4; i++)
		reals[i] = (double)(next() >> 11) / (1ULL << 53);
}

static void quicksort(u32 *a, long low, long high)
{
	while (low < high) {
		u32 pivot = a[(low + high) / 2];
		long i = low, j = high;

		while (i <= j) {
			while (a[i] < pivot)
				i++;
			while (a[j] > pivot)
				j--;
			if (i <= j) {
				u32 t = a[i];

				a[i++] = a[j];
				a[j--] = t;
			}
		}
		quicksort(a, low, j);
		low = i;
	}
}

static u64 sort(void)
{
	u64 sum = 0;

	for (int r = 0; r < 60; r++) {
		fill();
		quicksort(words, 0, N * 16 - 1);
		sum = sum * 31 + words[r * 100];
	}
	return sum;
}

static u64 hash(void)
{
	u64 h = 14695981039346656037ULL;

	for (int r = 0; r < 4000; r++) {
		for (u32 i = 0; i < N * 16; i++)
			h = (h ^ bytes[i]) * 1099511628211ULL;
	}
	return h;
}

static u64 crc(void)
{
	static u32 table[256];
	u32 c = ~0U;

	for (u32 i = 0; i < 256; i++) {
		u32 v = i;

		for (int k = 0; k < 8; k++)
			v = v & 1 ? v >> 1 ^ 0xedb88320 : v >> 1;
		table[i] = v;
	}
	for (int r = 0; r < 4000; r++) {
		for (u32 i = 0; i < N * 16; i++)
			c = table[(c ^ bytes[i]) & 255] ^ c >> 8;
	}
	return c;
}

static u64 matrix_int(void)
{
	static u32 a[128][128], b[128][128], c[128][128];

	for (int i = 0; i < 128; i++) {
		for (int j = 0; j < 128; j++) {
			a[i][j] = next();
			b[i][j] = next();
		}
	}
	for (int r = 0; r < 100; r++) {
		for (int i = 0; i < 128; i++) {
			for (int j = 0; j < 128; j++) {
				u32 s = c[i][j];

				for (int k = 0; k < 128; k++)
					s += a[i][k] * b[k][j];
				c[i][j] = s;
			}
		}
	}
	return c[3][5] + c[100][127];
}

static u64 matrix_real(void)
{
	static double a[128][128], b[128][128], c[128][128];
	double sum = 0;

	for (int i = 0; i < 128; i++) {
		for (int j = 0; j < 128; j++) {
			a[i][j] = reals[i * 128 + j];
			b[i][j] = reals[j * 100 + i];
		}
	}
	for (int r = 0; r < 100; r++) {
		for (int i = 0; i < 128; i++) {
			for (int j = 0; j < 128; j++) {
				double s = c[i][j];

				for (int k = 0; k < 128; k++)
					s += a[i][k] * b[k][j];
				c[i][j] = s;
			}
		}
	}
	for (int i = 0; i < 128; i++)
		sum += c[i][127 - i];
	return (u64)sum;
}

/* Counts words, numbers and others, one state at a time. */
static u64 state_machine(void)
{
	u64 counts[4] = {0};

	for (int r = 0; r < 2500; r++) {
		int state = 0;

		for (u32 i = 0; i < N * 16; i++) {
			u8 c = bytes[i];

			switch (state) {
			case 0:
				state = c < 64 ? 1 : c < 128 ? 2 : 0;
				break;
			case 1:
				if (c >= 64) {
					counts[1]++;
					state = c < 100 ? 3 : 0;
				}
				break;
			case 2:
				if (c > 200)
					state = 0;
				else if (c < 20)
					state = 3;
				counts[2]++;
				break;
			case 3:
				counts[3] += c & 1;
				state = c & 2 ? 1 : 0;
				break;
			}
		}
	}
	return counts[1] * 3 + counts[2] * 5 + counts[3];
}

/* A machine with a big switch. */
static u64 interpreter(void)
{
	static u8 program[256];
	u64 regs[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	u64 steps = 0;
	u8 pc = 0;

	for (int i = 0; i < 256; i++)
		program[i] = bytes[i];
	while (steps++ < 150000000) {
		u8 op = program[pc++];
		u64 *a = &regs[op & 7], *b = &regs[op >> 3 & 7];

		switch ((op >> 2) % 19) {
		case 0:
			*a += *b;
			break;
		case 1:
			*a -= *b;
			break;
		case 2:
			*a ^= *b;
			break;
		case 3:
			*a |= *b;
			break;
		case 4:
			*a &= *b + 5;
			break;
		case 5:
			*a = *b << 3;
			break;
		case 6:
			*a = *b >> 5;
			break;
		case 7:
			*a *= *b;
			break;
		case 8:
			*a = ~*b;
			break;
		case 9:
			*a = pc;
			break;
		case 10:
			*a = *b > *a;
			break;
		case 11:
			pc += *a & 3;
			break;
		case 12:
			*a += 12345;
			break;
		case 13:
			*b -= 777;
			break;
		case 14:
			*a = *b + (*a >> 1);
			break;
		case 15:
			*b = *a ^ steps;
			break;
		case 16:
			*a = *b ? *a : 17;
			break;
		case 17:
			*a = (*a << 7) | (*a >> 57);
			break;
		default:
			*a = 0x9e3779b9;
			break;
		}
	}
	return regs[0] ^ regs[1] ^ regs[7];
}

static u64 pointer_chase(void)
{
	static u32 link[N];
	u32 at = 0;

	for (u32 i = 0; i < N; i++)
		link[i] = i;
	for (u32 i = N - 1; i > 0; i--) {
		u32 j = next() % i, t = link[i];

		link[i] = link[j];
		link[j] = t;
	}
	for (u32 i = 0; i < 250000000; i++)
		at = link[at];
	return at;
}

static u64 string_search(void)
{
	static char text[N * 8];
	u64 found = 0;

	for (u32 i = 0; i < sizeof(text) - 1; i++)
		text[i] = 'a' + bytes[i] % 4;
	for (int r = 0; r < 2000; r++) {
		char needle[7] = {0};

		for (int i = 0; i < 6; i++)
			needle[i] = 'a' + (r >> i * 2 & 3);
		for (const char *p = text; p[5]; p++) {
			int i = 0;

			while (i < 6 && p[i] == needle[i])
				i++;
			found += i == 6;
		}
	}
	return found;
}

static u64 __attribute__((noinline)) fib(u32 n)
{
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static u64 recursion(void)
{
	return fib(39);
}

typedef u64 (*step_fn)(u64 x);

static u64 step_add(u64 x)
{
	return x + 0x9e3779b97f4a7c15;
}

static u64 step_xor(u64 x)
{
	return x ^ x >> 7;
}

static u64 step_mul(u64 x)
{
	return x * 5;
}

static u64 step_rot(u64 x)
{
	return x << 13 | x >> 51;
}

static u64 function_pointers(void)
{
	static const step_fn steps[] = {step_add, step_xor, step_mul, step_rot};
	u64 x = 1;

	for (u32 i = 0; i < 120000000; i++)
		x = steps[bytes[i & (N - 1)] & 3](x);
	return x;
}

static u64 stencil(void)
{
	static double grid[2][128][128];
	double sum = 0;

	for (int i = 0; i < 128; i++) {
		for (int j = 0; j < 128; j++)
			grid[0][i][j] = reals[i * 128 + j];
	}
	for (int r = 0; r < 4000; r++) {
		double(*from)[128] = grid[r & 1], (*to)[128] = grid[~r & 1];

		for (int i = 1; i < 127; i++) {
			for (int j = 1; j < 127; j++)
				to[i][j] = 0.5 * from[i][j] +
					   0.125 * (from[i - 1][j] + from[i + 1][j] +
						    from[i][j - 1] + from[i][j + 1]);
		}
	}
	for (int i = 0; i < 128; i++)
		sum += grid[0][i][i];
	return (u64)(sum * 1e9);
}

static u64 nbody(void)
{
	double x[5], v[5], y[5], w[5], m[5], sum = 0;

	for (int i = 0; i < 5; i++) {
		x[i] = reals[i] * 10;
		y[i] = reals[i + 5] * 10;
		v[i] = w[i] = 0;
		m[i] = reals[i + 10] + 0.1;
	}
	for (int r = 0; r < 3000000; r++) {
		for (int i = 0; i < 5; i++) {
			for (int j = i + 1; j < 5; j++) {
				double dx = x[i] - x[j], dy = y[i] - y[j];
				double d = dx * dx + dy * dy + 0.01;
				double f = 0.0001 / (d * sqrt(d));

				v[i] -= dx * m[j] * f;
				w[i] -= dy * m[j] * f;
				v[j] += dx * m[i] * f;
				w[j] += dy * m[i] * f;
			}
		}
		for (int i = 0; i < 5; i++) {
			x[i] += v[i] * 0.001;
			y[i] += w[i] * 0.001;
		}
	}
	for (int i = 0; i < 5; i++)
		sum += fabs(x[i]) + fabs(y[i]);
	return (u64)(sum * 1e6);
}

static u64 fft(void)
{
	static double re[1024], im[1024];
	u64 sum = 0;

	for (int r = 0; r < 3000; r++) {
		for (int i = 0; i < 1024; i++) {
			int j = 0;

			for (int k = 0; k < 10; k++)
				j |= (i >> k & 1) << (9 - k);
			re[j] = reals[i + r % 100];
			im[j] = 0;
		}
		for (int len = 2; len <= 1024; len *= 2) {
			double a = -2 * 3.14159265358979 / len, c = 1 - a * a / 2, s = a;

			for (int i = 0; i < 1024; i += len) {
				double wr = 1, wi = 0;

				for (int k = 0; k < len / 2; k++) {
					int p = i + k, q = p + len / 2;
					double tr = re[q] * wr - im[q] * wi;
					double ti = re[q] * wi + im[q] * wr;
					double next_wr = wr * c - wi * s;

					wi = wr * s + wi * c;
					wr = next_wr;
					re[q] = re[p] - tr;
					im[q] = im[p] - ti;
					re[p] += tr;
					im[p] += ti;
				}
			}
		}
		sum += (u64)fabs(re[1] * 1000);
	}
	return sum;
}

static u64 sieve(void)
{
	static u8 composite[1 << 20];
	u64 primes = 0;

	for (int r = 0; r < 40; r++) {
		memset(composite, 0, sizeof(composite));
		for (u32 i = 2; i < sizeof(composite); i++) {
			if (composite[i])
				continue;
			primes++;
			for (u64 j = (u64)i * i; j < sizeof(composite); j += i)
				composite[j] = 1;
		}
	}
	return primes;
}

struct node {
	struct node *left, *right;
	u32 key;
};

static struct node *insert(struct node *node, struct node *fresh)
{
	if (!node)
		return fresh;
	if (fresh->key < node->key)
		node->left = insert(node->left, fresh);
	else
		node->right = insert(node->right, fresh);
	return node;
}

static u64 depth_sum(const struct node *node, u32 depth)
{
	return node ? depth + depth_sum(node->left, depth + 1) + depth_sum(node->right, depth + 1)
		    : 0;
}

static u64 binary_tree(void)
{
	static struct node nodes[N * 4];
	u64 sum = 0;

	for (int r = 0; r < 40; r++) {
		struct node *root = NULL;

		for (u32 i = 0; i < N * 4; i++) {
			nodes[i] = (struct node){.key = next()};
			root = insert(root, &nodes[i]);
		}
		sum += depth_sum(root, 0);
	}
	return sum;
}

static u64 mandelbrot(void)
{
	u64 sum = 0;

	for (int py = 0; py < 400; py++) {
		for (int px = 0; px < 400; px++) {
			double cx = px / 200.0 - 1.5, cy = py / 200.0 - 1.0, x = 0, y = 0;
			int i = 0;

			while (i < 300 && x * x + y * y < 4) {
				double t = x * x - y * y + cx;

				y = 2 * x * y + cy;
				x = t;
				i++;
			}
			sum += i;
		}
	}
	return sum;
}

static u32 rotate(u32 x, int n)
{
	return x >> n | x << (32 - n);
}

static u64 sha256(void)
{
	u32 h[8] = {1, 2, 3, 4, 5, 6, 7, 8}, w[64];

	for (int r = 0; r < 300000; r++) {
		u32 s[8];

		for (int i = 0; i < 16; i++)
			w[i] = words[(r * 16 + i) & (N - 1)];
		for (int i = 16; i < 64; i++)
			w[i] = w[i - 16] + w[i - 7] +
			       (rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3) +
			       (rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10);
		memcpy(s, h, sizeof(s));
		for (int i = 0; i < 64; i++) {
			u32 t1 = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) +
				 ((s[4] & s[5]) ^ (~s[4] & s[6])) + w[i] + i * 0x9e3779b9;
			u32 t2 = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) +
				 ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));

			memmove(s + 1, s, 7 * sizeof(*s));
			s[4] += t1;
			s[0] = t1 + t2;
		}
		for (int i = 0; i < 8; i++)
			h[i] += s[i];
	}
	return h[0] ^ h[7];
}

/* Matches of what was seen before, as compressors look for them. */
static u64 compress(void)
{
	static u32 last[4096];
	u64 out = 0;

	for (int r = 0; r < 250; r++) {
		memset(last, 0, sizeof(last));
		for (u32 i = 0; i < N * 16 - 300; i++) {
			u32 h = ((bytes[i] & 15) << 8 | (bytes[i + 1] & 15) << 4 |
				 (bytes[i + 2] & 15)) &
				4095;
			u32 p = last[h], n = 0;

			last[h] = i;
			while (p && n < 255 && !((bytes[p + n] ^ bytes[i + n]) & 15))
				n++;
			out += n > 3 ? 2 : 1;
			i += n > 3 ? n - 1 : 0;
		}
	}
	return out;
}

static u64 strings(void)
{
	static char a[256], b[256];
	u64 sum = 0;

	for (int r = 0; r < 6000000; r++) {
		u32 n = bytes[r & (N - 1)] & 127;

		memset(a, 'a' + (r & 7), n);
		a[n] = 0;
		memcpy(b, a, n + 1);
		sum += strlen(b) + (strcmp(a, b) == 0) + (memchr(b, 'h', n) != NULL);
	}
	return sum;
}

static u64 edit_distance(void)
{
	static u32 row[1025];
	u64 sum = 0;

	for (int r = 0; r < 60; r++) {
		for (int j = 0; j <= 1024; j++)
			row[j] = j;
		for (int i = 1; i <= 1024; i++) {
			u32 diagonal = row[0];

			row[0] = i;
			for (int j = 1; j <= 1024; j++) {
				u32 cost =
					diagonal + ((bytes[i + r] ^ bytes[j + 2000]) & 7 ? 1 : 0);
				u32 other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

				diagonal = row[j];
				row[j] = cost < other ? cost : other;
			}
		}
		sum += row[1024];
	}
	return sum;
}

static u64 division(void)
{
	u64 sum = 0;

	for (u32 i = 0; i < 3000000; i++) {
		u64 a = words[i & (N - 1)] | 1, b = words[(i + 7) & (N - 1)] | 1;

		while (b) {
			u64 t = a % b;

			a = b;
			b = t;
		}
		sum += a;
	}
	return sum;
}

static u64 single_precision(void)
{
	static float a[N], b[N];
	float sum = 0;

	for (u32 i = 0; i < N; i++) {
		a[i] = reals[i];
		b[i] = reals[i + N];
	}
	for (int r = 0; r < 30000; r++) {
		float s = 0;

		for (u32 i = 0; i < N; i++)
			s = s * 0.5f + a[i] * b[i];
		sum += s;
	}
	return (u64)sum;
}

static const struct {
	const char *name;
	u64 (*run)(void);
} kernels[] = {
	{"sort", sort},
	{"hash", hash},
	{"crc", crc},
	{"matrix-int", matrix_int},
	{"matrix-real", matrix_real},
	{"state-machine", state_machine},
	{"interpreter", interpreter},
	{"pointer-chase", pointer_chase},
	{"string-search", string_search},
	{"recursion", recursion},
	{"function-pointers", function_pointers},
	{"stencil", stencil},
	{"nbody", nbody},
	{"fft", fft},
	{"sieve", sieve},
	{"binary-tree", binary_tree},
	{"mandelbrot", mandelbrot},
	{"sha256", sha256},
	{"compress", compress},
	{"strings", strings},
	{"edit-distance", edit_distance},
	{"division", division},
	{"single-precision", single_precision},
};

int main(int argc, char **argv)
{
	for (u32 i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		if (argc < 2) {
			puts(kernels[i].name);
		} else if (!strcmp(argv[1], kernels[i].name)) {
			fill();
			printf("%s %016llx\n", argv[1], (unsigned long long)kernels[i].run());
			return 0;
		}
	}
	return argc < 2 ? 0 : 2;
}
