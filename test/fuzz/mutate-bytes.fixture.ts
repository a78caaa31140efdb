// What chance may do to bytes: flips, borders of numbers, pieces cut, copied, doubled and joined with others.
import type { Random } from '../testing/random.fixture.ts'

const NUMBERS = [
  0,
  1,
  2,
  3,
  7,
  15,
  16,
  17,
  31,
  32,
  63,
  64,
  127,
  128,
  255,
  256,
  1000,
  65_535,
  65_536,
  2 ** 31 - 1,
  2 ** 31,
]
const BIG = [...NUMBERS, 2 ** 32 - 1]
const TEXTS = [
  '\0',
  '\n',
  '\\',
  '/',
  '..',
  '.',
  ' ',
  '"',
  '{',
  '}',
  '-',
  ':',
  '@',
  '%',
  '\uFFFD',
  '\u{1F600}',
  'null',
  '-1',
  '1e999',
].map((text) => Buffer.from(text))

type Step = (bytes: Buffer, random: Random, others: readonly Buffer[]) => Buffer

const STEPS: Step[] = [
  (bytes, random) => set(bytes, random, (byte) => byte ^ (1 << random.int(0, 7))),
  (bytes, random) => set(bytes, random, () => random.int(0, 255)),
  (bytes, random) => set(bytes, random, (byte) => byte + random.pick([-1, 1])),
  (bytes, random) => replace(bytes, random, Buffer.from([random.pick([0, 1, 0x7f, 0x80, 0xff])])),
  (bytes, random) => replace(bytes, random, numberBytes(random)),
  (bytes, random) => replace(bytes, random, Buffer.from(String(random.pick(BIG)))),
  (bytes, random) => replace(bytes, random, random.pick(TEXTS)),
  (bytes, random) => cut(bytes, random),
  (bytes, random) => bytes.subarray(0, random.int(0, bytes.length)),
  (bytes, random) => insert(bytes, random, random.pick(TEXTS)),
  (bytes, random) => insert(bytes, random, Buffer.alloc(random.int(1, 40), random.int(0, 255))),
  (bytes, random) => insert(bytes, random, piece(bytes, random)),
  (bytes, random, others) => insert(bytes, random, piece(random.pick(others), random)),
  (bytes, random, others) => join(bytes, random.pick(others), random),
]

/** One of the inputs after a few changes. */
export function mutateBytes(random: Random, inputs: readonly Buffer[]): Buffer {
  let bytes = Buffer.from(random.pick(inputs))
  for (let i = random.pick([1, 1, 1, 2, 3, 8]); i > 0; i--)
    bytes = Buffer.from(random.pick(STEPS)(bytes, random, inputs))
  return bytes
}

function set(bytes: Buffer, random: Random, change: (byte: number) => number): Buffer {
  if (bytes.length === 0) return bytes
  const place = random.int(0, bytes.length - 1)
  bytes[place] = change(bytes[place]!)
  return bytes
}

function numberBytes(random: Random): Buffer {
  const bytes = Buffer.alloc(4)
  const number = random.pick(BIG)
  if (random.chance(0.5)) bytes.writeUInt32LE(number)
  else bytes.writeUInt32BE(number)
  return bytes.subarray(0, random.pick([1, 2, 4, 4]))
}

function replace(bytes: Buffer, random: Random, by: Buffer): Buffer {
  const place = random.int(0, Math.max(0, bytes.length - by.length))
  return Buffer.concat([bytes.subarray(0, place), by, bytes.subarray(place + by.length)])
}

function insert(bytes: Buffer, random: Random, more: Buffer): Buffer {
  const place = random.int(0, bytes.length)
  return Buffer.concat([bytes.subarray(0, place), more, bytes.subarray(place)])
}

function cut(bytes: Buffer, random: Random): Buffer {
  const place = random.int(0, bytes.length)
  return Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + random.pick([1, 2, 8, 40, 512]))])
}

function piece(bytes: Buffer, random: Random): Buffer {
  const start = random.int(0, bytes.length)
  return bytes.subarray(start, start + random.pick([1, 4, 32, 512, 4096]))
}

function join(bytes: Buffer, other: Buffer, random: Random): Buffer {
  return Buffer.concat([bytes.subarray(0, random.int(0, bytes.length)), other.subarray(random.int(0, other.length))])
}
