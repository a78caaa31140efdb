// Numbers of the protocol that Linux speaks on /dev/fuse, as <linux/fuse.h> has them.

export const PROTOCOL = { major: 7, minor: 40 } as const
/** The first one whose messages have the lengths that are written here. */
export const OLDEST_MINOR = 23

/** The node that is mounted. */
export const ROOT_ID = 1

export const OPCODE = {
  lookup: 1,
  forget: 2,
  getattr: 3,
  setattr: 4,
  readlink: 5,
  symlink: 6,
  mknod: 8,
  mkdir: 9,
  unlink: 10,
  rmdir: 11,
  rename: 12,
  link: 13,
  open: 14,
  read: 15,
  write: 16,
  statfs: 17,
  release: 18,
  fsync: 20,
  setxattr: 21,
  getxattr: 22,
  listxattr: 23,
  removexattr: 24,
  flush: 25,
  init: 26,
  opendir: 27,
  readdir: 28,
  releasedir: 29,
  fsyncdir: 30,
  access: 34,
  create: 35,
  interrupt: 36,
  destroy: 38,
  batchForget: 42,
  fallocate: 43,
  readdirplus: 44,
  rename2: 45,
  copyFileRange: 47,
  tmpfile: 51,
} as const

/** What would change something. The mount is read-only, so the kernel refuses these itself as long as nobody remounts it. */
export const WRITING: readonly number[] = [
  OPCODE.setattr,
  OPCODE.symlink,
  OPCODE.mknod,
  OPCODE.mkdir,
  OPCODE.unlink,
  OPCODE.rmdir,
  OPCODE.rename,
  OPCODE.link,
  OPCODE.write,
  OPCODE.setxattr,
  OPCODE.removexattr,
  OPCODE.create,
  OPCODE.fallocate,
  OPCODE.rename2,
  OPCODE.copyFileRange,
  OPCODE.tmpfile,
]

/** Flags of INIT. */
export const INIT_FLAG = {
  asyncRead: 1 << 0,
  readdirplus: 1 << 13,
  readdirplusAuto: 1 << 14,
  asyncDirectIo: 1 << 15,
  noOpen: 1 << 17,
  parallelDirOps: 1 << 18,
  maxPages: 1 << 22,
  cacheSymlinks: 1 << 23,
  /** There are more flags, below. */
  more: 1 << 30,
} as const

/** Flags of INIT from the thirty-third on. */
export const MORE_FLAG = { passthrough: 1 << 5 } as const

export const OPEN_FLAG = { keepCache: 1 << 1, cacheDir: 1 << 3, noFlush: 1 << 5, passthrough: 1 << 7 } as const

export const NOTIFY = { invalidInode: 2, invalidEntry: 3 } as const

export const ERRNO = {
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  EAGAIN: 11,
  EACCES: 13,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  EROFS: 30,
  ERANGE: 34,
  ENOSYS: 38,
  ENODATA: 61,
  EPROTO: 71,
  EOPNOTSUPP: 95,
  ESTALE: 116,
} as const

/** Longest read that is answered, in bytes; and what that is in pages of the kernel. */
export const MAX_READ = 1024 * 1024
export const MAX_PAGES = MAX_READ / 4096
