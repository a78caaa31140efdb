// Every bound that a server puts on its clients, in one place. Times are milliseconds, sizes are bytes.

export interface Limits {
  /** Connections at once; further ones are closed at once. @default 4096 */
  connections: number
  /** From the first byte of a connection to knowing whether it speaks HTTP/1.1 or HTTP/2. @default 10_000 */
  prefaceTimeout: number
  /** For a TLS handshake. @default 10_000 */
  handshakeTimeout: number
  /** From the first byte of an HTTP/1.1 request to the end of its headers. @default 20_000 */
  headersTimeout: number
  /** Between two requests of a connection. @default 75_000 */
  idleTimeout: number
  /** Between two pieces of a body that the hub waits for. There is no bound on the whole: links may be slow. @default 60_000 */
  bodyIdleTimeout: number
  /** Without the client taking any of an answer that waits for it. @default 60_000 */
  stallTimeout: number
  /** For which a body that nobody wants is still taken in, so that the client gets to read the answer. @default 2_000 */
  lingerTimeout: number
  /** All headers of a request. @default 16 KiB */
  headerBytes: number
  /** HTTP/2 requests at once on one connection. @default 100 */
  streams: number
  /** What an HTTP/2 client may send ahead on one request. @default 512 KiB */
  streamWindow: number
  /** What an HTTP/2 client may send ahead on one connection. @default 16 MiB */
  sessionWindow: number
  /** One RPC message: a publish carries a record of up to 16 MiB and its receipts. @default 24 MiB */
  messageBytes: number
  /** A JSON body: an RPC message with its bytes in base64. @default 33 MiB */
  jsonBytes: number
  /** Answers from this size on are compressed for clients that ask for it. Bulk bytes never are. @default 8 KiB */
  compressBytes: number
  /** Parts of blocks that are held for all downloads together; further downloads wait for room. @default 192 MiB */
  downloadBytes: number
  /** For which a download waits for that room before it is told to come back. @default 20_000 */
  downloadWait: number
  /** For the store to answer when somebody asks whether the hub is ready. @default 3_000 */
  readyTimeout: number
  /** For which such an answer is taken to hold, and between two looks of a health watch. @default 1_000 */
  readyInterval: number
  /** Between two looks at a tag that somebody watches. @default 2_000 */
  tagInterval: number
}

const KiB = 1024
const MiB = 1024 * KiB

export const DEFAULT_LIMITS: Limits = {
  connections: 4096,
  prefaceTimeout: 10_000,
  handshakeTimeout: 10_000,
  headersTimeout: 20_000,
  idleTimeout: 75_000,
  bodyIdleTimeout: 60_000,
  stallTimeout: 60_000,
  lingerTimeout: 2_000,
  headerBytes: 16 * KiB,
  streams: 100,
  streamWindow: 512 * KiB,
  sessionWindow: 16 * MiB,
  messageBytes: 24 * MiB,
  jsonBytes: 33 * MiB,
  compressBytes: 8 * KiB,
  downloadBytes: 192 * MiB,
  downloadWait: 20_000,
  readyTimeout: 3_000,
  readyInterval: 1_000,
  tagInterval: 2_000,
}
