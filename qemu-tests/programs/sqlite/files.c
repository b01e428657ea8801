/* Files in memory, as a VFS of SQLite's: databases, and the journals by which it rolls back. */
#include <stdlib.h>
#include <string.h>

#include "sqlite3.h"

#define FILES 16
#define NAME 64

struct data {
	char name[NAME]; /* empty: not in use */
	unsigned char *bytes;
	sqlite3_int64 size, room;
};

/* What SQLite has of an open file. */
struct file {
	sqlite3_file base;
	struct data *data;
	int delete_on_close;
};

static struct data files[FILES];

static struct data *find(const char *name)
{
	for (int i = 0; i < FILES; i++)
		if (files[i].name[0] && !strcmp(files[i].name, name))
			return &files[i];
	return NULL;
}

static void erase(struct data *data)
{
	free(data->bytes);
	memset(data, 0, sizeof *data);
}

static int file_close(sqlite3_file *base)
{
	struct file *file = (struct file *)base;
	if (file->delete_on_close)
		erase(file->data);
	return SQLITE_OK;
}

static int file_read(sqlite3_file *base, void *to, int count, sqlite3_int64 at)
{
	const struct data *data = ((struct file *)base)->data;
	sqlite3_int64 there = data->size - at;
	if (there < 0)
		there = 0;
	if (there > count)
		there = count;
	if (there)
		memcpy(to, data->bytes + at, there);
	memset((char *)to + there, 0, count - there);
	return there == count ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *base, const void *from, int count, sqlite3_int64 at)
{
	struct data *data = ((struct file *)base)->data;
	if (at + count > data->room) {
		sqlite3_int64 room = 2 * (at + count);
		unsigned char *bytes = realloc(data->bytes, room);
		if (!bytes)
			return SQLITE_FULL;
		memset(bytes + data->room, 0, room - data->room);
		data->bytes = bytes;
		data->room = room;
	}
	memcpy(data->bytes + at, from, count);
	if (data->size < at + count)
		data->size = at + count;
	return SQLITE_OK;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	struct data *data = ((struct file *)base)->data;
	if (size < data->size) {
		memset(data->bytes + size, 0, data->size - size);
		data->size = size;
	}
	return SQLITE_OK;
}

static int file_sync(sqlite3_file *base, int flags)
{
	(void)base, (void)flags;
	return SQLITE_OK;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *size)
{
	*size = ((struct file *)base)->data->size;
	return SQLITE_OK;
}

/* One connection has each file: nobody is there to be kept out. */
static int file_lock(sqlite3_file *base, int level)
{
	(void)base, (void)level;
	return SQLITE_OK;
}

static int file_is_locked(sqlite3_file *base, int *result)
{
	(void)base;
	*result = 0;
	return SQLITE_OK;
}

static int file_control(sqlite3_file *base, int what, void *about)
{
	(void)base, (void)what, (void)about;
	return SQLITE_NOTFOUND;
}

static int file_sector(sqlite3_file *base)
{
	(void)base;
	return 512;
}

static int file_device(sqlite3_file *base)
{
	(void)base;
	return 0;
}

static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_lock,
	.xCheckReservedLock = file_is_locked,
	.xFileControl = file_control,
	.xSectorSize = file_sector,
	.xDeviceCharacteristics = file_device,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *got)
{
	(void)vfs;
	struct file *file = (struct file *)base;
	file->base.pMethods = NULL;
	if (!name)
		name = "(temporary)";
	struct data *data = strlen(name) < NAME ? find(name) : NULL;
	if (!data && !(flags & SQLITE_OPEN_CREATE))
		return SQLITE_CANTOPEN;
	for (int i = 0; i < FILES && !data; i++)
		if (!files[i].name[0])
			data = &files[i];
	if (!data || strlen(name) >= NAME)
		return SQLITE_CANTOPEN;
	strcpy(data->name, name);
	file->data = data;
	file->delete_on_close = flags & SQLITE_OPEN_DELETEONCLOSE;
	file->base.pMethods = &methods;
	if (got)
		*got = flags;
	return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	(void)vfs, (void)sync;
	struct data *data = find(name);
	if (!data)
		return SQLITE_IOERR_DELETE_NOENT;
	erase(data);
	return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *result)
{
	(void)vfs, (void)flags;
	*result = find(name) != NULL;
	return SQLITE_OK;
}

static int vfs_full_name(sqlite3_vfs *vfs, const char *name, int room, char *to)
{
	(void)vfs;
	sqlite3_snprintf(room, to, "%s", name);
	return SQLITE_OK;
}

/* The same numbers on all machines. */
static int vfs_random(sqlite3_vfs *vfs, int count, char *to)
{
	static unsigned state = 1;
	(void)vfs;
	for (int i = 0; i < count; i++) {
		state = state * 1664525 + 1013904223;
		to[i] = (char)(state >> 24);
	}
	return count;
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
	(void)vfs;
	return microseconds;
}

static int vfs_time(sqlite3_vfs *vfs, double *days)
{
	(void)vfs;
	*days = 2460000.5; /* in February 2023 */
	return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int room, char *to)
{
	(void)vfs, (void)room, (void)to;
	return 0;
}

static sqlite3_vfs vfs = {
	.iVersion = 1,
	.szOsFile = sizeof(struct file),
	.mxPathname = NAME,
	.zName = "memory",
	.xOpen = vfs_open,
	.xDelete = vfs_delete,
	.xAccess = vfs_access,
	.xFullPathname = vfs_full_name,
	.xRandomness = vfs_random,
	.xSleep = vfs_sleep,
	.xCurrentTime = vfs_time,
	.xGetLastError = vfs_last_error,
};

/* SQLite asks for these two where it has no operating system of its own (SQLITE_OS_OTHER). */
int sqlite3_os_init(void)
{
	return sqlite3_vfs_register(&vfs, 1);
}

int sqlite3_os_end(void)
{
	return SQLITE_OK;
}
