// Gives memory back at once. The collector leaves tens of MiB of dead buffers lying about before it looks, in each thread,
// and looking costs it a pass over all that lives.

/** Buffers up to this size may be slabs that Node hands out in parts. */
const SLAB_BYTES = 2 * Buffer.poolSize

/** Frees the buffer under bytes to which nobody else has a view: they are empty after this. */
export function freeMemory(bytes: Uint8Array): void {
  const { buffer } = bytes
  const owned = buffer.byteLength === bytes.length || buffer.byteLength > SLAB_BYTES
  if (owned && buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0)
}

/** As `freeMemory`, for bytes of which it is not known whether they are a part of something. Those are left alone. */
export function freeIfWhole(bytes: Uint8Array): void {
  if (bytes.buffer.byteLength === bytes.length) freeMemory(bytes)
}
