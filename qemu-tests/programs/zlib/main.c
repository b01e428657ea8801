/* zlib: a large buffer compressed in all manners and restored. Of what comes of it, length, a hash and
 * the first bytes are printed: compressed data is to be the same everywhere, bit for bit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zlib.h"

#define SIZE (2u << 20)
#define ROOM (SIZE + SIZE / 8 + 1024)

static unsigned long state = 1;

static unsigned random_below(unsigned end)
{
	state = (state * 1103515245 + 12345) & 0x7fffffff;
	return (unsigned)(state >> 8) % end;
}

/* Words, numbers in tables, noise, long runs: what compressors meet. */
static void fill(unsigned char *to)
{
	static const char *const words[] = { "section ", "segment ", "symbol ", "relocation ", "addend ",
		"the ", "of ", "a ", "and ", "is ", "loader", "linker", "\n", ", ", ".\n" };
	unsigned at = 0;
	while (at < SIZE) {
		unsigned end = at + 1 + random_below(100000);
		if (end > SIZE)
			end = SIZE;
		unsigned kind = random_below(5), count = 0;
		while (at < end) {
			if (kind == 0) {
				const char *word = words[random_below(sizeof words / sizeof *words)];
				for (; *word && at < end; word++)
					to[at++] = (unsigned char)*word;
			} else if (kind == 1) {
				to[at++] = (unsigned char)(count++ / 7 * 3);
			} else if (kind == 2) {
				to[at++] = (unsigned char)random_below(256);
			} else if (kind == 3) {
				to[at++] = (unsigned char)(random_below(8) ? 'a' + random_below(4) : 0);
			} else {
				to[at++] = (unsigned char)kind;
			}
		}
	}
}

/* FNV-1a: not zlib's own, which is on trial. */
static unsigned long long hash(const unsigned char *bytes, size_t count)
{
	unsigned long long value = 0xcbf29ce484222325;
	for (size_t i = 0; i < count; i++)
		value = (value ^ bytes[i]) * 0x100000001b3;
	return value;
}

static void show(const char *what, const unsigned char *bytes, size_t count)
{
	printf("%-24s %7lu bytes, %016llx", what, (unsigned long)count, hash(bytes, count));
	for (size_t i = 0; i < 24 && i < count; i++)
		printf("%s%02x", i ? "" : ", ", bytes[i]);
	printf("\n");
}

static int failed(const char *what, int code)
{
	printf("%s: error %d\n", what, code);
	return 1;
}

struct manner {
	const char *name;
	int level, bits, memory, strategy;
};

static const struct manner manners[] = {
	{ "stored", 0, 15, 8, Z_DEFAULT_STRATEGY },
	{ "fast", 1, 15, 8, Z_DEFAULT_STRATEGY },
	{ "default", 6, 15, 8, Z_DEFAULT_STRATEGY },
	{ "best", 9, 15, 9, Z_DEFAULT_STRATEGY },
	{ "raw", 5, -15, 8, Z_DEFAULT_STRATEGY },
	{ "gzip", 6, 31, 8, Z_DEFAULT_STRATEGY },
	{ "small window", 4, 9, 1, Z_DEFAULT_STRATEGY },
	{ "filtered", 6, 15, 8, Z_FILTERED },
	{ "Huffman only", 6, 15, 8, Z_HUFFMAN_ONLY },
	{ "run lengths", 6, 15, 8, Z_RLE },
	{ "fixed codes", 6, 15, 8, Z_FIXED },
};

/* In pieces of odd sizes, flushed now and then. */
static int compressed(const struct manner *how, const unsigned char *from, unsigned char *to, size_t *size)
{
	z_stream stream = { 0 };
	int code = deflateInit2(&stream, how->level, Z_DEFLATED, how->bits, how->memory, how->strategy);
	if (code != Z_OK)
		return failed(how->name, code);
	stream.next_in = (unsigned char *)from;
	stream.next_out = to;
	stream.avail_out = ROOM;
	for (unsigned left = SIZE, turn = 0; code != Z_STREAM_END; turn++) {
		unsigned piece = left < 77777 ? left : 77777;
		left -= piece;
		stream.avail_in = piece;
		code = deflate(&stream, !left ? Z_FINISH : turn % 16 == 15 ? Z_FULL_FLUSH : Z_NO_FLUSH);
		if (code != Z_OK && code != Z_STREAM_END)
			return failed(how->name, code);
	}
	*size = stream.total_out;
	return deflateEnd(&stream) == Z_OK ? 0 : failed(how->name, Z_STREAM_ERROR);
}

static int restored(const struct manner *how, unsigned char *from, size_t size, unsigned char *to)
{
	z_stream stream = { 0 };
	int code = inflateInit2(&stream, how->bits);
	stream.next_in = from;
	stream.next_out = to;
	stream.avail_out = SIZE;
	for (size_t left = size; code == Z_OK;) {
		unsigned piece = left < 4099 ? (unsigned)left : 4099;
		left -= piece;
		stream.avail_in += piece;
		code = inflate(&stream, Z_NO_FLUSH);
		if (code == Z_BUF_ERROR && left)
			code = Z_OK;
	}
	if (code != Z_STREAM_END || stream.total_out != SIZE)
		return failed(how->name, code);
	return inflateEnd(&stream) == Z_OK ? 0 : failed(how->name, Z_STREAM_ERROR);
}

int main(void)
{
	unsigned char *plain = malloc(SIZE), *packed = malloc(ROOM), *again = malloc(SIZE);
	if (!plain || !packed || !again)
		return failed("memory", Z_MEM_ERROR);
	fill(plain);
	show("plain", plain, SIZE);
	printf("zlib %s, adler32 %08lx, crc32 %08lx\n", zlibVersion(), adler32(1, plain, SIZE),
	       crc32(0, plain, SIZE));
	unsigned long halves = crc32_combine(crc32(0, plain, 1000), crc32(0, plain + 1000, SIZE - 1000),
					     SIZE - 1000);
	printf("of two parts %08lx\n", halves);
	for (unsigned i = 0; i < sizeof manners / sizeof *manners; i++) {
		size_t size = 0;
		if (compressed(&manners[i], plain, packed, &size))
			return 1;
		show(manners[i].name, packed, size);
		memset(again, 0xee, SIZE);
		if (restored(&manners[i], packed, size, again))
			return 1;
		if (memcmp(plain, again, SIZE))
			return failed(manners[i].name, Z_DATA_ERROR);
	}
	/* In one call, and damaged: refused, wherever the damage is. */
	uLongf size = ROOM, out = SIZE;
	if (compress2(packed, &size, plain, SIZE / 8, 6) != Z_OK)
		return 1;
	show("in one call", packed, size);
	for (unsigned i = 0; i < 40; i++) {
		unsigned at = i * (unsigned)(size / 40);
		packed[at] ^= 0x55;
		out = SIZE;
		int code = uncompress(again, &out, packed, size);
		printf("%s%d", i ? " " : "damaged: ", code);
		packed[at] ^= 0x55;
	}
	printf("\n");
	out = SIZE;
	int code = uncompress(again, &out, packed, size);
	printf("whole: %d, %lu bytes, %s\n", code, (unsigned long)out,
	       memcmp(plain, again, out) ? "other" : "the same");
	free(plain), free(packed), free(again);
	return 0;
}
