// Records whose listing no folder could have: what a hub must refuse to take, and a client must refuse to pull.
import { type Digest, sha256Hex } from '../../src/core/id.ts'
import { LISTING_HEADER } from '../../src/core/listing.ts'
import { encodeRecord, inlineStream } from '../../src/core/record.ts'
import { encodeTimes } from '../../src/core/times.ts'

const EMPTY = sha256Hex('')

function emptyFile(path: string): string {
  return `f - 0 ${EMPTY} ${path}\n`
}

function link(path: string, target: string): string {
  return `l - ${Buffer.byteLength(target)} ${target} ${path}\n`
}

/** Lines of listings, by what is wrong with them. */
export const EVIL_LISTINGS: Record<string, string[]> = {
  'a path that climbs': [emptyFile('../evil')],
  'a path that climbs in the middle': [emptyFile('a/../../evil')],
  'an absolute path': [emptyFile('/tmp/evil')],
  'a path with NUL': [emptyFile('evil\0')],
  'a path with "."': [emptyFile('./evil')],
  'a path with an empty part': [emptyFile('a//evil')],
  'an empty path': [emptyFile('')],
  'a part that is too long': [emptyFile('x'.repeat(256))],
  'a path that is too long': [emptyFile(Array.from({ length: 20 }, () => 'x'.repeat(250)).join('/'))],
  'a path twice': [emptyFile('a'), emptyFile('a')],
  'paths out of order': [emptyFile('b'), emptyFile('a')],
  'a file below a file': [emptyFile('a'), emptyFile('a/b')],
  'a file below a link': [link('a', 'b'), emptyFile('a/evil')],
  'a link that climbs': [link('a', '../evil')],
  'a link that climbs in the end': [link('a/b', '../c/../../evil')],
  'an absolute link': [link('a', '/etc/passwd')],
  'a link without a target': [link('a', '')],
  'a second spelling of a number': [`f - 00 ${EMPTY} a\n`],
  'a negative size': [`f - -1 ${EMPTY} a\n`],
  'a kind that is none': [`p - 0 ${EMPTY} a\n`],
  'an escape that is none': [emptyFile('a\\tb')],
  'a line without an end': [emptyFile('a').slice(0, -1)],
}

/** A record that holds this listing and names itself by it. */
export function recordOfListing(lines: readonly string[]): { digest: Digest; bytes: Buffer } {
  const text = Buffer.from(LISTING_HEADER + lines.join(''))
  const digest = sha256Hex(text) as Digest
  const bytes = encodeRecord({
    digest,
    listing: inlineStream(text),
    times: inlineStream(encodeTimes(lines.map(() => 0))),
    content: inlineStream(new Uint8Array()),
    blocks: [],
    provenance: { creator: '', createdMicros: 0, message: '', labels: {} },
  })
  return { digest, bytes }
}
