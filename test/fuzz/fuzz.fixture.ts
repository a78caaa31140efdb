// Throws bytes at a parser until the time is up. The law: an AetherError that does not blame us, or a value that encodes
// back; soon, and in little memory. What breaks the law is kept in the corpus, so that it is tried first from then on.
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { it } from 'node:test'
import { AetherError, type ErrorCode } from '../../src/core/errors.ts'
import { sha256Hex } from '../../src/core/id.ts'
import { createRandom, type Random } from '../testing/random.fixture.ts'
import { times } from '../testing/thorough.fixture.ts'
import { mutateBytes } from './mutate-bytes.fixture.ts'

export interface FuzzOptions {
  /** Folder of the corpus below test/corpus. */
  corpus: string
  /** Codes that bytes from outside may be refused with. */
  codes: readonly ErrorCode[]
  /** Parses, and checks that what was parsed encodes back. */
  parse: (bytes: Buffer, random: Random) => unknown
  /** Longest input, in bytes. @default 256 KiB */
  maxLength?: number
}

/** Seconds for each parser. */
const SECONDS = Number(process.env.AETHERFS_FUZZ_SECONDS ?? times(0.5, 0.2))
/** Longest time for one input, in milliseconds. */
const PATIENCE = 5000
/** Most that the memory of the process may grow by, in bytes: some of it is only waiting for the collector. */
const GROWTH = 400 * 1024 * 1024
const CORPUS = new URL('../corpus/', import.meta.url)

export function fuzz(name: string, options: FuzzOptions): void {
  it(`${name} survives its corpus`, async () => {
    const inputs = readCorpus(options.corpus)
    assert.ok(inputs.length > 0, `there is a corpus in test/corpus/${options.corpus}`)
    for (const { file, bytes } of inputs) await tryInput(options, bytes, createRandom(1), file)
  })

  it(`${name} survives what chance makes of it`, async () => {
    const random = createRandom()
    const inputs = readCorpus(options.corpus).map(({ bytes }) => bytes)
    const before = process.resourceUsage().maxRSS
    const end = performance.now() + SECONDS * 1000
    let count = 0
    for (; performance.now() < end; count++) {
      const bytes = mutateBytes(random, inputs).subarray(0, options.maxLength ?? 256 * 1024)
      await tryInput(options, bytes, random, `input ${count} of seed ${random.seed}`)
      // zlib lets go of what it held only when the loop turns.
      if (count % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    const growth = (process.resourceUsage().maxRSS - before) * 1024
    console.log(`${name}: ${count} inputs, seed ${random.seed}, memory grew by ${Math.round(growth / 2 ** 20)} MiB`)
    assert.ok(growth < GROWTH, `memory grew by ${growth} bytes`)
  })
}

function readCorpus(corpus: string): { file: string; bytes: Buffer }[] {
  const folder = new URL(`${corpus}/`, CORPUS)
  mkdirSync(folder, { recursive: true })
  return readdirSync(folder)
    .sort()
    .map((file) => ({ file, bytes: readFileSync(new URL(file, folder)) }))
}

async function tryInput(options: FuzzOptions, bytes: Buffer, random: Random, what: string): Promise<void> {
  const begin = performance.now()
  try {
    await options.parse(bytes, random)
  } catch (error) {
    if (!isAllowed(error, options.codes)) throw broken(options.corpus, bytes, what, error)
  }
  const took = performance.now() - begin
  if (took > PATIENCE) throw broken(options.corpus, bytes, what, new Error(`It took ${took} ms`))
}

function isAllowed(error: unknown, codes: readonly ErrorCode[]): boolean {
  return error instanceof AetherError && codes.includes(error.code) && error.message !== ''
}

/** Keeps the input, and says where. */
function broken(corpus: string, bytes: Buffer, what: string, cause: unknown): Error {
  const file = new URL(`${corpus}/found-${sha256Hex(bytes).slice(0, 12)}`, CORPUS)
  writeFileSync(file, bytes)
  const reason = cause instanceof AetherError ? `${cause.code}: ${cause.message}` : String(cause)
  return new Error(`${what} breaks the law, and is kept as ${file.pathname}: ${reason}`, { cause })
}
